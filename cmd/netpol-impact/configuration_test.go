package main

import (
	"os"
	"strings"
	"testing"

	"github.com/netpol-impact/netpol-impact/config"
)

// TestEveryConfigurationExampleIsRead reads the configuration that docs/configuration.md shows.
func TestEveryConfigurationExampleIsRead(t *testing.T) {
	page, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := strings.Split(string(page), "```yaml\n")[1:]
	if len(examples) == 0 {
		t.Fatal("docs/configuration.md has no example")
	}
	for _, example := range examples {
		text, _, _ := strings.Cut(example, "```")
		c, err := config.Read("docs/configuration.md", []byte(text))
		if err != nil {
			t.Error(err)
		}
		if len(c.Differences(config.Config{})) == 0 {
			t.Errorf("an example sets nothing:\n%s", text)
		}
	}
}
