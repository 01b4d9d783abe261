package dialog

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// TestFates: what a hook decides is what is written, with the ranges that it has
// on the wire, and the program is done with each unit once.
func TestFates(t *testing.T) {
	line := func(text string) Unit { return Unit{Role: Reply, Text: []byte(text)} }
	later := func(f Fate) Fate { return Fate{Wait: func() (Fate, error) { return f, nil }} }
	for _, x := range []struct {
		name string
		fate Fate
		wire string   // between "220 a\r\n" and "250 c\r\n"
		sent []string // of the middle unit
	}{
		{"as it is", Fate{}, "250 b\r\n", []string{"7-14 250 b"}},
		{"dropped", Fate{Drop: true}, "", nil},
		{"twice", Fate{Copies: 1}, "250 b\r\n250 b\r\n", []string{"7-14 250 b", "14-21 250 b"}},
		{"a longer line", Fate{Instead: []Unit{line("451 not now")}}, "451 not now\r\n", []string{"7-20 451 not now"}},
		{"two lines", Fate{Instead: []Unit{line("451-a"), line("451 b")}}, "451-a\r\n451 b\r\n", []string{"7-14 451-a", "14-21 451 b"}},
		{"no lines", Fate{Instead: []Unit{}}, "", nil},
		{"two lines twice", Fate{Instead: []Unit{line("a"), line("b")}, Copies: 1}, "a\r\nb\r\na\r\nb\r\n", []string{"7-10 a", "10-13 b", "13-16 a", "16-19 b"}},
		{"later", later(Fate{}), "250 b\r\n", []string{"7-14 250 b"}},
		{"later not at all", later(Fate{Drop: true}), "", nil},
		{"later, and later again", later(later(Fate{Copies: 1})), "250 b\r\n250 b\r\n", []string{"7-14 250 b", "14-21 250 b"}},
		{"dropped, whatever else", Fate{Drop: true, Copies: 3, Instead: []Unit{line("x")}}, "", nil},
		{"fewer copies than none", Fate{Copies: -3}, "250 b\r\n", []string{"7-14 250 b"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			var sent, said []string
			is := func(u *Unit) bool { return string(u.Text) == "250 b" }
			middle := false
			m := input("", 0)
			c := NewServer(m, &Hooks{
				Deciding: func(u *Unit) Fate {
					if middle = is(u); !middle {
						return Fate{}
					}
					if u.From != 7 || u.To != 14 || !u.FromServer {
						t.Errorf("decided of %+v", u)
					}
					return x.fate
				},
				Sending: func(u *Unit) {
					if middle {
						sent = append(sent, fmt.Sprintf("%d-%d %s", u.From, u.To, u.Text))
					}
				},
				Said: func(u *Unit) { said = append(said, string(u.Text)) },
			})
			for _, text := range []string{"220 a", "250 b", "250 c"} {
				if err := c.WriteLine(Reply, []byte(text), false); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Flush(); err != nil {
				t.Fatal(err)
			}
			want := "220 a\r\n" + x.wire + "250 c\r\n"
			if m.out.String() != want || c.WriteOffset() != int64(len(want)) {
				t.Errorf("wrote %q up to %d, want %q", m.out.String(), c.WriteOffset(), want)
			}
			if !reflect.DeepEqual(sent, x.sent) {
				t.Errorf("told of %q, want %q", sent, x.sent)
			}
			if got := strings.Join(said, ","); got != "220 a,250 b,250 c" {
				t.Errorf("said %q", got)
			}
		})
	}
}

// TestFatesOfContent: a content keeps its form, whatever stands in it.
func TestFatesOfContent(t *testing.T) {
	dots := []Unit{{Role: Body, Content: []byte(".x\r\n")}}
	for _, x := range []struct {
		name    string
		fate    Fate
		dot     string
		literal string
	}{
		{"as it is", Fate{}, "a\r\n.\r\n", "a\r\n"},
		{"another", Fate{Instead: dots}, "..x\r\n.\r\n", ".x\r\n"},
		{"twice", Fate{Copies: 1}, "a\r\n.\r\na\r\n.\r\n", "a\r\na\r\n"},
		{"dropped", Fate{Drop: true}, "", ""},
		{"a line", Fate{Instead: []Unit{{Role: Reply, Text: []byte("-ERR")}}}, "-ERR\r\n", "-ERR\r\n"},
	} {
		t.Run(x.name, func(t *testing.T) {
			for _, form := range []struct {
				want  string
				write func(c *Conn) error
			}{
				{x.dot, func(c *Conn) error { return c.WriteDot([]byte("a\r\n"), nil) }},
				{x.literal, func(c *Conn) error { return c.WriteLiteral([]byte("a\r\n")) }},
			} {
				m := input("", 0)
				var end int64
				c := NewServer(m, &Hooks{Deciding: func(*Unit) Fate { return x.fate }, Sending: func(u *Unit) {
					if u.From != end {
						t.Errorf("a unit from %d follows %d", u.From, end)
					}
					end = u.To
				}})
				if err := form.write(c); err != nil {
					t.Fatal(err)
				}
				if err := c.Flush(); err != nil {
					t.Fatal(err)
				}
				if m.out.String() != form.want || end != int64(len(form.want)) {
					t.Errorf("wrote %q, told of %d octets, want %q", m.out.String(), end, form.want)
				}
			}
		})
	}
	c := NewServer(input("", 0), &Hooks{Deciding: func(*Unit) Fate { return Fate{Instead: dots} }})
	if err := c.WriteLine(Reply, []byte("+OK"), false); !errors.Is(err, ErrNoBody) {
		t.Errorf("a content in place of a line: %v", err)
	}
}

// TestWaiting: what was said before is on its way while a unit waits, deadlines are
// set anew when it is over, and its error is the program's.
func TestWaiting(t *testing.T) {
	m := input("", 0)
	var order []string
	c := NewServer(m, &Hooks{
		Deciding: func(u *Unit) Fate {
			if string(u.Text) != "b" {
				return Fate{}
			}
			return Fate{Wait: func() (Fate, error) {
				order = append(order, "waits behind "+m.out.String())
				return Fate{}, nil
			}}
		},
		Said: func(u *Unit) { order = append(order, "said "+string(u.Text)) },
	})
	c.Late = func() error { order = append(order, "late"); return nil }
	for _, text := range []string{"a", "b"} {
		if err := c.WriteLine(Reply, []byte(text), false); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"said a", "said b", "waits behind a\r\n", "late"}; !reflect.DeepEqual(order, want) {
		t.Errorf("%q, want %q", order, want)
	}
	down := errors.New("down")
	c = NewServer(input("", 0), &Hooks{Deciding: func(*Unit) Fate { return Fate{Wait: func() (Fate, error) { return Fate{}, down }} }})
	if err := c.WriteLine(Reply, []byte("a"), false); !errors.Is(err, down) {
		t.Errorf("error %v", err)
	}
	if c.WriteOffset() != 0 {
		t.Error("something was written")
	}
}
