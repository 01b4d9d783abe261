package mta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// entry is a mail for which this server is responsible, until each recipient has
// it or its sender was told that one could not.
type entry struct {
	ID          string
	ReversePath string
	Recipients  []*recipient
	Mail        string // its number in the trace
	Arrived     time.Time
	Tries       int
	Warned      bool // the sender was told that it waits
	// Ret and EnvID are what the client has said of reports, UTF8 and Body of the
	// mail, for the next server (RFC 3461 §4.3 and §4.4, RFC 6531 §3.4, RFC 3030 §3).
	Ret   smtp.Ret  `json:",omitempty"`
	EnvID string    `json:",omitempty"`
	UTF8  bool      `json:",omitempty"`
	Body  smtp.Body `json:",omitempty"`
	// Notice says that it is a notice to this server's postmaster.
	Notice  bool              `json:",omitempty"`
	Report  *reported         `json:",omitempty"` // of a report: what it is about
	legs    map[string]string // begun, by where they lead
	saved   []byte            // what the disk has of it
	reports []*entry          // on it, which wait for that to be noted
}

// recipient is one whose copy is in the queue.
type recipient struct {
	Address string
	// Done says that nothing more is to be done for it: it has its copy, or the
	// sender was told.
	Done bool
	// Failed says that it is not tried again, and that the sender is to be told.
	Failed bool
	// Passed says the same of one who has his copy, or for whom another server
	// answers, and what the report calls that (RFC 3464 §2.3.3); empty if the sender
	// has not asked to be told.
	Passed action `json:",omitempty"`
	// Notify are the events of which the sender wants to be told, and ORcpt is whom
	// he meant, where he has said so (RFC 3461 §4.1 and §4.2).
	Notify smtp.Notify            `json:",omitempty"`
	ORcpt  smtp.OriginalRecipient `json:",omitzero"`
	// Reply is the last word on it, and Server who has said it; empty for this
	// server itself.
	Reply  *smtp.Reply
	Server string
	leg    string // the last on which it was tried since the server's start
}

// over tells whether nothing more is tried for a recipient.
func (r *recipient) over() bool { return r.Done || r.Failed || r.Passed != "" }

func (e *entry) addresses() []string {
	var all []string
	for _, r := range e.Recipients {
		if r.Passed != expanded { // those whom it stands for are there
			all = append(all, r.Address)
		}
	}
	return all
}

// waiting are the recipients that are not done.
func (e *entry) waiting() []*recipient {
	var left []*recipient
	for _, r := range e.Recipients {
		if !r.Done {
			left = append(left, r)
		}
	}
	return left
}

// newID names a queue entry.
func (s *Server) newID() string { return fmt.Sprintf("%010X", s.ids.Uint64()&(1<<40-1)) }

// Names of an entry's files.
func contentFile(id string) string  { return "queue/" + id + ".eml" }
func envelopeFile(id string) string { return "queue/" + id + ".json" }
func freshFile(id string) string    { return envelopeFile(id) + ".new" }

// enqueue writes an entry to the disk. When it returns nil, a crash does not lose
// the mail any more: this is what the server may say 250 about (RFC 5321
// §4.2.5). With an error nothing is left of it.
func (s *Server) enqueue(ctx context.Context, e *entry, content []byte) error {
	err := s.writeContent(ctx, e, content)
	if err == nil {
		err = s.save(ctx, e)
	}
	if err != nil {
		return errors.Join(err, s.removeFiles(e.ID))
	}
	s.queue[e.ID] = e
	s.tell(e, "active", 0)
	return nil
}

func (s *Server) writeContent(ctx context.Context, e *entry, content []byte) error {
	d := s.Host.Disk()
	if err := d.Write(contentFile(e.ID), content); err != nil {
		return err
	}
	return d.Sync(ctx, contentFile(e.ID))
}

// save writes what is known of an entry, in place of what was, and returns when it
// is on the disk. What the disk has already is not written again.
func (s *Server) save(ctx context.Context, e *entry) error {
	data, err := json.Marshal(e)
	if err != nil || bytes.Equal(data, e.saved) {
		return err
	}
	d := s.Host.Disk()
	fresh := freshFile(e.ID)
	if err := d.Write(fresh, data); err != nil {
		return err
	}
	if err := d.Sync(ctx, fresh); err != nil {
		return err
	}
	if err := d.Rename(fresh, envelopeFile(e.ID)); err != nil {
		return err
	}
	if err := d.Sync(ctx, envelopeFile(e.ID)); err != nil {
		return err
	}
	e.saved = data
	return nil
}

// tell records an entry's state; an empty one says that it has left the queue.
func (s *Server) tell(e *entry, state string, due time.Duration) {
	b := &trace.StateBody{Name: e.ID, After: state, Due: due}
	for _, r := range e.waiting() {
		b.Recipients = append(b.Recipients, r.Address)
	}
	s.Recorder.Record(trace.Event{Host: s.Host.Name(), What: trace.QueueState, IDs: trace.IDs{Queue: e.ID, Mail: e.Mail}, Body: b})
}

// remove takes an entry out of the queue.
func (s *Server) remove(ctx context.Context, e *entry) error {
	// A file that was removed may be back after a crash. What it says then is that
	// nothing is left to do.
	if err := s.save(ctx, e); err != nil {
		return err
	}
	delete(s.queue, e.ID)
	s.tell(e, "", 0)
	return s.removeFiles(e.ID)
}

func (s *Server) removeFiles(id string) error {
	d := s.Host.Disk()
	for _, name := range []string{contentFile(id), envelopeFile(id), freshFile(id)} {
		if err := d.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// about makes the running program be about an entry.
func (s *Server) about(e *entry) {
	scope := s.Recorder.Scope()
	s.Recorder.BeginMail(e.Mail)
	scope.Queue = e.ID
}

// process has a task work on an entry.
func (s *Server) process(e *entry) {
	s.Host.Go("deliver "+e.ID, func(ctx context.Context) { s.work(ctx, e) })
}

// work tries to get a mail to all who wait for it, once. When the server itself
// fails, the mail stays in the queue and is tried again.
func (s *Server) work(ctx context.Context, e *entry) {
	s.about(e)
	err := s.try(ctx, e)
	if err == nil || ctx.Err() != nil || errors.Is(err, wire.ErrHostDown) {
		return // switched off, it finds the queue on its disk when it is back
	}
	s.Recorder.Record(trace.Event{What: trace.Deferred, Body: &trace.MailBody{ReversePath: e.ReversePath, Recipients: e.addresses(), Reason: err.Error()}})
	wait, more := s.Schedule.next(e.Tries, s.Host.Clock().Now().Sub(e.Arrived))
	if !more {
		s.decide(trace.GiveUp, e.ID, "leave it in the queue for a person to look at", "the server fails to work on it: "+err.Error())
		return
	}
	s.again(e, wait)
}

// again has an entry tried later.
func (s *Server) again(e *entry, wait time.Duration) {
	s.tell(e, "deferred", s.Recorder.Now()+wait)
	s.Host.Clock().AfterFunc(wait, "retry "+e.ID, func(ctx context.Context) {
		s.about(e)
		s.tell(e, "active", 0)
		s.work(ctx, e)
	})
}

func (s *Server) try(ctx context.Context, e *entry) error {
	if err := s.release(ctx, e); err != nil {
		return err
	}
	e.Tries++
	content, err := s.Host.Disk().Read(contentFile(e.ID))
	if err != nil {
		return err
	}
	for i, job := range s.route(e) {
		// What the way before has come to must not be done once more after a crash.
		if i > 0 {
			if err := s.save(ctx, e); err != nil {
				return err
			}
		}
		s.Recorder.Scope().Hop = ""
		if job.local {
			err = s.deliver(ctx, e, job, content)
		} else {
			err = s.relay(ctx, e, job, content)
		}
		if err != nil {
			return err
		}
	}
	s.Recorder.Scope().Hop = ""
	return s.settle(ctx, e, content)
}

// settle decides what becomes of an entry after a try.
func (s *Server) settle(ctx context.Context, e *entry, content []byte) error {
	age := s.Host.Clock().Now().Sub(e.Arrived)
	wait, more := s.Schedule.next(e.Tries, age)
	if !more {
		for _, r := range e.waiting() {
			if !r.over() {
				r.Failed = true
				s.decide(trace.GiveUp, r.Address, "bounce", "it has been tried for "+inWords(s.Schedule.Expire))
			}
		}
	}
	if err := s.bounce(ctx, e, content); err != nil {
		return err
	}
	if err := s.confirm(ctx, e, content); err != nil {
		return err
	}
	if s.warns(e) {
		if age >= s.Schedule.Notice {
			if err := s.warn(ctx, e, content); err != nil {
				return err
			}
		} else {
			wait = min(wait, s.Schedule.Notice-age) // so that the sender is told in time
		}
	}
	if len(e.waiting()) == 0 {
		return s.remove(ctx, e)
	}
	if err := s.save(ctx, e); err != nil {
		return err
	}
	s.decide(trace.Retry, e.ID, "in "+inWords(wait), fmt.Sprintf("it failed for now, and this was try %d", e.Tries))
	s.again(e, wait)
	return nil
}

// inWords is a time without the parts that are 0: 15m, 4h, 5d.
func inWords(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d > 0 && d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d > 0 && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d > 0 && d%time.Minute == 0 && d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.Round(time.Second).String()
}
