package plain

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"mailwalk/cmd/mailwalk/tui"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// visited is a world that somebody comes into as soon as its doors are open.
type visited struct {
	*slowly
	came chan struct{}
	in   chan struct{} // closed when all is done that visitors did
	acts int
}

func (w *visited) OpenDoors() ([]tui.DoorSign, error) {
	w.came <- struct{}{}
	return []tui.DoorSign{{Name: "DNS of ns.acme.test, port 2053", Command: "dig @127.0.0.1 -p 2053 acme.test MX"}}, nil
}

func (w *visited) Arrivals() <-chan struct{} { return w.came }

func (w *visited) Admit() bool {
	if w.acts++; w.acts > 2 {
		close(w.in)
		return false
	}
	w.t.Append(&trace.Event{Kind: trace.Act, What: trace.Visit, Body: &trace.ActBody{By: "visitor", Target: "ns.acme.test:53/udp", Detail: "visitor 1 comes to ns.acme.test"}})
	return true
}

func TestVisitorsAreToldOfAtOnce(t *testing.T) {
	w := &visited{slowly: newSlowly(), came: make(chan struct{}, 1), in: make(chan struct{})}
	in, typed := io.Pipe()
	var out bytes.Buffer
	done := make(chan error, 1)
	go func() {
		done <- Step(context.Background(), w, in, &out, StepOptions{Prompt: true, Grain: explain.LineGrain})
	}()
	for _, line := range []string{"step 3\n", "doors\n"} {
		if _, err := io.WriteString(typed, line); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-w.in:
	case <-time.After(2 * time.Minute):
		t.Fatal("nobody lets the visitor in")
	}
	typed.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"  DNS of ns.acme.test, port 2053:\n    dig @127.0.0.1 -p 2053 acme.test MX\n", "A visitor is here.", "act visitor 1 comes to ns.acme.test"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it is not said %q:\n%s", want, out.String())
		}
	}
}
