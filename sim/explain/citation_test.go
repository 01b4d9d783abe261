package explain

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const (
	root     = "../.."
	sections = root + "/sim/explain/data/sections.yaml"
)

// exempt are the files in which a citation is none.
var exempt = []string{sections, root + "/sim/explain/citation_test.go"}

// TestCitedSectionsExist: what a file of the repository cites stands in the table of
// sections, and the table has nothing else. That the table is true is for people to
// see to: who adds a section looks it up in the RFC.
func TestCitedSectionsExist(t *testing.T) {
	known, err := readSections(sections)
	if err != nil {
		t.Fatal(err)
	}
	cited := make(map[Ref]bool)
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || slices.Contains(exempt, filepath.ToSlash(path)):
			return nil
		}
		text, ok, err := proseOf(path)
		if err != nil || !ok {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		for _, p := range text {
			for _, c := range citations(p.text) {
				at := fmt.Sprintf("%s:%d", filepath.ToSlash(name), p.line+c.line)
				switch {
				case c.fault != "":
					t.Errorf("%s: %s", at, c.fault)
				case !known[c.ref]:
					t.Errorf("%s: %s is not in sections.yaml; see that it exists and says so, then add it", at, c.ref)
				}
				cited[c.ref] = true
				cited[Ref{RFC: c.ref.RFC}] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for r := range known {
		if !cited[r] {
			t.Errorf("sections.yaml: nothing cites %s", r)
		}
	}
}

func TestCitations(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"RFC 5321 §4.5.2", "0:RFC 5321, 0:RFC 5321 §4.5.2"},
		{"RFC 826", "0:RFC 826"},
		{"(RFC 5321\n§3.1).", "0:RFC 5321, 1:RFC 5321 §3.1"},
		{"RFC\n1939 §5 and §7, RFC 2449 §5.", "0:RFC 1939, 1:RFC 1939 §5, 1:RFC 1939 §7, 1:RFC 2449, 1:RFC 2449 §5"},
		{"RFC 9051 §9 (body); §A.1", "0:RFC 9051, 0:RFC 9051 §9, 0:RFC 9051 §A.1"},
		{"RFC 791 §3.1; IEEE 802.3 §3.2", "0:RFC 791, 0:RFC 791 §3.1"},
		{"message/rfc822, RFC822.SIZE, RFC %d §%s", ""},
		{"see §3", "0:§3: of which RFC?"},
		{"RFC 5321 section 4", "0:RFC 5321, 0:section 4: it is written §4"},
		{"RFC 5321, Appendix D.1", "0:RFC 5321, 0:Appendix D.1: it is written §D.1"},
	} {
		var got []string
		for _, c := range citations(c.text) {
			s := c.fault
			if s == "" {
				s = c.ref.String()
			}
			got = append(got, fmt.Sprintf("%d:%s", c.line, s))
		}
		if got := strings.Join(got, ", "); got != c.want {
			t.Errorf("%q:\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}

// citation is a place in a standard that a text names, at a line from 0, or what
// is wrong with how it does.
type citation struct {
	line  int
	ref   Ref
	fault string
}

var citing = regexp.MustCompile(
	`\b(RFC|IEEE|ECMA|WCAG)[-\s]+(\d+)` + // a standard
		`|§+\s*([0-9A-Z]+(?:\.[0-9]+)*)` + // a section of it
		`|\b([Ss]ection|[Aa]ppendix)\s+([0-9A-Z](?:\.?[0-9])*)\b`) // written otherwise

// citations finds what a paragraph cites. A section belongs to the standard named
// last before it.
func citations(text string) []citation {
	var found []citation
	rfc, foreign := 0, false
	for _, m := range citing.FindAllStringSubmatchIndex(text, -1) {
		group := func(i int) string {
			if m[2*i] < 0 {
				return ""
			}
			return text[m[2*i]:m[2*i+1]]
		}
		c := citation{line: strings.Count(text[:m[1]], "\n")}
		switch standard, section := group(1), group(3); {
		case standard == "RFC":
			rfc, _ = strconv.Atoi(group(2))
			foreign = false
			c.line = strings.Count(text[:m[0]], "\n")
			c.ref = Ref{RFC: rfc}
		case standard != "":
			foreign = true
			continue
		case foreign || section == "" && rfc == 0:
			continue
		case section == "":
			c.fault = fmt.Sprintf("%s %s: it is written §%s", group(4), group(5), group(5))
		case rfc == 0:
			c.fault = fmt.Sprintf("§%s: of which RFC?", section)
		default:
			c.ref = Ref{RFC: rfc, Section: section}
		}
		found = append(found, c)
	}
	return found
}

type paragraph struct {
	line int // of its beginning, from 1
	text string
}

// proseOf reads what people read in a file, without the signs of comments, which
// also come in the middle of a citation that does not fit on its line: comments
// and single lines of Go; paragraphs of YAML and Markdown; comments of dialogs and
// zones. Other files have none.
func proseOf(path string) ([]paragraph, bool, error) {
	ext := filepath.Ext(path)
	if !slices.Contains([]string{".go", ".yaml", ".md", ".txt", ".zone"}, ext) {
		return nil, false, nil
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, false, err
	}
	var all []paragraph
	joins := false // the line goes on with the paragraph before
	lines := bufio.NewScanner(bytes.NewReader(src))
	lines.Buffer(nil, len(src)+1)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		text := strings.TrimLeft(line, "/#;")
		comment := text != line
		switch {
		case (ext == ".txt" || ext == ".zone") && !comment, line == "":
			joins = false
			continue
		case joins && (comment || ext != ".go"):
			last := &all[len(all)-1]
			last.text += "\n" + text
		default:
			all = append(all, paragraph{n, text})
		}
		joins = comment || ext != ".go"
	}
	return all, true, lines.Err()
}

func readSections(file string) (map[Ref]bool, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var of map[int]struct {
		Title    string            `yaml:"title"`
		Sections map[string]string `yaml:"sections"`
	}
	if err := yaml.UnmarshalWithOptions(src, &of, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	known := make(map[Ref]bool)
	for rfc, s := range of {
		known[Ref{RFC: rfc}] = true
		for section := range s.Sections {
			known[Ref{RFC: rfc, Section: section}] = true
		}
	}
	return known, nil
}
