package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
)

// Outlet is where what a visitor is sent goes. Its methods are called while the
// world is at rest or steps, and must not wait.
type Outlet interface {
	// Send gives the visitor octets, or one datagram. They count as not yet taken
	// until the visitor's Drained.
	Send(p []byte)
	// Taken tells that so many octets that the visitor has sent are on the wire.
	Taken(n int)
	// Finish tells that nothing more will be sent.
	Finish()
	// HangUp tells that the connection is gone; why is nil if both ends had
	// finished.
	HangUp(why error)
}

// visitWindow is how much may be on its way to a visitor outside of the walk.
// Beyond it the walk's TCP keeps the octets, and its window closes.
const visitWindow = 64 << 10

// visit is a visitor's way into the walk: a connection, or a socket for
// datagrams, of the host at which all visitors stand.
type visit struct {
	number  int
	door    Door
	outlet  Outlet // nil when a recording is played
	changed *clock.Cond
	conn    net.Conn // nil until it stands

	said     []byte   // not yet on the wire
	asked    [][]byte // the same, datagram by datagram
	finished bool     // nothing more will be said
	heard    bool     // the other end has finished
	gone     bool
	left     func() // told when it is gone; may be nil
	owed     int64  // octets handed to the outlet that the visitor has not taken
}

// Knock has a visitor come to a door; the error says that it is none of the
// walk's. It may be called from any goroutine, and so may the visitor's methods.
func (w *World) Knock(d Door, detail string, o Outlet) (*Knocker, error) {
	if w.inbox == nil || w.doorNamed(d.Target()) == nil {
		return nil, fmt.Errorf("%s is no door of this walk", d.Target())
	}
	k := &Knocker{world: w}
	left := func() {}
	if d.Network == "tcp" { // who asks by datagrams never says when that is all
		w.present.Add(1)
		left = func() {
			w.present.Add(-1)
			w.inbox.Wake()
		}
	}
	w.inbox.Put(func() {
		k.number = len(w.visits) + 1
		w.outlet, w.left = o, left
		w.must(w.do(Act{By: Visitor, What: trace.Visit, Target: d.Target(), Detail: detail}))
		w.outlet, w.left = nil, nil
	})
	return k, nil
}

// Knocker is a visitor, as seen from outside.
type Knocker struct {
	world  *World
	number int // known when the world has taken notice
}

// Say sends octets, or one datagram. p must not be changed.
func (k *Knocker) Say(p []byte) { k.act(Act{What: trace.Say, Input: p}) }

// Drained tells that the visitor has taken so many octets.
func (k *Knocker) Drained(n int) { k.act(Act{What: trace.Drain, Octets: int64(n)}) }

// Finish tells that the visitor will say nothing more.
func (k *Knocker) Finish() { k.act(Act{What: trace.Finish}) }

// HangUp tells that the visitor is gone.
func (k *Knocker) HangUp() { k.act(Act{What: trace.HangUp}) }

func (k *Knocker) act(a Act) {
	w := k.world
	w.inbox.Put(func() {
		v := w.visits[k.number-1]
		if v.gone {
			return
		}
		a.By, a.Target = Visitor, visitorName(k.number)
		w.must(w.do(a))
	})
}

// gone tells whether a visitor, by its name, has gone.
func (w *World) gone(visitor string) bool {
	return slices.ContainsFunc(w.visits, func(v *visit) bool { return v.gone && visitorName(v.number) == visitor })
}

func visitorName(n int) string { return Visitor + " " + strconv.Itoa(n) }

// prepareVisit is prepareAct for what visitors do.
func (w *World) prepareVisit(a Act) (func() error, error) {
	if a.What == trace.Visit {
		d := w.doorNamed(a.Target)
		if d == nil {
			return nil, errors.New("there is no such door")
		}
		return func() error { return w.enter(*d) }, nil
	}
	number, ok := strings.CutPrefix(a.Target, Visitor+" ")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 1 || n > len(w.visits) {
		return nil, errors.New("there is no such visitor")
	}
	v := w.visits[n-1]
	return func() error {
		switch a.What {
		case trace.Say:
			if v.door.Network == "udp" {
				v.asked = append(v.asked, a.Input)
			} else {
				v.said = append(v.said, a.Input...)
			}
		case trace.Drain:
			v.owed -= a.Octets
		case trace.Finish:
			v.finished = true
		case trace.HangUp:
			v.leave()
			v.outlet = nowhere{}
		}
		v.changed.Broadcast()
		return nil
	}, nil
}

// enter begins a visit.
func (w *World) enter(d Door) error {
	h, ok := w.net.Host(w.visitors)
	if !ok {
		return errors.New("this run has no doors")
	}
	v := &visit{number: len(w.visits) + 1, door: d, outlet: w.outlet, left: w.left, changed: w.clock.NewCond()}
	if v.outlet == nil {
		v.outlet = nowhere{}
	}
	w.visits = append(w.visits, v)
	h.Go(visitorName(v.number), func(ctx context.Context) {
		conn, err := h.Dial(ctx, d.Network, netip.AddrPort{}, d.Inside)
		if err != nil {
			v.hangUp(err)
			return
		}
		if v.gone { // it has not waited
			_ = conn.Close() // there is nothing left to be lost
			return
		}
		v.conn = conn
		h.Go(visitorName(v.number)+" listens", v.listen)
		v.speak(ctx)
	})
	return nil
}

// speak puts what the visitor says on the wire.
func (v *visit) speak(ctx context.Context) {
	for {
		switch {
		case v.gone:
			return
		case len(v.asked) > 0:
			p := v.asked[0]
			v.asked = v.asked[1:]
			if !v.write(p) {
				return
			}
		case len(v.said) > 0:
			p := v.said
			v.said = nil
			if !v.write(p) {
				return
			}
		case v.finished && v.door.Network == "tcp":
			v.closeWrite()
			return
		default:
			if v.changed.Wait(ctx) != nil {
				return // the world has ended
			}
		}
	}
}

func (v *visit) write(p []byte) bool {
	_, err := v.conn.Write(p) // on what it was when the call began: the visitor may leave meanwhile
	v.outlet.Taken(len(p))
	if err != nil && !v.gone {
		v.hangUp(err)
	}
	return err == nil
}

// closeWrite ends the visitor's half of the connection, and all of it if the
// other half has ended.
func (v *visit) closeWrite() {
	if half, ok := v.conn.(interface{ CloseWrite() error }); ok && !v.heard {
		if err := half.CloseWrite(); err != nil {
			v.hangUp(err)
		}
		return
	}
	v.hangUp(nil)
}

// listen hands out what comes for the visitor, no faster than it takes it.
func (v *visit) listen(ctx context.Context) {
	buf := make([]byte, 1<<10)
	if v.door.Network == "udp" {
		buf = make([]byte, 64<<10)
	}
	for {
		for v.owed >= visitWindow && !v.gone {
			if v.changed.Wait(ctx) != nil {
				return
			}
		}
		if v.gone {
			return
		}
		n, err := v.conn.Read(buf[:min(int64(len(buf)), max(visitWindow-v.owed, 1))])
		if n > 0 {
			if v.door.Network == "tcp" {
				v.owed += int64(n)
			}
			v.outlet.Send(append([]byte(nil), buf[:n]...))
		}
		if n == len(buf) && n < 16<<10 { // most take a few lines at a time, and many nothing at all
			buf = make([]byte, 2*n)
		}
		switch {
		case err == nil || v.gone:
		case errors.Is(err, io.EOF):
			v.heard = true
			if v.finished && len(v.said) == 0 {
				v.hangUp(nil)
			} else {
				v.outlet.Finish()
			}
			return
		default:
			v.hangUp(err)
			return
		}
	}
}

// hangUp ends the visit from within.
func (v *visit) hangUp(why error) {
	if !v.gone {
		v.leave()
		v.outlet.HangUp(why)
		v.outlet = nowhere{}
		v.changed.Broadcast()
	}
}

// leave ends the visit.
func (v *visit) leave() {
	if v.gone {
		return
	}
	v.gone = true
	if v.left != nil {
		v.left()
	}
	if v.conn != nil {
		_ = v.conn.Close() // how it ends is told by its connection
	}
	// There may be many, and of those who have gone nothing else is kept.
	v.said, v.asked, v.left, v.conn = nil, nil, nil, nil
}

// nowhere is the outlet of a recording that is played.
type nowhere struct{}

func (nowhere) Send([]byte)  {}
func (nowhere) Taken(int)    {}
func (nowhere) Finish()      {}
func (nowhere) HangUp(error) {}
