package main

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// toy is a world in which one mail is written and stored, or what its subject
// asks for.
type toy struct {
	t       *trace.Trace
	given   given
	listen  []func(*trace.Event)
	elapsed time.Duration
}

func newToy(sc *scenarios.Scenario, g given) (world, error) {
	if g.message != nil && len(g.message.content) == 0 {
		return nil, errors.New(g.message.name + ": the file is empty")
	}
	seed := sc.Seed
	if g.seed != nil {
		seed = *g.seed
	}
	h := trace.Header{Name: sc.Name, Scenario: string(sc.Source), Seed: seed}
	return &toy{t: trace.New(h), given: g}, nil
}

func (w *toy) Trace() *trace.Trace         { return w.t }
func (w *toy) Listen(f func(*trace.Event)) { w.listen = append(w.listen, f) }
func (w *toy) Now() time.Duration          { return w.elapsed }
func (w *toy) Step() bool                  { return false }
func (w *toy) Close() error                { return nil }

func (w *toy) add(host, what string, body trace.Body) {
	w.elapsed += time.Millisecond
	e := &trace.Event{At: w.elapsed, Host: host, Kind: body.Kind(), What: what, Body: body, IDs: trace.IDs{Mail: "1"}}
	w.t.Append(e)
	for _, f := range w.listen {
		f(e)
	}
}

func (w *toy) Run(ctx context.Context) error {
	content := w.t.Bodies.Put([]byte("Subject: " + w.given.subject + "\r\n\r\n" + w.given.text + "\r\n"))
	w.add("here", trace.Composed, &trace.MailBody{
		ReversePath: w.given.from, Recipients: w.given.to, Subject: w.given.subject, Content: &content,
	})
	switch w.given.subject {
	case "interrupt":
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			return err
		}
		if err := self.Signal(syscall.SIGINT); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	case "trouble":
		return errors.New("the world fell apart")
	case "endless":
		for ctx.Err() == nil {
			w.add("here", trace.Narration, &trace.NoteBody{Newcomer: "And so on."})
		}
		return ctx.Err()
	case "refuse":
		w.add("here", trace.Unsent, &trace.MailBody{Reason: "552 5.3.4 too big"})
		return nil
	}
	w.add("there", trace.Stored, &trace.MailBody{Mailbox: "bob@globex.test/INBOX", UID: 1})
	return nil
}
