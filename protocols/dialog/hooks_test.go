package dialog

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

func TestHooksSeeBothWays(t *testing.T) {
	var got []Unit
	keep := func(u *Unit) {
		k := *u
		k.Text = bytes.Clone(u.Text)
		k.Content = bytes.Clone(u.Content)
		got = append(got, k)
	}
	h := &Hooks{
		Received: func(u *Unit) []string { keep(u); return nil },
		Sending:  func(u *Unit) { keep(u) },
	}
	m := input("PASS tanstaaf\r\n.a\r\n..b\r\n.\r\n", 3)
	c := NewServer(m, h)
	if !c.Hooked() {
		t.Error("Hooked is false")
	}

	if err := c.WriteLine(Greeting, []byte("+OK"), false); err != nil {
		t.Fatal(err)
	}
	from := c.ReadOffset()
	line, err := c.ReadLine(100)
	if err != nil {
		t.Fatal(err)
	}
	text, answer := c.Received(&Unit{Role: Command, From: from, Text: line, Secret: true})
	if string(text) != "PASS tanstaaf" || answer != nil {
		t.Errorf("Received: %q, %v", text, answer)
	}
	d := c.NewDotReader()
	content := make([]byte, 0, 10)
	for {
		b := make([]byte, 4)
		n, err := d.Read(b)
		content = append(content, b[:n]...)
		if err != nil {
			break
		}
	}
	c.Received(&Unit{Role: Body, From: d.From(), Content: content})
	if err := c.WriteDot([]byte(".\r\n"), nil); err != nil {
		t.Fatal(err)
	}
	if err := c.WriteLine(Reply, []byte("+OK bye"), false); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}

	want := []Unit{
		{Role: Greeting, FromServer: true, From: 0, To: 5, Text: []byte("+OK")},
		{Role: Command, FromServer: false, From: 0, To: 15, Text: []byte("PASS tanstaaf"), Secret: true},
		{Role: Body, FromServer: false, From: 15, To: 27, Content: []byte("a\r\n.b\r\n")},
		{Role: Body, FromServer: true, From: 5, To: 12, Content: []byte(".\r\n")},
		{Role: Reply, FromServer: true, From: 12, To: 21, Text: []byte("+OK bye")},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the hooks saw\n%+v\nwant\n%+v", got, want)
	}
	if out := m.out.String(); out != "+OK\r\n..\r\n.\r\n+OK bye\r\n" {
		t.Errorf("wrote %q", out)
	}
}

func TestHooksReplaceText(t *testing.T) {
	h := &Hooks{
		Received: func(u *Unit) []string { u.Text = []byte("DELE 2"); return nil },
		Deciding: func(*Unit) Fate { return Fate{Instead: []Unit{{Role: Reply, Text: []byte("-ERR no")}}} },
	}
	m := input("DELE 1\r\n", 0)
	c := NewServer(m, h)
	line, err := c.ReadLine(100)
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := c.Received(&Unit{Role: Command, Text: line}); string(text) != "DELE 2" {
		t.Errorf("the text to act upon is %q", text)
	}
	if err := c.WriteLine(Reply, []byte("+OK message 1 deleted"), false); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	if m.out.String() != "-ERR no\r\n" || c.WriteOffset() != 9 {
		t.Errorf("wrote %q, offset %d", m.out.String(), c.WriteOffset())
	}
}

func TestHooksAnswer(t *testing.T) {
	for _, want := range [][]string{nil, {}, {"-ERR no", "-ERR never"}} {
		c := NewServer(input("", 0), &Hooks{Received: func(*Unit) []string { return want }})
		_, got := c.Received(&Unit{Role: Command, Text: []byte("NOOP")})
		if !reflect.DeepEqual(got, want) {
			t.Errorf("answer %#v, want %#v", got, want)
		}
	}
}

func TestHookCannotSmuggleALine(t *testing.T) {
	m := input("", 0)
	c := NewServer(m, &Hooks{Deciding: func(*Unit) Fate { return Fate{Instead: []Unit{{Role: Reply, Text: []byte("+OK\r\n-ERR")}}} }})
	if err := c.WriteLine(Reply, []byte("+OK"), false); !errors.Is(err, ErrBareLineEnd) {
		t.Errorf("error %v, want %v", err, ErrBareLineEnd)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	if m.out.Len() != 0 {
		t.Errorf("wrote %q", m.out.String())
	}
}

func TestNoHooks(t *testing.T) {
	for name, h := range map[string]*Hooks{"nil": nil, "empty": {}} {
		c := NewClient(input("", 0), h)
		if c.Hooked() != (h != nil) {
			t.Errorf("%s: Hooked is %v", name, c.Hooked())
		}
		text, answer := c.Received(&Unit{Role: Reply, Text: []byte("+OK")})
		if string(text) != "+OK" || answer != nil {
			t.Errorf("%s: %q, %v", name, text, answer)
		}
		if err := c.WriteDot([]byte("a"), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := c.WriteLine(Command, []byte("NOOP"), false); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
