package dialog

import (
	"errors"
	"fmt"
)

// Fate is what becomes of a unit that a program says. The zero Fate has it
// written as it is. The program does not learn of it: it goes on as one that has
// said what it meant.
type Fate struct {
	// Wait, if it is not nil, is called when all that was said before is on its way,
	// and returns what becomes of the unit then. Its error ends the dialogue: it is
	// that of the call that said the unit.
	Wait func() (Fate, error)
	// Drop has nothing written.
	Drop bool
	// Instead, if it is not nil, is written in place of the unit, one unit after the
	// other. Of each the Role, the Text or, for a Body, the Content, and Secret count.
	// A Body can stand in a Body's place alone.
	Instead []Unit
	// Copies is how many times more all that is written.
	Copies int
}

// ErrNoBody says that a content was to be written in place of a line.
var ErrNoBody = errors.New("a content in place of a line")

// WriteLine puts one line, given without its CRLF, into the write buffer, as far
// as the hooks let it. A line with a CR, an LF or a NUL inside is an error and is
// not written.
func (c *Conn) WriteLine(role Role, text []byte, secret bool) error {
	return c.writeLine(role, text, secret, false)
}

// WritePart is WriteLine for one line of several. more says that the same answer or
// command goes on in the next unit.
func (c *Conn) WritePart(role Role, text []byte, more bool) error {
	return c.writeLine(role, text, false, more)
}

func (c *Conn) writeLine(role Role, text []byte, secret, more bool) error {
	if c.hooks == nil {
		return c.putLine(text)
	}
	if err := checkLine(text); err != nil {
		return err
	}
	return c.say(&Unit{Role: role, Text: text, Secret: secret, More: more}, nil)
}

// WriteDot puts content into the write buffer with its dots stuffed and the lone
// dot behind it, as a Body. step, which may be nil, is called before each 64 KiB
// of it. A last line without its CRLF gets it.
func (c *Conn) WriteDot(content []byte, step func() error) error {
	return c.writeBody(content, false, &form{size: DotSize, put: func(content []byte) error { return c.putDot(content, step) }})
}

// WriteLiteral puts content into the write buffer as it is, as a Body behind which
// the same answer or command goes on.
func (c *Conn) WriteLiteral(content []byte) error {
	return c.writeBody(content, true, c.counted())
}

// WriteChunk is WriteLiteral for a content that ends its command, as SMTP's BDAT
// has it.
func (c *Conn) WriteChunk(content []byte) error { return c.writeBody(content, false, c.counted()) }

// counted is the form of a content whose length was said before.
func (c *Conn) counted() *form {
	return &form{
		size: func(content []byte) int64 { return int64(len(content)) },
		put: func(content []byte) error {
			_, err := c.Write(content)
			return err
		},
	}
}

// form is how a content stands on the wire.
type form struct {
	size func(content []byte) int64
	put  func(content []byte) error
}

func (c *Conn) writeBody(content []byte, more bool, f *form) error {
	if c.hooks == nil {
		return f.put(content)
	}
	return c.say(&Unit{Role: Body, Content: content, More: more}, f)
}

// say has the hooks decide on a unit, and writes what they make of it. f is the
// form of a Body.
func (c *Conn) say(u *Unit, f *form) error {
	if err := c.place(u, f); err != nil {
		return err
	}
	fate := c.hooks.deciding(u)
	waited := fate.Wait != nil
	if waited {
		c.hooks.said(u)
	}
	for fate.Wait != nil {
		if err := c.w.Flush(); err != nil {
			return err
		}
		var err error
		if fate, err = fate.Wait(); err != nil {
			return err
		}
	}
	if waited && c.Late != nil {
		if err := c.Late(); err != nil {
			return err
		}
	}
	if err := c.carryOut(u, &fate, f); err != nil {
		return err
	}
	if !waited {
		c.hooks.said(u)
	}
	return nil
}

func (c *Conn) carryOut(u *Unit, fate *Fate, f *form) error {
	if fate.Drop {
		return nil
	}
	for range 1 + max(fate.Copies, 0) {
		if fate.Instead == nil {
			if err := c.put(u, f); err != nil {
				return err
			}
			continue
		}
		for i := range fate.Instead {
			v := fate.Instead[i]
			if err := c.put(&v, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// put writes one unit, after the hooks were told where it goes.
func (c *Conn) put(u *Unit, f *form) error {
	if err := c.place(u, f); err != nil {
		return err
	}
	c.hooks.sending(u)
	if u.Role == Body {
		return f.put(u.Content)
	}
	return c.putLine(u.Text)
}

// place fills in the range that a unit takes up if it is written next.
func (c *Conn) place(u *Unit, f *form) error {
	u.FromServer = c.server
	u.From = c.wOff
	switch {
	case u.Role != Body:
		u.To = u.From + int64(len(u.Text)) + 2
		return checkLine(u.Text)
	case f == nil:
		return ErrNoBody
	}
	u.To = u.From + f.size(u.Content)
	return nil
}

func checkLine(text []byte) error {
	for _, ch := range text {
		if ch == '\r' || ch == '\n' || ch == 0 {
			return fmt.Errorf("line %q: %w", clip(text), ErrBareLineEnd)
		}
	}
	return nil
}

func clip(b []byte) []byte {
	const most = 60
	if len(b) > most {
		return b[:most]
	}
	return b
}

func (c *Conn) putLine(text []byte) error {
	if err := checkLine(text); err != nil {
		return err
	}
	n, err := c.w.Write(text)
	c.wOff += int64(n)
	if err != nil {
		return err
	}
	n, err = c.w.WriteString("\r\n")
	c.wOff += int64(n)
	return err
}

// dotStep is between two calls of WriteDot's step, in octets of the content.
const dotStep = 64 << 10

func (c *Conn) putDot(content []byte, step func() error) error {
	w := c.NewDotWriter()
	for len(content) > 0 {
		if step != nil {
			if err := step(); err != nil {
				return err
			}
		}
		n := min(len(content), dotStep)
		if _, err := w.Write(content[:n]); err != nil {
			return err
		}
		content = content[n:]
	}
	return w.Close()
}
