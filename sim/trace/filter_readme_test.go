package trace

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Each filter that the documentation writes is one, and each step and each word
// of the language stands there.
func TestDocumentedFilters(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(data), "\n## Filters\n")
	if !ok {
		t.Fatal("there is no section on filters")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	examples := 0
	try := func(text string) {
		if strings.ContainsAny(text, "ABC") && !strings.Contains(text, "RCPT") || text == "( )" {
			return // a form, and not an example
		}
		examples++
		if _, err := ParseFilter(text, nil); err != nil {
			t.Error(err)
		}
	}
	for row := range strings.Lines(section) {
		switch {
		case strings.HasPrefix(row, "    "):
			try(strings.TrimSpace(row))
		case strings.HasPrefix(row, "| `"):
			cell := strings.Split(strings.ReplaceAll(row, `\|`, "\x00"), "|")[1]
			for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
				try(strings.ReplaceAll(m[1], "\x00", "|"))
			}
		}
	}
	if examples < 20 {
		t.Errorf("%d examples", examples)
	}
}
