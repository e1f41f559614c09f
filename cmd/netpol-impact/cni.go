package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/netpol-impact/netpol-impact/config"
	"github.com/netpol-impact/netpol-impact/review"
)

// cniValue is the flag --cni: a network, or all of them where each is set.
type cniValue struct {
	o    *review.Options
	each *bool
}

// eachCNI asks for the network that is there, and for what differs with the others.
const eachCNI = "each"

func addCNI(c *cobra.Command, o *review.Options, each *bool) {
	v := &cniValue{o, each}
	usage := "the network whose rules are applied: " + strings.Join(v.values(), ", ")
	if each != nil {
		usage += "; each also tells what differs with the others"
	}
	c.Flags().Var(v, "cni", usage+" (default: the configuration's, else the one whose policies are there)")
	complete(c, "cni", v.values()...)
}

func (v *cniValue) values() []string {
	out := []string{config.Generic, config.Cilium, config.Calico}
	if v.each != nil {
		out = append(out, eachCNI)
	}
	return out
}

func (v *cniValue) String() string { return v.o.CNI }

func (v *cniValue) Type() string { return "string" }

func (v *cniValue) Set(text string) error {
	if !slices.Contains(v.values(), text) {
		return fmt.Errorf("it is none of %s", strings.Join(v.values(), ", "))
	}
	v.o.CNI = text
	if text == eachCNI {
		v.o.CNI, *v.each = "", true
	}
	return nil
}
