package mta

import (
	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
)

// stranger is what is known of the mail of a client that is no program of the
// walk: nothing, until it has a recipient. Then it gets its number, and its way to
// this server is a leg.
type stranger struct {
	is    bool
	from  string // the reverse-path
	under bool   // its mail is under way
}

// beginStranger is told of each MAIL.
func (s *session) beginStranger(from smtp.Path) {
	rec := s.Recorder
	if !s.stranger.is && rec.MailHere() != "" {
		return
	}
	s.stranger = stranger{is: true, from: from.Mailbox()}
	rec.BeginMail("")
	rec.Serve(s.conn)
}

// strangersRecipient is told of each recipient that is accepted.
func (s *session) strangersRecipient(address string) {
	if !s.stranger.is || s.stranger.under {
		return
	}
	s.stranger.under = true
	purpose := trace.Relay
	if s.mode == smtp.Submission {
		purpose = trace.Submission
	}
	s.Recorder.NewMail()
	s.Recorder.NewHop(&trace.MailBody{
		ReversePath: s.stranger.from, Recipients: []string{address}, Purpose: purpose, From: s.conn.Client, Toward: s.conn.Server,
	})
}

// strangerLeaves is told when a transaction ends without a mail.
func (s *session) strangerLeaves() {
	if s.stranger.under {
		s.stranger.under = false
		s.Recorder.Record(trace.Event{What: trace.Unsent, Body: &trace.MailBody{
			ReversePath: s.stranger.from, Reason: "the client did not go through with it, or the server did not take it",
		}})
	}
}
