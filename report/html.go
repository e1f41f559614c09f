package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"strings"

	"github.com/netpol-impact/netpol-impact/impact"
)

// The parts of the page. graph.min.js is built from npm's packages by html/build.sh.
var (
	//go:embed html/page.html
	pageBody string
	//go:embed html/page.css
	pageStyle string
	//go:embed html/page.js
	pageScript string
	//go:embed html/graph.min.js
	graphScript string
	//go:embed html/LICENSES.txt
	graphLicenses string
)

// HTML writes the result as one page that needs nothing else: no network, no other file. Its policy of content lets only
// the two scripts and the style run whose hashes it names. The page shows words that are made here; what it is given of
// names in manifests is data to it, never markup.
func HTML(w io.Writer, r *impact.Result, o Options) error {
	data, err := json.Marshal(newPageData(r, o)) // escapes <, > and &: nothing in it ends its element
	if err != nil {
		return err
	}
	policy := "default-src 'none'; script-src " + hashSource(graphScript) + " " + hashSource(pageScript) + "; style-src " + hashSource(pageStyle) +
		"; base-uri 'none'; form-action 'none'"
	for _, s := range []string{
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"", html.EscapeString(policy),
		"\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>",
		html.EscapeString(Headline(r, o)), "</title>\n<!--\n", strings.ReplaceAll(graphLicenses, "--", "- -"),
		// The graph library looks for a style of this id before it adds one, which the policy would refuse.
		"-->\n<style id=\"__________cytoscape_stylesheet\">", pageStyle, "</style>\n</head>\n<body>\n", pageBody,
		"<script type=\"application/json\" id=\"data\">", string(data), "</script>\n<script>", graphScript, "</script>\n<script>", pageScript, "</script>\n</body>\n</html>\n",
	} {
		if _, err := io.WriteString(w, s); err != nil {
			return err
		}
	}
	return nil
}

// hashSource names an element's content in a policy (www.w3.org/TR/CSP3/#grammardef-hash-source).
func hashSource(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
