package trace

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tagged are the names that the tags of a struct's fields give, and whether each
// is always written.
func tagged(prefix string, t reflect.Type, names map[string]bool) {
	for f := range fieldsOf(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous {
			tagged(prefix, f.Type, names)
			continue
		}
		names[prefix+name] = options == ""
		inner := f.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		// The record's fields are documented with the first of the sections.
		if inner.Kind() == reflect.Struct && inner.PkgPath() == t.PkgPath() && name != "authority" && name != "additional" {
			tagged(prefix+name+".", inner, names)
		}
	}
}

func fieldsOf(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

// documented are the names in the table under a heading of README.md.
func documented(readme, heading string) map[string]bool {
	_, section, _ := strings.Cut(readme, "\n"+heading+"\n")
	section, _, _ = strings.Cut(section, "\n#")
	names := make(map[string]bool)
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			continue
		}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
			names[m[1]] = strings.HasSuffix(strings.TrimSpace(cells[1]), "*")
		}
	}
	return names
}

// TestReadme holds README.md and the names that are written together.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range Kinds() {
		want := make(map[string]bool)
		tagged("", reflect.TypeOf(newBody(kind)).Elem(), want)
		if kind == Mail {
			// As for a line.
			delete(want, "content.sha256")
			delete(want, "content.size")
		}
		if got := documented(string(text), "### "+string(kind)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: README.md has\n%v\nthe tags are\n%v", kind, sortedNames(got), sortedNames(want))
		}
	}

	e := someEvents(1, 9, 100)[8]
	e.Mail, e.Causes = "\xff", []uint64{1}
	line, err := AppendJSON(nil, e, "text")
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(line, &object); err != nil {
		t.Fatal(err)
	}
	want := make(map[string]bool)
	for name := range object {
		want[name] = false
	}
	if got := documented(string(text), "## Events as JSON"); !reflect.DeepEqual(got, want) {
		t.Errorf("events: README.md has\n%v\nwritten are\n%v", sortedNames(got), sortedNames(want))
	}
}

func sortedNames(names map[string]bool) []string {
	var all []string
	for n, always := range names {
		all = append(all, fmt.Sprint(n, map[bool]string{true: "*"}[always]))
	}
	slices.Sort(all)
	return all
}
