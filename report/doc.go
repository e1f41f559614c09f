// Package report writes a result for people and for programs. In goes an [impact.Result] or an [impact.Listing]; out
// comes one of several formats: markdown for a pull request's comment, text for a terminal, JSON for programs.
//
// All of them tell the same facts in the same order, and none decides anything: severities, causes, grouping and the
// gate come with the result. What a report does by itself is to choose words, to shorten lists for people, and to leave
// out what does not fit; it always says how much that was.
//
// Everything that comes from manifests is untrusted. Markdown writes it so that it can be nothing but text on GitHub,
// text without the characters that command a terminal.
package report
