package sim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"mailwalk/sim/trace"
	"mailwalk/sim/wire/virtual"
)

// streams watches what the programs of a world write and read, octet by octet.
type streams struct {
	ends  map[*trace.Conn]*[2]end // the client's first
	order []*trace.Conn
	// lines says that lines go wrong: then an end may hang up on what it did not
	// expect, without having read it all.
	lines bool
}

// end is one end of a connection, and what its program knows of it.
type end struct {
	host        string
	opened      bool
	closed      bool
	off         bool // its host was switched off before it was closed
	eof         bool
	failed      error // what a call said first that was not about the end of the stream
	wrote, read []byte
}

// watchStreams is to be called before the first step.
func watchStreams(w *World) *streams {
	s := &streams{ends: map[*trace.Conn]*[2]end{}}
	w.virtual.OnCall(s.call)
	w.Listen(func(e *trace.Event) {
		if e.Kind == trace.Line && !trace.Spoken(e.What) {
			s.lines = true
		}
		b, ok := e.Body.(*trace.StateBody)
		if !ok || e.What != trace.HostState || b.After != "down" {
			return
		}
		for _, c := range s.order {
			for i := range s.ends[c] {
				if x := &s.ends[c][i]; x.opened && !x.closed && x.host == b.Name {
					x.off = true
				}
			}
		}
	})
	return s
}

func (s *streams) call(c virtual.Call) {
	ends := s.ends[c.Conn]
	if ends == nil {
		ends = new([2]end)
		s.ends[c.Conn] = ends
		s.order = append(s.order, c.Conn)
	}
	x := &ends[1]
	if c.Client {
		x = &ends[0]
	}
	switch c.Op {
	case virtual.Opened:
		x.host, x.opened = c.Host, true
	case virtual.Reads:
		x.read = append(x.read, c.Data...)
	case virtual.Writes:
		x.wrote = append(x.wrote, c.Data...)
	case virtual.ClosesWrite, virtual.Closes:
		x.closed = true
	}
	switch {
	case errors.Is(c.Err, io.EOF):
		x.eof = true
	case c.Err != nil && x.failed == nil:
		x.failed = c.Err
	}
}

// check holds what must be so at the end of a walk, whatever has happened to the
// packets: each stream is whole, or its ends know that it is not.
func (s *streams) check(t *testing.T) {
	t.Helper()
	for _, c := range s.order {
		ends := s.ends[c]
		for i := range ends {
			w, r := &ends[i], &ends[1-i]
			err := checkStream(w, r)
			if errors.Is(err, errMissing) && s.lines && r.closed && !r.eof {
				continue
			}
			if err != nil {
				t.Errorf("%s, from %s to %s: %v\n%s\n%s", c.ID, w.host, r.host, err, w, r)
			}
		}
	}
}

// errMissing is of octets that were written and not read.
var errMissing = errors.New("octets are missing")

// checkStream looks at the octets from the end that wrote them to the end that
// read them.
func checkStream(w, r *end) error {
	switch {
	case !w.opened:
		if len(r.read) > 0 {
			return errors.New("octets were read that nobody can have written")
		}
		return nil
	case !w.closed && !w.off:
		return errors.New("the end was never closed")
	case !bytes.HasPrefix(w.wrote, r.read):
		return errors.New("other octets were read than written")
	case r.eof && len(r.read) < len(w.wrote):
		return errors.New("the stream ended early, as if it were whole")
	case len(r.read) == len(w.wrote):
		return nil
	}
	switch {
	case r.opened && !r.off && r.failed == nil:
		return fmt.Errorf("%w, and the end that reads was not told", errMissing)
	case !w.off && w.failed == nil && !w.eof && !refusal(w.read) && !farewell(w.wrote[len(r.read):]):
		return fmt.Errorf("%w, and the end that wrote was not told", errMissing)
	}
	return nil
}

// refusal tells whether the last that a client has read is a server's no.
func refusal(b []byte) bool {
	b = bytes.TrimSuffix(b, []byte("\r\n"))
	last := b[bytes.LastIndexByte(b, '\n')+1:]
	return bytes.HasPrefix(last, []byte("4")) || bytes.HasPrefix(last, []byte("5")) || bytes.HasPrefix(last, []byte("-ERR"))
}

// farewell tells whether octets are what a server says last: whether it has
// arrived, nobody can tell it any more.
func farewell(b []byte) bool {
	for _, f := range []string{"221 ", "421 ", "+OK", "* BYE"} {
		if bytes.HasPrefix(b, []byte(f)) {
			return bytes.Count(b, []byte("\r\n")) == 1
		}
	}
	return false
}

func (x *end) String() string {
	return fmt.Sprintf("%s: opened %v, closed %v, off %v, eof %v, failed %v, wrote %d, read %d, last written %.60q",
		x.host, x.opened, x.closed, x.off, x.eof, x.failed, len(x.wrote), len(x.read), x.wrote[max(0, len(x.wrote)-50):])
}

// checkHeard: what was heard on a connection, unit by unit, is what was said. Where
// lines go wrong an end may take the octets for other units.
func checkHeard(t *testing.T, tr *trace.Trace) {
	t.Helper()
	type unit struct {
		to   int64
		text string
	}
	said := map[stream]map[int64]unit{}
	wrong := false
	for e := range tr.All() {
		b, ok := e.Body.(*trace.LineBody)
		if !ok {
			continue
		}
		u := unit{b.To, b.Text}
		if b.Content != nil {
			u.text = string(b.Content.ID)
		}
		s := stream{conn: e.Conn, fromServer: b.FromServer}
		if said[s] == nil {
			said[s] = map[int64]unit{}
		}
		switch e.What {
		case trace.Sent:
			said[s][b.From] = u
		case trace.Received:
			got, ok := said[s][b.From]
			if (!ok || got.to != u.to) && wrong {
				continue
			}
			if got != u {
				t.Errorf("event %d: heard %+v, said was %+v", e.Seq, u, got)
			}
		default:
			wrong = true
		}
	}
}

// TestCheckStream: what must not be is found.
func TestCheckStream(t *testing.T) {
	told := errors.New("connection reset by peer")
	for _, x := range []struct {
		name string
		w, r end
		ok   bool
	}{
		{"whole", end{wrote: []byte("abc")}, end{read: []byte("abc"), eof: true}, true},
		{"changed", end{wrote: []byte("abc")}, end{read: []byte("abd")}, false},
		{"more than was written", end{wrote: []byte("abc")}, end{read: []byte("abcd")}, false},
		{"short, both told", end{wrote: []byte("abc"), failed: told}, end{read: []byte("ab"), failed: told}, true},
		{"short, reader not told", end{wrote: []byte("abc"), failed: told}, end{read: []byte("ab")}, false},
		{"short, reader sees the end", end{wrote: []byte("abc"), failed: told}, end{read: []byte("ab"), eof: true, failed: told}, false},
		{"short, reader off", end{wrote: []byte("abc"), failed: told}, end{read: []byte("ab"), off: true}, true},
		{"short, writer not told", end{wrote: []byte("abc")}, end{read: []byte("ab"), failed: told}, false},
		{"short, writer told no", end{wrote: []byte("abc"), read: []byte("250 OK\r\n421 Timeout\r\n")}, end{read: []byte("ab"), failed: told}, true},
		{"goodbye not heard", end{wrote: []byte("250 OK\r\n221 Bye\r\n")}, end{read: []byte("250 OK\r\n"), failed: told}, true},
		{"reply not heard", end{wrote: []byte("250 OK\r\n250 queued\r\n")}, end{read: []byte("250 OK\r\n"), failed: told}, false},
	} {
		x.w.opened, x.r.opened, x.w.closed = true, true, true
		if err := checkStream(&x.w, &x.r); (err == nil) != x.ok {
			t.Errorf("%s: %v", x.name, err)
		}
	}
	if checkStream(&end{opened: true}, &end{}) == nil {
		t.Error("an end that was never closed")
	}
}
