package report

import (
	"slices"
	"strings"
)

// wordsKept is from how many peers on that a rule has before and after, they are counted: what differs would be lost among them.
const wordsKept = 3

// altered are two sentences of a policy, before and after, that differ in some of many peers: "Allows out to 10.0.0.0/24;
// 10.0.1.0/24; … on TCP 443."
type altered struct {
	head, tail string
	// gone and come are the peers that one of the sentences has alone, kept counts those of both.
	gone, come []string
	kept       int
}

// alter finds what differs between two sentences; ok is false where each is best told whole.
func alter(before, after string) (a altered, ok bool) {
	head, old, tail := cutSentence(before)
	head2, now, tail2 := cutSentence(after)
	if head == "" || head != head2 || tail != tail2 {
		return a, false
	}
	in := make(map[string]bool, len(old))
	for _, peer := range old {
		in[peer] = true
	}
	a = altered{head: head, tail: tail}
	for _, peer := range now {
		if in[peer] {
			a.kept++
			delete(in, peer)
		} else {
			a.come = append(a.come, peer)
		}
	}
	a.gone = slices.DeleteFunc(old, func(peer string) bool { return !in[peer] })
	return a, a.kept >= wordsKept
}

// cutSentence parts a rule's sentence: "Allows out to ", its peers, " on TCP 443.".
func cutSentence(s string) (head string, peers []string, tail string) {
	for _, toward := range []string{" in from ", " out to "} {
		at, end := strings.Index(s, toward), strings.LastIndex(s, " on ")
		if at >= 0 && end > at+len(toward) {
			at += len(toward)
			return s[:at], strings.Split(s[at:end], "; "), s[end:]
		}
	}
	return "", nil, ""
}

// words say some of the peers, as many as a list names.
func (a altered) words(peers []string) string {
	if left := len(peers) - peersNamed; left > 1 {
		peers = append(slices.Clip(peers[:peersNamed]), "and "+number(left)+" more")
	}
	return a.head + strings.Join(peers, "; ") + a.tail
}
