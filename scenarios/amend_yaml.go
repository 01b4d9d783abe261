package scenarios

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
)

// yaml is the fault as a file has it: its fields, one a line, a text that has
// several below its field.
func (f *Fault) yaml() string {
	var lines []string
	add := func(field, value string) {
		if value != "" {
			lines = append(lines, field+": "+value)
		}
	}
	add("host", f.Host)
	add("link", f.Link)
	if f.Zone != "" {
		add("zone", quoted(f.Zone))
	}
	if !f.Packet.IsZero() {
		add("packet", single(f.Packet.String()))
	}
	if !f.Line.IsZero() {
		add("line", single(f.Line.String()))
	}
	add("does", string(f.Does))
	if f.By > 0 {
		add("by", f.By.String())
	}
	if f.At != nil {
		add("at", f.At.String())
	}
	if !f.After.IsZero() {
		add("after", single(f.After.String()))
	}
	if f.Wait > 0 {
		add("wait", f.Wait.String())
	}
	for _, field := range []struct{ name, text string }{{"with", f.With}, {"records", f.Records}} {
		if field.text == "" {
			continue
		}
		text := written(field.text)
		add(field.name, text[0])
		for _, l := range text[1:] {
			if l != "" {
				l = "  " + l
			}
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\n")
}

// single is a value in single quotes.
func single(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// quoted is a value in double quotes. A string of JSON is one of YAML.
func quoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return `""` // a string can always be encoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// written is a text as the lines of a value: a block, where it is one that comes
// back the same, and else one line in quotes.
func written(s string) []string {
	body, head := strings.TrimSuffix(s, "\n"), "|"
	if body == s {
		head = "|-"
	}
	lines := strings.Split(body, "\n")
	for i, l := range lines {
		odd := l != strings.TrimRight(l, " \t\r") || strings.ContainsFunc(l, func(r rune) bool {
			return r < ' ' && r != '\t' || r == 0x7f || r == '\u0085' || r == '\u2028' || r == '\u2029' || r == '\ufeff'
		})
		atEdge := i == 0 && strings.HasPrefix(l, " ") || (i == 0 || i == len(lines)-1) && l == ""
		if odd || atEdge || strings.HasPrefix(l, "\t") {
			return []string{quoted(s)}
		}
	}
	return append([]string{head}, lines...)
}

// carried are files that are held in memory.
type carried map[string][]byte

// contentsOf are the files that a walk names, as it has read them.
func contentsOf(s *Scenario) fs.FS {
	files := carried{}
	for _, m := range s.Mails {
		if m.File != "" {
			files[m.File] = m.Raw
		}
		for _, a := range m.Attachments {
			if a.File != "" {
				files[a.File] = a.Content
			}
		}
	}
	return files
}

// Open implements fs.FS.
func (c carried) Open(name string) (fs.File, error) {
	content, ok := c[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return carriedFile{bytes.NewReader(content), name}, nil
}

type carriedFile struct {
	*bytes.Reader
	name string
}

// Stat implements fs.File. Nothing is known of the file but its content.
func (f carriedFile) Stat() (fs.FileInfo, error) {
	return nil, &fs.PathError{Op: "stat", Path: f.name, Err: fs.ErrInvalid}
}

// Close implements fs.File.
func (carriedFile) Close() error { return nil }
