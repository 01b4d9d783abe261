package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Amendment is what is to change of a walk.
type Amendment struct {
	// Seed takes the place of the walk's, if it is not nil.
	Seed *uint64
	// Mails change.
	Mails []*MailChange
	// Faults are added at the end.
	Faults []*Fault
	// Remarks are comments above them.
	Remarks []string
}

// MailChange is what is to change of a mail of a walk; what is nil stays. To takes
// the place of all recipients.
type MailChange struct {
	ID                  string
	From, Subject, Text *string
	To                  []string
}

// ErrAmend says that a walk's text cannot be changed in place.
var ErrAmend = errors.New("the walk's text cannot be changed in place")

// Amend returns the walk's text with changes. Its comments and its layout stay. The
// text is read again before it is returned: what is wrong with it is an error,
// [Problems], as for any walk.
func (s *Scenario) Amend(a Amendment) ([]byte, error) {
	t, err := newText(s.Source)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.File, err)
	}
	if a.Seed != nil {
		t.set(t.root, "seed", fmt.Sprint(*a.Seed))
	}
	for _, m := range a.Mails {
		if err := t.mail(m); err != nil {
			return nil, fmt.Errorf("%s: mail %s: %w", s.File, m.ID, err)
		}
	}
	if err := t.faults(a); err != nil {
		return nil, fmt.Errorf("%s: %w", s.File, err)
	}
	text := t.edited()
	again, err := parse(s.File, text, contentsOf(s))
	if err != nil {
		return nil, err
	}
	return text, a.isIn(again, len(s.Faults))
}

// isIn tells whether a walk that was read has what it was to have.
func (a Amendment) isIn(s *Scenario, before int) error {
	if len(s.Faults) != before+len(a.Faults) {
		return fmt.Errorf("%w: of %d faults it has %d", ErrAmend, before+len(a.Faults), len(s.Faults))
	}
	for i, f := range a.Faults {
		if got := s.Faults[before+i]; got.yaml() != f.yaml() {
			return fmt.Errorf("%w: a fault has become another: %s", ErrAmend, got.yaml())
		}
	}
	for _, c := range a.Mails {
		m := s.Mail(c.ID)
		if c.Subject != nil && m.Subject != *c.Subject || c.Text != nil && m.Text != *c.Text || c.To != nil && len(m.Recipients()) != len(c.To) {
			return fmt.Errorf("%w: mail %s has become another", ErrAmend, c.ID)
		}
	}
	return nil
}

// text is a walk's file that is edited line by line.
type text struct {
	lines []string // without their ends
	root  fieldLines
	edits []edit
}

// edit puts lines in place of those from first to before last, counted from 0.
type edit struct {
	first, last int
	lines       []string
}

// fieldLines is a mapping that is written one field a line.
type fieldLines struct {
	indent  string
	entries []*ast.MappingValueNode
	end     int // the line behind it
}

func newText(src []byte) (*text, error) {
	f, err := parser.ParseBytes(src, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAmend, err)
	}
	t := &text{lines: strings.Split(strings.TrimSuffix(string(src), "\n"), "\n")}
	for _, doc := range f.Docs {
		if entries, ok := mapping(doc.Body); ok {
			t.root = fieldLines{"", entries, len(t.lines)}
		}
	}
	if t.root.entries == nil || inBraces(t.root.entries[0]) {
		return nil, fmt.Errorf("%w: it is not written one field a line", ErrAmend)
	}
	return t, nil
}

// inBraces tells whether an entry of a mapping stands in braces; such a mapping's
// entries do not begin lines.
func inBraces(e *ast.MappingValueNode) bool { return e.IsFlowStyle }

// of is where an entry of a mapping begins and ends, without blank lines and
// comments that belong to what follows.
func (t *text) of(b fieldLines, name string) (first, last, i int) {
	for i, e := range b.entries {
		key, ok := scalarText(e.Key)
		if !ok || key != name {
			continue
		}
		first, last = place(e.Key).Line-1, b.end
		if i+1 < len(b.entries) {
			last = place(b.entries[i+1].Key).Line - 1
		}
		for last > first+1 && t.loose(last-1, len(b.indent)) {
			last--
		}
		return first, last, i
	}
	return 0, 0, -1
}

// loose tells whether a line is blank, or a comment that is indented no further
// than so.
func (t *text) loose(line, indent int) bool {
	trimmed := strings.Trim(t.lines[line], " \r")
	return trimmed == "" || trimmed[0] == '#' && strings.IndexByte(t.lines[line], '#') <= indent
}

// inner is the mapping that an entry holds.
func (t *text) inner(b fieldLines, name string) (fieldLines, error) {
	first, last, i := t.of(b, name)
	if i < 0 {
		return fieldLines{}, fmt.Errorf("%w: there is no %s", ErrAmend, name)
	}
	entries, ok := mapping(b.entries[i].Value)
	if !ok || len(entries) == 0 || inBraces(entries[0]) || place(entries[0].Key).Line-1 == first {
		return fieldLines{}, fmt.Errorf("%w: line %d: write the fields of %s on lines of their own, without braces", ErrAmend, first+1, name)
	}
	return fieldLines{strings.Repeat(" ", place(entries[0].Key).Column-1), entries, last}, nil
}

// set gives a field of a mapping a value of one or more lines: the first stands
// behind the field's name, the others below it.
func (t *text) set(b fieldLines, name string, value ...string) {
	lines := []string{b.indent + name + ": " + value[0]}
	for _, v := range value[1:] {
		if v != "" {
			v = b.indent + "  " + v
		}
		lines = append(lines, v)
	}
	first, last, i := t.of(b, name)
	if i < 0 {
		// Behind the last field there is.
		key, _ := scalarText(b.entries[len(b.entries)-1].Key)
		_, first, _ = t.of(b, key)
		last = first
	}
	t.edits = append(t.edits, edit{first, last, lines})
}

// remove takes a field out of a mapping.
func (t *text) remove(b fieldLines, name string) {
	if first, last, i := t.of(b, name); i >= 0 {
		t.edits = append(t.edits, edit{first, last, nil})
	}
}

func (t *text) mail(m *MailChange) error {
	mails, err := t.inner(t.root, "mails")
	if err != nil {
		return err
	}
	b, err := t.inner(mails, m.ID)
	if err != nil {
		return err
	}
	if m.From != nil {
		t.set(b, "from", quoted(*m.From))
	}
	if m.To != nil {
		var to []string
		for _, a := range m.To {
			to = append(to, quoted(a))
		}
		t.set(b, "to", "["+strings.Join(to, ", ")+"]")
		t.remove(b, "cc")
		t.remove(b, "bcc")
	}
	if m.Subject != nil {
		t.set(b, "subject", quoted(*m.Subject))
	}
	if m.Text != nil {
		t.set(b, "text", written(*m.Text)...)
	}
	return nil
}

// behindFaults are the parts of a walk that its faults stand before.
var behindFaults = []string{"notes", "predictions", "expect"}

func (t *text) faults(a Amendment) error {
	if len(a.Faults) == 0 && len(a.Remarks) == 0 {
		return nil
	}
	first, last, i := t.of(t.root, "faults")
	indent := "  "
	var lines []string
	if i >= 0 && len(a.Faults) > 0 {
		list, ok := t.root.entries[i].Value.(*ast.SequenceNode)
		if !ok || list.IsFlowStyle || len(list.Values) == 0 {
			return fmt.Errorf("%w: line %d: write each of the faults on lines of its own, behind a dash", ErrAmend, first+1)
		}
		line := t.lines[place(list.Values[0]).Line-1]
		indent = line[:len(line)-len(strings.TrimLeft(line, " "))]
	}
	for _, r := range a.Remarks {
		lines = append(lines, indent+"# "+r)
	}
	for _, f := range a.Faults {
		for j, l := range strings.Split(f.yaml(), "\n") {
			switch {
			case j == 0:
				l = indent + "- " + l
			case l != "":
				l = indent + "  " + l
			}
			lines = append(lines, l)
		}
	}
	if i >= 0 {
		t.edits = append(t.edits, edit{last, last, lines})
		return nil
	}
	if len(a.Faults) > 0 {
		lines = append([]string{"faults:"}, lines...)
	}
	at := len(t.lines)
	for _, e := range t.root.entries {
		if key, ok := scalarText(e.Key); ok && slices.Contains(behindFaults, key) {
			at = place(e.Key).Line - 1
			break
		}
	}
	for at > 0 && strings.HasPrefix(t.lines[at-1], "#") {
		at-- // the comment is about what comes
	}
	if at == len(t.lines) {
		lines = append([]string{""}, lines...)
	} else {
		lines = append(lines, "")
	}
	t.edits = append(t.edits, edit{at, at, lines})
	return nil
}

// edited is the text with all edits made.
func (t *text) edited() []byte {
	slices.SortStableFunc(t.edits, func(a, b edit) int { return a.first - b.first })
	var out []string
	done := 0
	for _, e := range t.edits {
		out = append(out, t.lines[done:e.first]...)
		out = append(out, e.lines...)
		done = e.last
	}
	out = append(out, t.lines[done:]...)
	return []byte(strings.Join(out, "\n") + "\n")
}
