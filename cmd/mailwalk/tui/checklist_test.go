package tui

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the checklist names exists, and each promise in it names something.
func TestChecklist(t *testing.T) {
	text, err := os.ReadFile("CHECKLIST.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)\w+)\(`)
	err = filepath.WalkDir("../../..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(source, -1) {
			tests[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`\b(?:Test|Benchmark|Fuzz)\w+|` + "`[\\w-]+\\.(?:txt|ansi)`")
	promises := 0
	shown, _, ok := strings.Cut(string(text), "\n## Not there")
	if !ok {
		t.Error("what is not there has no place")
	}
	_, shown, _ = strings.Cut(shown, "\n## ") // behind the words on the list itself
	for _, row := range strings.Split(shown, "\n") {
		if !strings.HasPrefix(row, "| ") || strings.HasPrefix(row, "| promise ") {
			continue
		}
		promises++
		cells := strings.Split(row, " | ")
		names := named.FindAllString(cells[len(cells)-1], -1)
		if len(cells) != 2 || len(names) == 0 {
			t.Errorf("nothing shows this: %s", row)
		}
		for _, name := range names {
			if file := strings.Trim(name, "`"); file != name {
				if _, err := os.Stat(filepath.Join("testdata", file)); err != nil {
					t.Error(err)
				}
			} else if !tests[name] {
				t.Errorf("there is no %s", name)
			}
		}
	}
	if promises < 60 {
		t.Errorf("%d promises", promises)
	}
}
