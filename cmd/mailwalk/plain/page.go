package plain

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Columns of a step: the time, the tag, the text.
const (
	timeWidth = 11
	tagWidth  = 6
	textAt    = timeWidth + 1 + tagWidth + 1
)

const bar = "│ "

// hanging is how far the lines of a linear print are indented that go on.
const hanging = "  "

// page writes lines of a width. It keeps the first error and writes nothing
// after it.
type page struct {
	w     *bufio.Writer
	style Style
	width int
	err   error
	// empty tells that the last line was a blank one, or there is none yet.
	empty bool
	lines int // that are not blank
	// linear says all by words: see [Options.Linear].
	linear bool
}

func newPage(w io.Writer, style Style, width int) *page {
	return &page{w: bufio.NewWriterSize(w, 16<<10), style: style, width: width, empty: true}
}

func (p *page) write(s string) {
	if p.err == nil {
		_, p.err = p.w.WriteString(s)
	}
}

func (p *page) flush() error {
	if p.err == nil {
		p.err = p.w.Flush()
	}
	return p.err
}

func (p *page) put(line string) {
	p.write(strings.TrimRight(line, " "))
	p.write("\n")
	p.empty = false
	p.lines++
}

// blank writes an empty line unless there is one already.
func (p *page) blank() {
	if !p.empty {
		p.write("\n")
		p.empty = true
	}
}

// newline ends a line that was begun, as by a prompt.
func (p *page) newline() {
	p.write("\n")
	p.empty = true
}

// wrapped writes text behind a lead; the lines after the first have a lead of
// their own, or blanks as wide as the first.
func (p *page) wrapped(lead, next string, paint SGR, text string) {
	if next == "" {
		next = strings.Repeat(" ", width(lead))
	}
	for _, line := range wrap(text, p.width-max(width(lead), width(next))) {
		p.put(lead + paint.paint(line))
		lead = next
	}
}

// step writes a step with its columns.
func (p *page) step(at, tag string, paint SGR, indent, text string) {
	if p.linear {
		p.wrapped("", hanging, "", at+" "+tag+" "+indent+text)
		return
	}
	lead := p.style.Dim.paint(right(at, timeWidth)) + " " + paint.paint(left(tag, tagWidth)) + " " + indent
	margin := strings.Repeat(" ", textAt+width(indent))
	for _, line := range wrap(text, p.width-textAt-width(indent)) {
		p.put(lead + paint.paint(line))
		lead = margin
	}
}

// reason writes why, under a step.
func (p *page) reason(text string) { p.under(p.style.Why, text) }

// under writes text behind a bar under a step.
func (p *page) under(paint SGR, text string) {
	if p.linear {
		p.wrapped(hanging, "", "", text)
		return
	}
	margin := strings.Repeat(" ", textAt) + p.style.Why.paint(bar)
	for _, line := range wrap(text, p.width-textAt-width(bar)) {
		p.put(margin + paint.paint(line))
	}
}

const detailAt = textAt + 2

// brief is as much of a text as one line of detail holds, with a sign that it
// goes on.
func (p *page) brief(text string) string {
	const more = " …"
	lines := wrap(text, p.width-detailAt-2-width(more))
	if len(lines) == 1 {
		return text
	}
	return lines[0] + more
}

// detail writes something that belongs to a step.
func (p *page) detail(text string) {
	if p.linear {
		p.wrapped(hanging, hanging+hanging, "", text)
		return
	}
	margin := strings.Repeat(" ", detailAt)
	for i, line := range wrap(text, p.width-detailAt-2) {
		if i > 0 {
			line = "  " + line
		}
		p.put(margin + line)
	}
}

// note writes words that are set apart, under their title.
func (p *page) note(title string, paint SGR, text string) {
	if p.linear {
		p.wrapped(title+": ", hanging, "", text)
		return
	}
	lead := left(title, 8)
	for _, line := range wrap(text, p.width-12) {
		p.put("  " + paint.paint(lead) + bar + paint.paint(line))
		lead = strings.Repeat(" ", 8)
	}
}

// rule writes a heading that goes over the whole width.
func (p *page) rule(text string) {
	if p.linear {
		p.wrapped("", hanging, "", text)
		return
	}
	const dash = "─"
	head := dash + dash + " "
	lines := wrap(text, p.width-6)
	for i, line := range lines {
		if i == len(lines)-1 {
			line += " " + strings.Repeat(dash, max(2, p.width-width(head)-width(line)-1))
		}
		p.put(p.style.Heading.paint(head + line))
		head = "   "
	}
}

func left(s string, n int) string { return s + strings.Repeat(" ", max(0, n-width(s))) }

func right(s string, n int) string { return strings.Repeat(" ", max(0, n-width(s))) + s }

// width is the number of columns of a text without escape sequences.
func width(s string) int {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return ansi.StringWidth(s)
		}
	}
	return len(s)
}

// Wrap cuts text into lines of at most n columns, at blanks where there are any.
func Wrap(text string, n int) []string { return wrap(text, n) }

// wrap cuts text into lines of at most n columns, at blanks where there are any
// and else inside a word. Nothing is left out but the blanks at the cuts. It
// returns one line at least.
func wrap(text string, n int) []string {
	n = max(n, 8)
	var lines []string
	for width(text) > n {
		cut, blank := fit(text, n)
		if blank > 0 {
			lines = append(lines, text[:blank])
			text = strings.TrimLeft(text[blank:], " ")
			continue
		}
		lines = append(lines, text[:cut])
		text = text[cut:]
	}
	return append(lines, text)
}

// fit finds how many bytes of text fill n columns, and the last blank at which
// they can be cut; 0 when there is none.
func fit(text string, n int) (cut, blank int) {
	columns := 0
	seen := false
	for i, r := range text {
		if r == ' ' && seen {
			blank = i
		}
		seen = seen || r != ' '
		if r < utf8.RuneSelf {
			columns++
		} else {
			columns += width(string(r))
		}
		if columns > n {
			return max(i, 1), blank
		}
	}
	return len(text), blank
}
