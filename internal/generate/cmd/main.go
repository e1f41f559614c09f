// Command cmd writes both sides of a benchmark's cluster as YAML files, one a namespace, so that whole processes can be
// measured:
//
//	go run ./internal/generate/cmd -workloads 10000 -policies 10000 -edits 100 /tmp/cluster
//	netpol-impact diff --base /tmp/cluster/base --head /tmp/cluster/head
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/netpol-impact/netpol-impact/internal/generate"
)

func main() {
	var size generate.Size
	flag.IntVar(&size.Workloads, "workloads", 500, "number of workloads")
	flag.IntVar(&size.Policies, "policies", 525, "number of network policies")
	flag.IntVar(&size.Edits, "edits", 10, "number of objects that differ")
	flag.IntVar(&size.Admin, "admin", 0, "number of policies that act on the whole cluster")
	flag.BoolVar(&size.DropDeny, "drop-deny", false, "drop a namespace's default-deny instead of editing")
	flag.BoolVar(&size.Plain, "plain", false, "leave out what no network looks at")
	flag.Parse()
	if flag.NArg() != 1 || size.Workloads < 1 {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/generate/cmd [flags] folder")
		flag.PrintDefaults()
		os.Exit(2)
	}
	base, head := generate.Large(size)
	for name, side := range map[string]*generate.Side{"base": base, "head": head} {
		if err := write(filepath.Join(flag.Arg(0), name), side); err != nil {
			fmt.Fprintf(os.Stderr, "writing %s: %v\n", name, err)
			os.Exit(1)
		}
	}
}

func write(folder string, side *generate.Side) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for i, name := range side.Names {
		if len(side.Documents[i]) == 0 {
			continue
		}
		text := strings.Join(side.Documents[i], "---\n")
		if err := os.WriteFile(filepath.Join(folder, name+".yaml"), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
