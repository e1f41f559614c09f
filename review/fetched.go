package review

import (
	"fmt"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/manifest"
	"github.com/netpol-impact/netpol-impact/render"
	"github.com/netpol-impact/netpol-impact/render/fetch"
)

// allowFetching has the renderer fetch what the configuration in force allows.
func (p *opener) allowFetching(c config.Config) {
	var kept fetch.Kept
	if cache := p.o.renderer.Kept.Cache; cache != nil {
		kept = cache
	}
	p.o.renderer.Fetch = fetch.New(c.Fetch, kept)
}

// fetchedNotes tell what came from elsewhere: it is no part of what is reviewed.
func fetchedNotes(r *render.Renderer) (notes []manifest.Diagnostic) {
	for _, f := range r.Fetch.Fetched() {
		text := fmt.Sprintf("fetched from %s (%s)", f.From, f.Digest)
		if f.Moves {
			text += "; no full commit id is asked for: both sides that ask so got this commit, and the next run may get another one"
		}
		notes = append(notes, manifest.Diagnostic{Severity: manifest.Info, Object: f.Name, Message: text})
	}
	return notes
}
