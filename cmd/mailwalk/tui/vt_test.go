package tui

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// terminal is an emulated terminal with a program on it: what it shows is what the
// program's renderer has written, octet by octet.
type terminal struct {
	t   *testing.T
	p   *tea.Program
	end chan error

	mu      sync.Mutex // over what follows
	em      *vt.Emulator
	frames  int
	octets  int
	last    sight // before the program left the terminal
	changed chan struct{}
}

// parting is how a program gives the terminal back what was on it.
const parting = "\x1b[?1049l"

// Write takes what the program writes.
func (x *terminal) Write(b []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.frames++
	x.octets += len(b)
	n := len(b)
	// The program takes it that something stands between it and the terminal which
	// makes lines of its newlines.
	b = bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
	head, tail := b, []byte(nil)
	if i := bytes.Index(b, []byte(parting)); i >= 0 {
		head, tail = b[:i], b[i:]
	}
	if _, err := x.em.Write(head); err != nil {
		return 0, err
	}
	if tail != nil {
		x.last = sightOf(x.em)
		if _, err := x.em.Write(tail); err != nil {
			return 0, err
		}
	}
	select {
	case x.changed <- struct{}{}:
	default:
	}
	return n, nil
}

// onTerminal starts a program on a terminal. When the terminal has a ground, it has
// keys too.
func onTerminal(t *testing.T, m tea.Model, w, h int, p colorprofile.Profile, ground color.Color) *terminal {
	t.Helper()
	x := &terminal{t: t, em: vt.NewEmulator(w, h), end: make(chan error, 1), changed: make(chan struct{}, 1)}
	o := []tea.ProgramOption{
		tea.WithOutput(x), tea.WithInput(nil), tea.WithWindowSize(w, h), tea.WithColorProfile(p), tea.WithoutSignals(),
		tea.WithEnvironment([]string{"TERM=xterm-256color"}), tea.WithFPS(120),
	}
	if ground != nil {
		x.em.SetDefaultBackgroundColor(ground)
		o[1] = tea.WithInput(x.em)
	} else {
		go func() { _, _ = io.Copy(io.Discard, x.em) }() // what the terminal answers
	}
	x.p = tea.NewProgram(m, o...)
	go func() {
		_, err := x.p.Run()
		x.end <- err
	}()
	return x
}

// ended waits until the program has left the terminal, and returns what it showed
// before.
func (x *terminal) ended() sight {
	x.t.Helper()
	select {
	case err := <-x.end:
		if err != nil {
			x.t.Fatal(err)
		}
	case <-time.After(patience):
		x.t.Fatalf("the screen does not quit; it shows\n%s", x.now().text())
	}
	// The emulator's own Close is not for use beside Read.
	if err := x.em.InputPipe().(io.Closer).Close(); err != nil {
		x.t.Fatal(err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.last
}

func (x *terminal) now() sight {
	x.mu.Lock()
	defer x.mu.Unlock()
	return sightOf(x.em)
}

// until waits until the terminal shows what is wanted.
func (x *terminal) until(what string, is func(sight) bool) {
	x.t.Helper()
	late := time.After(patience)
	for !is(x.now()) {
		select {
		case <-x.changed:
		case err := <-x.end:
			x.t.Fatalf("the screen was left: %v", err)
		case <-late:
			x.t.Fatalf("the terminal does not show %s, but\n%s", what, x.now().text())
		}
	}
}

func (x *terminal) sees(texts ...string) *terminal {
	x.t.Helper()
	for _, text := range texts {
		x.until(fmt.Sprintf("%q", text), func(p sight) bool { return strings.Contains(p.text(), text) })
	}
	return x
}

func (x *terminal) misses(text string) *terminal {
	x.t.Helper()
	x.until(fmt.Sprintf("nothing of %q", text), func(p sight) bool { return !strings.Contains(p.text(), text) })
	return x
}

// types has the terminal send a key, a letter or by its name.
func (x *terminal) types(key string) *terminal {
	x.mu.Lock()
	defer x.mu.Unlock()
	if msg, ok := special[key]; ok {
		x.em.SendKey(uv.KeyPressEvent(msg.Key()))
	} else {
		x.em.SendText(key)
	}
	return x
}

// sight is what stands in the cells of a terminal.
type sight [][]uv.Cell

func sightOf(em *vt.Emulator) sight {
	p := make(sight, em.Height())
	for y := range p {
		p[y] = make([]uv.Cell, em.Width())
		for x := range p[y] {
			if c := em.CellAt(x, y); c != nil {
				p[y][x] = *c
			}
		}
	}
	return p
}

// text is the letters alone, without the blanks at the ends of rows.
func (p sight) text() string {
	var b strings.Builder
	for _, row := range p {
		var r strings.Builder
		for _, c := range row {
			if c.Width == 0 && c.Content == "" {
				continue // the second half of a wide letter
			}
			r.WriteString(c.Content)
		}
		b.WriteString(strings.TrimRight(r.String(), " ") + "\n")
	}
	return b.String()
}

// style is the look of a cell in words, empty for the terminal's own.
func style(c *uv.Cell) string {
	var words []string
	for _, a := range []struct {
		bit  uint8
		word string
	}{
		{uv.AttrBold, "bold"}, {uv.AttrFaint, "dim"}, {uv.AttrItalic, "italic"}, {uv.AttrBlink, "blink"},
		{uv.AttrReverse, "reverse"}, {uv.AttrConceal, "hidden"}, {uv.AttrStrikethrough, "struck"},
	} {
		// Of a blank cell only what is behind the letter can be seen.
		if c.Style.Attrs&a.bit != 0 && (c.Content != " " || a.bit == uv.AttrReverse) {
			words = append(words, a.word)
		}
	}
	if c.Style.Underline != 0 {
		words = append(words, "underlined")
	}
	if c.Style.Fg != nil && (c.Content != " " || c.Style.Attrs&uv.AttrReverse != 0) {
		words = append(words, colour(c.Style.Fg))
	}
	if c.Style.Bg != nil {
		words = append(words, "on "+colour(c.Style.Bg))
	}
	return strings.Join(words, " ")
}

func colour(c color.Color) string {
	if b, ok := c.(ansi.BasicColor); ok {
		return [...]string{
			"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "grey", "bright red", "bright green", "bright yellow",
			"bright blue", "bright magenta", "bright cyan", "bright white",
		}[b]
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

// drawn is a text with its colours on a terminal of its own.
func drawn(text string, w, h int) sight {
	em := vt.NewEmulator(w, h)
	defer em.Close()
	_, _ = em.WriteString(strings.ReplaceAll(text, "\n", "\r\n"))
	return sightOf(em)
}

// cells are the letters and the looks of all cells, row by row.
func (p sight) cells() []string {
	var all []string
	for _, row := range p {
		for i := range row {
			all = append(all, row[i].Content+" "+style(&row[i]))
		}
	}
	return all
}
