package dialog

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
)

func TestReadLine(t *testing.T) {
	long := strings.Repeat("x", 3*readBuffer)
	type line struct {
		text string
		err  error
	}
	tests := []struct {
		name string
		in   string
		max  int
		want []line
	}{
		{"nothing", "", 10, []line{{"", io.EOF}}},
		{"empty line", "\r\n", 10, []line{{"", nil}, {"", io.EOF}}},
		{"two lines", "NOOP\r\nQUIT\r\n", 10, []line{{"NOOP", nil}, {"QUIT", nil}, {"", io.EOF}}},
		{"unfinished", "NOOP\r\nQU", 10, []line{{"NOOP", nil}, {"QU", io.EOF}}},
		{"unfinished at the CR", "NOOP\r", 10, []line{{"NOOP\r", io.EOF}}},
		{"bare LF", "NOOP\nQUIT\r\n", 10, []line{{"NOOP", ErrBareLineEnd}, {"QUIT", nil}}},
		{"bare LF alone", "\nQUIT\r\n", 10, []line{{"", ErrBareLineEnd}, {"QUIT", nil}}},
		{"bare CR inside", "NO\rOP\r\nQUIT\r\n", 10, []line{{"NO\rOP", ErrBareLineEnd}, {"QUIT", nil}}},
		{"two CRs", "NOOP\r\r\nQUIT\r\n", 10, []line{{"NOOP\r", ErrBareLineEnd}, {"QUIT", nil}}},
		{"LF CR", "NOOP\n\rQUIT\r\n", 10, []line{{"NOOP", ErrBareLineEnd}, {"\rQUIT", ErrBareLineEnd}}},
		{"NUL is the caller's affair", "a\x00b\r\n", 10, []line{{"a\x00b", nil}}},
		{"exactly the limit", "12345678\r\nQUIT\r\n", 10, []line{{"12345678", nil}, {"QUIT", nil}}},
		{"one over the limit", "123456789\r\nQUIT\r\n", 10, []line{{"123456789\r", ErrLineTooLong}, {"QUIT", nil}}},
		{"far over the limit", long + "\r\nQUIT\r\n", 10, []line{{"xxxxxxxxxx", ErrLineTooLong}, {"QUIT", nil}}},
		{"too long and bare", long + "\nQUIT\r\n", 10, []line{{"xxxxxxxxxx", ErrLineTooLong}, {"QUIT", nil}}},
		{"longer than the buffer", long + "\r\nQUIT\r\n", len(long) + 2, []line{{long, nil}, {"QUIT", nil}}},
		{"longer than the buffer, bare CR", "a\r" + long + "\r\nQUIT\r\n", len(long) + 9, []line{{"a\r" + long, ErrBareLineEnd}, {"QUIT", nil}}},
		{"CRLF across the buffer's end", strings.Repeat("y", readBuffer-1) + "\r\nQUIT\r\n", readBuffer + 1,
			[]line{{strings.Repeat("y", readBuffer-1), nil}, {"QUIT", nil}}},
		{"unfinished and over the limit", long + "abc", 10, []line{{"xxxxxxxxxx", io.EOF}}},
		{"unfinished, over the limit, in the buffer", "123456789abc", 10, []line{{"123456789a", io.EOF}}},
	}
	for _, tt := range tests {
		for _, step := range steps {
			c := NewServer(input(tt.in, step), nil)
			for i, want := range tt.want {
				got, err := c.ReadLine(tt.max)
				if string(got) != want.text || !errors.Is(err, want.err) {
					t.Errorf("%s, step %d, line %d: got %.60q, %v; want %.60q, %v", tt.name, step, i+1, got, err, want.text, want.err)
				}
			}
		}
	}
}

func TestReadLineOffsets(t *testing.T) {
	in := "NOOP\r\nbare\n" + strings.Repeat("z", 5000) + "\r\nQU"
	for _, step := range steps {
		c := NewServer(input(in, step), nil)
		for i, want := range []int64{6, 11, 5013, 5015} {
			// Only the count matters here: one of the lines is good, the others end
			// each in another error.
			_, _ = c.ReadLine(100)
			if got := c.ReadOffset(); got != want {
				t.Errorf("step %d: after line %d the offset is %d, want %d", step, i+1, got, want)
			}
		}
	}
}

func TestReadLineKeepsConnectionError(t *testing.T) {
	broken := errors.New("cable pulled")
	c := NewServer(&memConn{in: io.MultiReader(strings.NewReader("QU"), errReader{broken})}, nil)
	got, err := c.ReadLine(100)
	if string(got) != "QU" || !errors.Is(err, broken) {
		t.Errorf("got %q, %v; want %q, %v", got, err, "QU", broken)
	}
}

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

func TestWriteLine(t *testing.T) {
	tests := []struct {
		name, text, out string
		bad             bool
	}{
		{"line", "+OK ready", "+OK ready\r\n", false},
		{"empty", "", "\r\n", false},
		{"eight bits", "+OK \xc3\xa9", "+OK \xc3\xa9\r\n", false},
		{"CR", "+OK\r", "", true},
		{"LF", "+OK\n+OK", "", true},
		{"CRLF", "+OK\r\n+OK", "", true},
		{"NUL", "+OK\x00", "", true},
	}
	for _, tt := range tests {
		m := input("", 0)
		c := NewServer(m, nil)
		err := c.WriteLine(Reply, []byte(tt.text), false)
		if (err != nil) != tt.bad {
			t.Errorf("%s: error %v, want one: %v", tt.name, err, tt.bad)
		}
		if m.out.Len() != 0 {
			t.Errorf("%s: %q was sent before Flush", tt.name, m.out.String())
		}
		if err := c.Flush(); err != nil {
			t.Fatalf("%s: Flush: %v", tt.name, err)
		}
		if m.out.String() != tt.out || c.WriteOffset() != int64(len(tt.out)) {
			t.Errorf("%s: wrote %q, offset %d; want %q, %d", tt.name, m.out.String(), c.WriteOffset(), tt.out, len(tt.out))
		}
	}
}

func TestRawReadAndWrite(t *testing.T) {
	m := input("A1 LOGIN {4}\r\nab\r\nrest\r\n", 5)
	c := NewServer(m, nil)
	if line, err := c.ReadLine(100); err != nil || string(line) != "A1 LOGIN {4}" {
		t.Fatalf("got %q, %v", line, err)
	}
	literal := make([]byte, 4)
	if _, err := io.ReadFull(c, literal); err != nil || string(literal) != "ab\r\n" {
		t.Fatalf("literal %q, %v", literal, err)
	}
	if got := c.ReadOffset(); got != 18 {
		t.Errorf("offset %d, want 18", got)
	}
	if line, err := c.ReadLine(100); err != nil || string(line) != "rest" {
		t.Fatalf("got %q, %v", line, err)
	}
	if n, err := c.Write([]byte("a\r\n\x00")); n != 4 || err != nil {
		t.Fatalf("Write: %d, %v", n, err)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	if m.out.String() != "a\r\n\x00" || c.WriteOffset() != 4 {
		t.Errorf("wrote %q, offset %d", m.out.String(), c.WriteOffset())
	}
}

func TestBuffered(t *testing.T) {
	c := NewServer(input("NOOP\r\nQUIT\r\n", 0), nil)
	if got := c.Buffered(); got != 0 {
		t.Errorf("before reading: %d", got)
	}
	if _, err := c.ReadLine(100); err != nil {
		t.Fatal(err)
	}
	if got := c.Buffered(); got != 6 {
		t.Errorf("after one of two lines: %d, want 6", got)
	}
}

func TestCloseDoesNotFlush(t *testing.T) {
	a, b := net.Pipe()
	c := NewServer(a, nil)
	if err := c.WriteLine(Reply, []byte("+OK"), false); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Read(make([]byte, 10)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("the peer read %d octets, %v; want none and the end", n, err)
	}
	if c.NetConn() != a {
		t.Error("NetConn is not the connection beneath")
	}
}
