package dialog

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestDotReader(t *testing.T) {
	long := strings.Repeat("l", 2*readBuffer+1)
	tests := []struct {
		name string
		in   string
		want string
		err  error
		rest string // what is left for commands
	}{
		{"empty", ".\r\nQUIT\r\n", "", nil, "QUIT\r\n"},
		{"line", "a\r\n.\r\nQUIT\r\n", "a\r\n", nil, "QUIT\r\n"},
		{"empty line", "\r\n.\r\n", "\r\n", nil, ""},
		{"stuffed dot", "..\r\n.\r\n", ".\r\n", nil, ""},
		{"stuffed dots", "..a\r\n...b\r\n.\r\n", ".a\r\n..b\r\n", nil, ""},
		{"dot not stuffed", ".a\r\n.\r\n", "a\r\n", nil, ""},
		{"dot at a line's end", "a.\r\n.\r\n", "a.\r\n", nil, ""},
		{"line longer than the buffer", long + "\r\n.\r\nQUIT\r\n", long + "\r\n", nil, "QUIT\r\n"},
		{"dot at the buffer's end", long[:readBuffer-3] + "\r\n.\r\nX", long[:readBuffer-3] + "\r\n", nil, "X"},
		{"nothing after the end is touched", "a\r\n.\r\n.\r\n", "a\r\n", nil, ".\r\n"},

		// SMTP smuggling: none of these ends the content; all spoil it.
		{"LF . LF", "a\n.\nMAIL\r\n.\r\nQ", "a\n.\nMAIL\r\n", ErrBareLineEnd, "Q"},
		{"LF . CRLF", "a\n.\r\nMAIL\r\n.\r\nQ", "a\n.\r\nMAIL\r\n", ErrBareLineEnd, "Q"},
		{"CRLF . LF", "a\r\n.\nMAIL\r\n.\r\nQ", "a\r\n\nMAIL\r\n", ErrBareLineEnd, "Q"},
		{"CR . CR", "a\r.\rMAIL\r\n.\r\nQ", "a\r.\rMAIL\r\n", ErrBareLineEnd, "Q"},
		{"CRLF . CR", "a\r\n.\rMAIL\r\n.\r\nQ", "a\r\n\rMAIL\r\n", ErrBareLineEnd, "Q"},
		{"CR . CRLF", "a\r.\r\nMAIL\r\n.\r\nQ", "a\r.\r\nMAIL\r\n", ErrBareLineEnd, "Q"},
		{"CR . LF", "a\r.\nMAIL\r\n.\r\nQ", "a\r.\nMAIL\r\n", ErrBareLineEnd, "Q"},
		{"LF . CR", "a\n.\rMAIL\r\n.\r\nQ", "a\n.\rMAIL\r\n", ErrBareLineEnd, "Q"},
		{"CRLF . CR CR LF", "a\r\n.\r\r\nMAIL\r\n.\r\nQ", "a\r\n\r\r\nMAIL\r\n", ErrBareLineEnd, "Q"},
		{"LF at the very start", "\n.\r\nMAIL\r\n.\r\nQ", "\n.\r\nMAIL\r\n", ErrBareLineEnd, "Q"},
		{"LF after the dot at the very start", ".\nMAIL\r\n.\r\nQ", "\nMAIL\r\n", ErrBareLineEnd, "Q"},
		{"two CRs before LF end a line", "a\r\r\n.\r\nQ", "a\r\r\n", ErrBareLineEnd, "Q"},
		{"CR at a line's start", "\ra\r\n.\r\nQ", "\ra\r\n", ErrBareLineEnd, "Q"},
		{"CRs only", "\r\r\r\n.\r\nQ", "\r\r\r\n", ErrBareLineEnd, "Q"},
		{"NUL . CRLF", "a\x00.\r\nb\r\n.\r\nQ", "a\x00.\r\nb\r\n", nil, "Q"},

		// The connection ends before the content does.
		{"cut at once", "", "", io.ErrUnexpectedEOF, ""},
		{"cut in a line", "ab", "ab", io.ErrUnexpectedEOF, ""},
		{"cut after a line", "ab\r\n", "ab\r\n", io.ErrUnexpectedEOF, ""},
		{"cut after the dot", "ab\r\n.", "ab\r\n", io.ErrUnexpectedEOF, ""},
		{"cut after the CR", "ab\r\n.\r", "ab\r\n", io.ErrUnexpectedEOF, ""},
		{"cut after a stuffed dot", "ab\r\n.c", "ab\r\nc", io.ErrUnexpectedEOF, ""},
		{"cut after a bare end", "ab\r\n.\n", "ab\r\n\n", io.ErrUnexpectedEOF, ""},
	}
	for _, tt := range tests {
		for _, step := range steps {
			for _, size := range []int{1, 2, 5, 32 << 10} {
				c := NewServer(input(tt.in, step), nil)
				d := c.NewDotReader()
				got, err := readBy(d, size)
				if string(got) != tt.want || !errors.Is(err, tt.err) {
					t.Errorf("%s, step %d, size %d: got %.60q, %v; want %.60q, %v", tt.name, step, size, got, err, tt.want, tt.err)
				}
				if errors.Is(tt.err, io.ErrUnexpectedEOF) {
					continue
				}
				if off, want := c.ReadOffset(), int64(len(tt.in)-len(tt.rest)); off != want {
					t.Errorf("%s, step %d, size %d: offset %d, want %d", tt.name, step, size, off, want)
				}
				// The end stays the end.
				want := tt.err
				if want == nil {
					want = io.EOF
				}
				if n, err := d.Read(make([]byte, 10)); n != 0 || !errors.Is(err, want) {
					t.Errorf("%s, step %d, size %d: read on: %d, %v; want %v", tt.name, step, size, n, err, want)
				}
				if rest, err := io.ReadAll(c); err != nil || string(rest) != tt.rest {
					t.Errorf("%s, step %d, size %d: left %q, %v; want %q", tt.name, step, size, rest, err, tt.rest)
				}
			}
		}
	}
}

// readBy reads r to its end in pieces of at most size octets; io.EOF is no
// error.
func readBy(r io.Reader, size int) ([]byte, error) {
	var all []byte
	for {
		b := make([]byte, size)
		n, err := r.Read(b)
		all = append(all, b[:n]...)
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

func TestDotReaderDoesNotWaitForMore(t *testing.T) {
	// The peer pauses after the first line: what came must be handed out
	// without waiting for what will come.
	stop := errors.New("would wait")
	c := NewServer(&memConn{in: io.MultiReader(strings.NewReader("a\r\n"), errReader{stop})}, nil)
	b := make([]byte, 100)
	n, err := c.NewDotReader().Read(b)
	if string(b[:n]) != "a\r\n" || err != nil {
		t.Errorf("got %q, %v", b[:n], err)
	}
}

func TestReadDot(t *testing.T) {
	tests := []struct {
		name string
		in   string
		max  int64
		want string
		err  error
		off  int64
	}{
		{"no limit", "abc\r\n.\r\nQ", 0, "abc\r\n", nil, 8},
		{"exactly the limit", "abc\r\n.\r\nQ", 5, "abc\r\n", nil, 8},
		{"one over", "abc\r\n.\r\nQ", 4, "", ErrContentTooLarge, 8},
		{"stuffed dots do not count", "..c\r\n.\r\nQ", 4, ".c\r\n", nil, 8},
		{"far over", strings.Repeat("abc\r\n", 5000) + ".\r\nQ", 4, "", ErrContentTooLarge, 25003},
		{"over and bare", "abcdef\n\r\n.\r\nQ", 4, "", ErrBareLineEnd, 12},
		{"over and cut", "abcdef\r\n", 4, "", io.ErrUnexpectedEOF, 8},
		{"bare", "a\nb\r\n.\r\nQ", 0, "a\nb\r\n", ErrBareLineEnd, 8},
		{"cut", "abc", 0, "abc", io.ErrUnexpectedEOF, 3},
	}
	for _, tt := range tests {
		for _, step := range steps {
			c := NewServer(input(tt.in, step), nil)
			got, err := c.ReadDot(tt.max)
			if string(got) != tt.want || !errors.Is(err, tt.err) || c.ReadOffset() != tt.off {
				t.Errorf("%s, step %d: got %q, %v, offset %d; want %q, %v, %d",
					tt.name, step, got, err, c.ReadOffset(), tt.want, tt.err, tt.off)
			}
		}
	}
}

func TestDotWriter(t *testing.T) {
	tests := []struct{ name, content, wire string }{
		{"empty", "", ".\r\n"},
		{"line", "a\r\n", "a\r\n.\r\n"},
		{"no last line end", "a", "a\r\n.\r\n"},
		{"empty line", "\r\n", "\r\n.\r\n"},
		{"dot", ".", "..\r\n.\r\n"},
		{"dot line", ".\r\n", "..\r\n.\r\n"},
		{"dot lines", ".\r\n.\r\n", "..\r\n..\r\n.\r\n"},
		{"dots", "..\r\n", "...\r\n.\r\n"},
		{"dot inside", "a.b\r\n", "a.b\r\n.\r\n"},
		{"dot after an empty line", "\r\n.a", "\r\n..a\r\n.\r\n"},
		{"dot after a bare LF", "a\n.b\r\n", "a\n.b\r\n.\r\n"},
		{"dot after a bare CR", "a\r.b\r\n", "a\r.b\r\n.\r\n"},
		{"bare LF at the end", "a\n", "a\n\r\n.\r\n"},
		{"bare CR at the end", "a\r", "a\r\r\n.\r\n"},
		{"two CRs", "a\r\r\n.b\r\n", "a\r\r\n..b\r\n.\r\n"},
		{"LF first", "\n.\r\n", "\n.\r\n.\r\n"},
	}
	for _, tt := range tests {
		for size := 1; size <= len(tt.content)+1; size++ {
			m := input("", 0)
			c := NewServer(m, nil)
			w := c.NewDotWriter()
			for b := []byte(tt.content); len(b) > 0; {
				n := min(size, len(b))
				if got, err := w.Write(b[:n]); got != n || err != nil {
					t.Fatalf("%s: Write: %d, %v; want %d", tt.name, got, err, n)
				}
				b = b[n:]
			}
			if err := w.Close(); err != nil {
				t.Fatalf("%s: Close: %v", tt.name, err)
			}
			if err := c.Flush(); err != nil {
				t.Fatalf("%s: Flush: %v", tt.name, err)
			}
			if m.out.String() != tt.wire {
				t.Errorf("%s, in pieces of %d: wrote %q, want %q", tt.name, size, m.out.String(), tt.wire)
			}
			if c.WriteOffset() != int64(len(tt.wire)) || DotSize([]byte(tt.content)) != int64(len(tt.wire)) {
				t.Errorf("%s: offset %d, DotSize %d; want %d", tt.name, c.WriteOffset(), DotSize([]byte(tt.content)), len(tt.wire))
			}
		}
	}
}

// FuzzStuffUnstuff holds that content comes out of a DotReader as it went into
// a DotWriter, whatever it is and however it is cut, that DotSize tells the
// truth, and that no content can end itself early.
func FuzzStuffUnstuff(f *testing.F) {
	for _, s := range []string{"", ".", "a\r\n.\r\nb", "\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r\r\n.\r\n", "a\r", "\r\n\r\n..\r\n"} {
		f.Add([]byte(s), uint16(1), uint16(1))
		f.Add([]byte(s), uint16(0), uint16(3))
	}
	f.Fuzz(func(t *testing.T, content []byte, step, size uint16) {
		m := input("", 0)
		c := NewServer(m, nil)
		w := c.NewDotWriter()
		piece := int(size)%64 + 1
		for b := content; len(b) > 0; {
			n := min(piece, len(b))
			if _, err := w.Write(b[:n]); err != nil {
				t.Fatal(err)
			}
			b = b[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		if got := DotSize(content); got != int64(m.out.Len()) {
			t.Errorf("DotSize %d, on the wire %d", got, m.out.Len())
		}

		want := bytes.Clone(content)
		if len(want) > 0 && !bytes.HasSuffix(want, []byte("\r\n")) {
			want = append(want, "\r\n"...)
		}
		rest := "QUIT\r\n"
		r := NewServer(input(m.out.String()+rest, int(step)%64), nil)
		got, err := readBy(r.NewDotReader(), piece)
		if !bytes.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		wantErr := error(nil)
		if strayEnd(want) {
			wantErr = ErrBareLineEnd
		}
		if !errors.Is(err, wantErr) {
			t.Errorf("error %v, want %v", err, wantErr)
		}
		if line, err := r.ReadLine(100); err != nil || string(line) != "QUIT" {
			t.Errorf("after the content: %q, %v", line, err)
		}
	})
}

// strayEnd tells whether b has a CR or an LF outside a CRLF, looked for in
// another way than the reader's: one octet at a time, over the whole.
func strayEnd(b []byte) bool {
	for i, ch := range b {
		if ch == '\r' && (i+1 == len(b) || b[i+1] != '\n') {
			return true
		}
		if ch == '\n' && (i == 0 || b[i-1] != '\r') {
			return true
		}
	}
	return false
}

// FuzzDotReader holds that the reader ends the content exactly at the first
// CRLF.CRLF (or a first line of a lone dot), whatever comes before.
func FuzzDotReader(f *testing.F) {
	for _, s := range []string{".\r\n", "a\r\n.\r\n", "a\n.\n\r\n.\r\n", "\r\n.\r", ".\r.\r\n\r\n.\r\nx"} {
		f.Add([]byte(s), uint8(1))
		f.Add([]byte(s), uint8(0))
	}
	f.Fuzz(func(t *testing.T, in []byte, step uint8) {
		c := NewServer(input(string(in), int(step)), nil)
		_, err := readBy(c.NewDotReader(), 16)
		end := bytes.Index(append([]byte("\r\n"), in...), []byte("\r\n.\r\n"))
		if end < 0 {
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("no end in %q, but the error is %v", in, err)
			}
			return
		}
		if want := int64(end + 3); c.ReadOffset() != want {
			t.Errorf("%q ended at %d, want %d", in, c.ReadOffset(), want)
		}
		if err != nil && !errors.Is(err, ErrBareLineEnd) {
			t.Errorf("%q: %v", in, err)
		}
		if got, want := err != nil, strayEnd(in[:end]); got != want {
			t.Errorf("%q: bare %v, want %v", in, got, want)
		}
	})
}
