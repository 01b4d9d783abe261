package trace

import (
	"context"
	"strconv"
	"strings"
	"time"

	"mailwalk/protocols/dialog"
)

// LineFate is what becomes of a line or content that a program means to say. The
// zero LineFate has it said as it is.
type LineFate struct {
	// Why says in plain words why.
	Why string
	// Drop has it not said.
	Drop bool
	// Answer, if it is not empty, is said in place of it and of the rest of the same
	// answer: lines without their line ends, those of IMAP without the tag. It is for
	// what a server says alone. Of a command that a server has received it says how the
	// server's program is answered in its stead: the program does not hear of the
	// command.
	Answer []string
	// Corrupt, if it is not 0, has one octet of it changed, of which the number is
	// taken from here. The line stays a line, and has as many octets as before.
	Corrupt uint64
	// Copies is how many times more it is said.
	Copies int
	// Delay is how much later it is said.
	Delay time.Duration
	// Hold waits until it is let go, and returns what becomes of it then.
	Hold func() (LineFate, error)
}

// DecideLines has f say what becomes of each line and content before it is said:
// e is the event that its saying would be, with its key, but without a place in the
// trace. f is asked as well of each command that a server has received, by its
// event; of the answer only the Answer counts. f must not wait. A nil f asks nobody.
func (r *Recorder) DecideLines(f func(e *Event) LineFate) { r.decide = f }

// Happened tells whether an event with this key was recorded.
func (r *Recorder) Happened(key string) bool {
	n := 1
	if i := strings.LastIndexByte(key, '#'); i > strings.LastIndexByte(key, '/') {
		if m, err := strconv.Atoi(key[i+1:]); err == nil {
			key, n = key[:i], m
		}
	}
	return int(r.keys[hashOf([]byte(key))]) >= n
}

// deciding tells what becomes of a unit.
func (x *speaker) deciding(u *dialog.Unit) dialog.Fate {
	if x.rec.silent() {
		return dialog.Fate{}
	}
	x.meant, x.unit = x.body(u), u
	x.verbs.note(&x.meant)
	if x.muted != "" {
		why := x.muted
		if !u.More {
			x.muted = ""
		}
		x.befall(u, Dropped, why)
		return dialog.Fate{Drop: true}
	}
	if x.rec.decide == nil {
		return dialog.Fate{}
	}
	x.about()
	b := x.meant
	e := x.event(Sent, &b)
	e.At = x.rec.clock.Elapsed()
	e.IDs.fill(x.rec.Scope().ids())
	e.Key = x.rec.keyOf(&e)
	return x.fate(u, x.rec.decide(&e))
}

// befall records what is done to the unit that is to be said.
func (x *speaker) befall(u *dialog.Unit, what, why string) {
	x.about()
	b := x.meant
	b.Range = x.placed(u)
	b.To = b.From
	b.Why = why
	x.rec.Record(x.event(what, &b))
}

// fate carries out what was decided, as far as it can be now.
func (x *speaker) fate(u *dialog.Unit, f LineFate) dialog.Fate {
	switch {
	case f.Hold != nil:
		x.befall(u, Held, f.Why)
		return dialog.Fate{Wait: func() (dialog.Fate, error) {
			next, err := f.Hold()
			if err != nil {
				return dialog.Fate{}, err
			}
			return x.fate(u, next), nil
		}}
	case f.Drop:
		x.befall(u, Dropped, f.Why)
		return dialog.Fate{Drop: true}
	}
	out := dialog.Fate{Copies: f.Copies}
	if f.Delay > 0 {
		x.befall(u, Delayed, f.Why)
	}
	switch {
	case len(f.Answer) > 0 && x.server && u.Role != dialog.Body:
		x.befall(u, Replaced, f.Why)
		out.Instead = x.instead(u, f.Answer)
		if u.More {
			x.muted = "another answer was given in its place"
		}
	case f.Corrupt != 0:
		if v, ok := corrupted(u, f.Corrupt); ok {
			x.befall(u, Corrupted, f.Why)
			out.Instead = []dialog.Unit{v}
		}
	}
	if f.Copies > 0 {
		x.befall(u, Duplicated, f.Why)
	}
	if f.Delay > 0 {
		then := out
		out = dialog.Fate{Wait: func() (dialog.Fate, error) { return then, x.rec.clock.Sleep(context.Background(), f.Delay) }}
	}
	return out
}

// instead are the lines of an answer in the place of a line.
func (x *speaker) instead(u *dialog.Unit, answer []string) []dialog.Unit {
	var units []dialog.Unit
	tag, _, _ := strings.Cut(string(u.Text), " ")
	for _, text := range x.tagged(tag, answer) {
		units = append(units, dialog.Unit{Role: x.roleOf(u.Role, text), Text: []byte(text)})
	}
	return units
}

// tagged puts the tag of a command of IMAP before the lines of an answer. One that
// is untagged or asks for more has none (RFC 9051 §2.2.2).
func (x *speaker) tagged(tag string, answer []string) []string {
	if x.conn.Service != "imap" || tag == "*" || tag == "+" {
		return answer
	}
	out := make([]string, len(answer))
	for i, text := range answer {
		if out[i] = text; !strings.HasPrefix(text, "* ") && !strings.HasPrefix(text, "+") {
			out[i] = tag + " " + text
		}
	}
	return out
}

// roleOf is the role of a line in the place of one with another role.
func (x *speaker) roleOf(role dialog.Role, text string) dialog.Role {
	switch {
	case x.conn.Service != "imap" || role == dialog.Greeting:
		return role
	case strings.HasPrefix(text, "* "):
		return dialog.Untagged
	case strings.HasPrefix(text, "+"):
		return dialog.Continuation
	}
	return dialog.Reply
}

// answerTo is how a server is answered in its stead; nil when it answers itself.
func (x *speaker) answerTo(e *Event, b *LineBody) []string {
	if x.rec.decide == nil || !x.server || b.Role != dialog.Command && b.Role != dialog.Body {
		return nil
	}
	f := x.rec.decide(e)
	if len(f.Answer) == 0 {
		return nil
	}
	answered := *b
	answered.Why = f.Why
	x.rec.Record(x.event(Answered, &answered))
	return x.tagged(x.verbs.tag(), f.Answer)
}

// corrupted is a unit with one octet changed: the lowest bit of one that is
// printable before and after, or beyond ASCII. ok is false when there is none.
func corrupted(u *dialog.Unit, which uint64) (v dialog.Unit, ok bool) {
	text := u.Text
	if u.Role == dialog.Body {
		text = u.Content
	}
	count := uint64(0)
	for _, c := range text {
		if changeable(c) {
			count++
		}
	}
	if count == 0 {
		return dialog.Unit{}, false
	}
	changed := []byte(string(text))
	left := (which - 1) % count
	for i, c := range changed {
		if !changeable(c) {
			continue
		}
		if left == 0 {
			changed[i] = c ^ 1
			break
		}
		left--
	}
	v = dialog.Unit{Role: u.Role, Secret: u.Secret}
	if u.Role == dialog.Body {
		v.Content = changed
	} else {
		v.Text = changed
	}
	return v, true
}

func changeable(c byte) bool { return c >= 0x20 && c < 0x7e || c >= 0x80 }
