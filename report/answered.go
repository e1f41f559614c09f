package report

import (
	"fmt"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
)

// probe writes the answers to what a file asks: as a matrix for each port if it asks for all pairs of few pods.
func (t *textReport) probe(p *impact.AnsweredProbe) {
	t.block(0, "", "", plainMarkup{}.line("", p.File, p.Line, true)+" expects nothing: "+answersCounted(p), bold)
	for _, line := range answerLines(p) {
		t.line("    " + line)
	}
}

func answersCounted(p *impact.AnsweredProbe) string {
	allowed := 0
	for _, a := range p.Answers {
		if a.Allowed {
			allowed++
		}
	}
	return fmt.Sprintf("%s asked for, %d allowed, %d denied", count(len(p.Answers), "connection"), allowed, len(p.Answers)-allowed)
}

// widestMatrix is how many pods a matrix has at most: more fit on no terminal.
const widestMatrix = 30

// answerLines are the answers, one a line, or matrices of pods: a dot is an allowed connection, an X a denied one.
func answerLines(p *impact.AnsweredProbe) []string {
	var pods []string
	number := make(map[string]int)
	ports := make(map[string][]impact.Answer)
	var order []string
	for _, a := range p.Answers {
		if a.Source.Workload == nil || a.Destination.Workload == nil {
			return answersInLines(p)
		}
		for _, peer := range []impact.Peer{a.Source, a.Destination} {
			if _, ok := number[peer.String()]; !ok {
				number[peer.String()] = len(pods)
				pods = append(pods, peer.String())
			}
		}
		port := answerPort(&a)
		if ports[port] == nil {
			order = append(order, port)
		}
		ports[port] = append(ports[port], a)
	}
	if len(pods) > widestMatrix {
		return []string{"write JSON to see them"}
	}
	var lines []string
	for _, port := range order {
		lines = append(lines, matrixOf(port, pods, number, ports[port])...)
	}
	return lines
}

func matrixOf(port string, pods []string, number map[string]int, answers []impact.Answer) []string {
	cells := make([][]byte, len(pods))
	for i := range cells {
		cells[i] = []byte(strings.Repeat("-", len(pods)))
	}
	for _, a := range answers {
		mark := byte('X')
		if a.Allowed {
			mark = '.'
		}
		cells[number[a.Source.String()]][number[a.Destination.String()]] = mark
	}
	wide := 0
	for _, pod := range pods {
		wide = max(wide, len(clean(pod)))
	}
	lines := []string{port + " from each row to each column, in the same order:"}
	for i, pod := range pods {
		lines = append(lines, fmt.Sprintf("%-*s  %s", wide, clean(pod), strings.Join(strings.Split(string(cells[i]), ""), " ")))
	}
	return lines
}

func answersInLines(p *impact.AnsweredProbe) []string {
	var lines []string
	for i := range p.Answers {
		a := &p.Answers[i]
		verdict := "denied"
		if a.Allowed {
			verdict = "allowed"
		}
		lines = append(lines, fmt.Sprintf("%s → %s on %s: %s", clean(a.Source.String()), clean(a.Destination.String()), answerPort(a), verdict))
	}
	return lines
}

func answerPort(a *impact.Answer) string {
	if a.PortName != "" {
		return clean(string(a.Protocol) + " " + a.PortName)
	}
	return fmt.Sprintf("%s %d", clean(string(a.Protocol)), a.Port)
}

func answerJSON(p *impact.AnsweredProbe, a *impact.Answer) jsonAnswer {
	out := jsonAnswer{File: p.File, Line: p.Line, Source: peerJSON(a.Source), Destination: peerJSON(a.Destination),
		Port: jsonPort{Protocol: string(a.Protocol)}, Allowed: a.Allowed}
	if a.Port > 0 {
		out.Port.From, out.Port.To = &a.Port, &a.Port
	}
	return out
}
