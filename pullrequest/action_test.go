package pullrequest

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// metadata is what action.yml says.
type metadata struct {
	Inputs  map[string]struct{ Description, Default string }
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Steps []struct {
			Uses, Run string
			Env       map[string]string
		}
	}
}

func readMetadata(t *testing.T) metadata {
	t.Helper()
	text, err := os.ReadFile("../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var m metadata
	if err := yaml.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestInputsOfTheActionReachTheProgram(t *testing.T) {
	m := readMetadata(t)
	env := m.Runs.Steps[1].Env
	asked := map[string]bool{}
	known := getter(nil)
	if _, err := readInputs(func(name string) string {
		asked[name] = true
		return known(name)
	}); err != nil {
		t.Fatal(err)
	}
	for name := range m.Inputs {
		variable := "INPUT_" + strings.ReplaceAll(strings.ToUpper(name), "-", "_")
		if env[variable] != "${{ inputs."+name+" }}" {
			t.Errorf("input %s is handed on as %s=%q", name, variable, env[variable])
		}
		if !asked[variable] {
			t.Errorf("input %s is not read", name)
		}
	}
	if len(env) != len(m.Inputs)+1 {
		t.Errorf("%d variables for %d inputs", len(env)-1, len(m.Inputs))
	}
	if _, err := readInputs(func(name string) string {
		for input, about := range m.Inputs {
			if name == "INPUT_"+strings.ReplaceAll(strings.ToUpper(input), "-", "_") {
				return about.Default
			}
		}
		return ""
	}); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
}

func TestOutputsOfTheActionAreSet(t *testing.T) {
	w := newWorkshop(t)
	w.environ["INPUT_JSON"] = "out.json"
	w.run(resultWith(false, "high"), nil)
	m := readMetadata(t)
	for name, about := range m.Outputs {
		if about.Value != "${{ steps.run.outputs."+name+" }}" {
			t.Errorf("output %s has the value %s", name, about.Value)
		}
		if _, ok := w.outputs[name]; !ok && name != "sarif" && name != "html" {
			t.Errorf("output %s is not set", name)
		}
	}
	for name := range w.outputs {
		if _, ok := m.Outputs[name]; !ok {
			t.Errorf("output %s is not in action.yml", name)
		}
	}
}

func TestActionIsDocumented(t *testing.T) {
	m := readMetadata(t)
	text, err := os.ReadFile("../docs/action.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, about := range m.Inputs {
		if !strings.Contains(string(text), "| `"+name+"` | "+about.Description+" |") {
			t.Errorf("docs/action.md does not have the input's row: | `%s` | %s | …", name, about.Description)
		}
	}
	for name, about := range m.Outputs {
		if !strings.Contains(string(text), "| `"+name+"` | "+about.Description+" |") {
			t.Errorf("docs/action.md does not have the output's row: | `%s` | %s |", name, about.Description)
		}
	}
}

// TestDocumentsShowTheExampleThatIsPlayed holds what a newcomer copies to the file that act plays.
func TestDocumentsShowTheExampleThatIsPlayed(t *testing.T) {
	example, err := os.ReadFile("../examples/pull-request.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"../README.md", "../docs/action.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "```yaml\n"+string(example)+"```\n") {
			t.Errorf("%s does not show examples/pull-request.yml word for word", file)
		}
	}
}

// workflows are all files that GitHub or a user runs.
func workflows(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	root := os.DirFS("..")
	for _, pattern := range []string{"action.yml", ".github/workflows/*.yml", "examples/*.yml"} {
		files, err := fs.Glob(root, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := fs.ReadFile(root, file)
			if err != nil {
				t.Fatal(err)
			}
			found[file] = string(text)
		}
	}
	return found
}

var (
	pinned     = regexp.MustCompile(`^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	expression = regexp.MustCompile(`\$\{\{`)
)

func TestWorkflowsAreSafe(t *testing.T) {
	for file, text := range workflows(t) {
		if strings.Contains(text, "pull_request_target") {
			t.Errorf("%s uses pull_request_target", file)
		}
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			uses, ok := strings.CutPrefix(strings.TrimPrefix(line, "- "), "uses: ")
			if ok && uses != "./" && uses != "netpol-impact/netpol-impact@v1" && !pinned.MatchString(uses) {
				t.Errorf("%s uses %s: not pinned by the hash of a commit with its version", file, uses)
			}
		}
		var jobs struct {
			Permissions any
			Jobs        map[string]struct {
				Steps []struct {
					Run, Uses string
					With      map[string]string
				}
			}
			Runs struct{ Steps []struct{ Run string } }
		}
		if err := yaml.Unmarshal([]byte(text), &jobs); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if file != "action.yml" && jobs.Permissions == nil {
			t.Errorf("%s does not say its permissions", file)
		}
		var scripts []string
		for _, step := range jobs.Runs.Steps {
			scripts = append(scripts, step.Run)
		}
		for _, job := range jobs.Jobs {
			for _, step := range job.Steps {
				scripts = append(scripts, step.Run)
			}
		}
		if slices.ContainsFunc(scripts, expression.MatchString) {
			t.Errorf("%s has an expression in a script: what it stands for would be run", file)
		}
	}
}

func TestExamplesUseInputsThatExist(t *testing.T) {
	m := readMetadata(t)
	for file, text := range workflows(t) {
		var w struct {
			Jobs map[string]struct {
				Steps []struct {
					Uses string
					With map[string]any
				}
			}
		}
		if err := yaml.Unmarshal([]byte(text), &w); err != nil {
			t.Fatal(err)
		}
		used := false
		for _, job := range w.Jobs {
			for _, step := range job.Steps {
				if !strings.HasPrefix(step.Uses, "netpol-impact/") && step.Uses != "./" {
					continue
				}
				used = true
				for name := range step.With {
					if _, ok := m.Inputs[name]; !ok {
						t.Errorf("%s: the action has no input %s", file, name)
					}
				}
			}
		}
		if path.Dir(file) == "examples" && !used {
			t.Errorf("%s does not use the action", file)
		}
	}
}

// testName is a test that a document refers to.
var testName = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`")

func TestSecurityDocumentNamesRealTests(t *testing.T) {
	text, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	exists := map[string]bool{}
	err = fs.WalkDir(os.DirFS(".."), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && file != "." {
			return fs.SkipDir
		}
		if !strings.HasSuffix(file, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(os.DirFS(".."), file)
		for _, match := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			exists[match[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	found := testName.FindAllStringSubmatch(string(text), -1)
	if len(found) == 0 {
		t.Fatal("docs/security.md names no tests")
	}
	for _, match := range found {
		if !exists[match[1]] {
			t.Errorf("docs/security.md names the test %s, which does not exist", match[1])
		}
	}
}
