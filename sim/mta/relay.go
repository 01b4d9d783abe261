package mta

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// dialTimeout is how long the next server may take to answer the phone (RFC 5321
// §4.5.3.2.1 gives its greeting five minutes).
const dialTimeout = 5 * time.Minute

// relay hands a mail to the next server for a domain.
func (s *Server) relay(ctx context.Context, e *entry, j *job, content []byte) error {
	toward := j.domain
	if j.next != "" {
		toward = j.next
	}
	s.hop(e, toward, trace.Relay, toward)
	if verdict := s.spell(j); verdict != nil {
		s.verdict(e, j.recipients, verdict, "")
		return nil
	}
	levels, verdict := s.exchangers(ctx, j)
	if verdict != nil {
		s.verdict(e, j.recipients, verdict, "")
		return nil
	}
	w := &way{entry: e, job: j, content: content, left: j.recipients}
	for i, level := range levels {
		if i > 0 {
			s.next(w, level)
		}
		if self := s.locate(ctx, j.domain, level); self.IsValid() {
			// Who is worse or as good as this server might send it back here.
			if w.last == nil {
				w.note(s.loops(j.domain, self.String()))
			}
			break
		}
		for k, x := range level {
			if k > 0 {
				s.next(w, level[k:])
			}
			if err := s.tryHost(ctx, w, x); err != nil || len(w.left) == 0 {
				return err
			}
		}
	}
	s.leave(w)
	return nil
}

// answered tells whether a server has decided on a recipient before the
// connection broke.
func answered(r smtp.Result) bool {
	for _, rcpt := range r.Recipients {
		if rcpt.Reply != nil {
			return true
		}
	}
	return false
}

// send carries out one transaction with one server, and notes what came of it.
// decided says that the server has said something of the recipients; otherwise
// the next one may be tried, and err is why.
func (s *Server) send(ctx context.Context, e *entry, j *job, host string, to netip.Addr, content []byte) (decided bool, err error) {
	env, err := e.envelope(j)
	if err != nil {
		return false, err
	}
	o := s.outgoingTo(to, host)
	c, err := s.session(ctx, o, host)
	if err != nil {
		return false, err
	}
	for taken := c != nil; ; taken = false {
		if !taken {
			if c, err = s.connect(ctx, host, to); c == nil {
				s.unreached(o, err)
				return s.cutShort(decided, j, host, err)
			}
			if err != nil {
				c.Close()
				s.free(o)
				if refused, _ := s.refused(e, j, host, err); refused {
					return true, nil
				}
				return s.cutShort(decided, j, host, err)
			}
		}
		s.extended(e, j, c, host)
		result, err := c.Send(ctx, env, content)
		if r := unfit(err, env, host); r != nil {
			s.verdict(e, j.recipients, r, "")
			s.pass(ctx, o, c)
			return true, nil
		}
		if err == nil {
			s.take(e, j, result, nil, host, c)
			err := s.save(ctx, e) // a crash from here on must not send it again
			s.pass(ctx, o, c)
			return true, err
		}
		if errors.Is(err, smtp.ErrLimit) && (taken || answered(result)) {
			_, _ = c.Quit(ctx) // the session is used up, whatever comes of saying goodbye
			decided = decided || answered(result)
			j, env = s.rest(e, j, env, result, host, c)
			if err := s.save(ctx, e); err != nil || len(j.recipients) == 0 {
				s.free(o)
				return true, err
			}
			continue
		}
		c.Close()
		if !answered(result) {
			if taken && !errors.Is(err, wire.ErrHostDown) {
				continue // the mail before may have used up the session
			}
			s.free(o)
			return s.cutShort(decided, j, host, err)
		}
		s.take(e, j, result, err, host, c)
		s.free(o)
		return true, nil
	}
}

// cutShort is what comes of a job at which a session did not get. When the server has
// decided on others before, in another session, it counts as said of these.
func (s *Server) cutShort(decided bool, j *job, host string, err error) (bool, error) {
	if !decided || errors.Is(err, wire.ErrHostDown) {
		return false, err
	}
	for _, r := range j.recipients {
		s.spoken(r, smtp.NewReply(451, smtp.Enhanced{4, 4, 2}, "%s: %v", host, err), host)
	}
	return true, nil
}

// refused notes that a server does not want to talk. When it may later, the next
// one is tried.
func (s *Server) refused(e *entry, j *job, host string, err error) (decided bool, _ error) {
	var reply *smtp.Reply
	var insecure *insecureError
	if errors.As(err, &insecure) || !errors.As(err, &reply) || reply.Temporary() {
		return false, err
	}
	s.verdict(e, j.recipients, reply, host)
	return true, nil
}

// envelope is what the next server is told of a job.
func (e *entry) envelope(j *job) (smtp.Envelope, error) {
	env := smtp.Envelope{Params: smtp.MailParams{Ret: e.Ret, EnvID: e.EnvID, UTF8: e.UTF8, Body: e.Body}}
	var err error
	if e.ReversePath != "" { // else it is the null path
		if env.From, err = smtp.ParseMailbox(e.ReversePath); err != nil {
			return env, err
		}
	}
	for _, r := range j.recipients {
		p, err := smtp.ParseMailbox(r.Address)
		if err != nil {
			return env, err
		}
		env.Recipients = append(env.Recipients, smtp.Recipient{To: p, Params: smtp.RcptParams{Notify: r.Notify, ORcpt: r.ORcpt}})
	}
	return env, nil
}

// take notes what a server has said of each recipient. err is why the rest is not
// known.
func (s *Server) take(e *entry, j *job, result smtp.Result, err error, host string, c *smtp.Client) {
	var done []string
	for i, r := range j.recipients {
		res := result.Recipients[i]
		if res.Accepted() {
			r.Reply, r.Server, r.leg = res.Reply, host, s.Recorder.Scope().Hop
			if c.Extensions().Has("DSN") {
				r.Done = true // it will tell the sender what he wants to know
			} else {
				e.passed(r, relayed)
			}
			done = append(done, r.Address)
			continue
		}
		reply := res.Reply
		if reply == nil {
			reply = smtp.NewReply(451, smtp.Enhanced{4, 4, 2}, "%s: %v", host, err)
		}
		s.spoken(r, reply, host)
	}
	if len(done) > 0 {
		s.Recorder.Record(trace.Event{What: trace.Relayed, Body: &trace.MailBody{ReversePath: e.ReversePath, Recipients: done, From: s.Host.Name(), Toward: host}})
	}
}

// spoken notes what a server has said of a recipient. Whether it waits is seen when
// no other server takes it.
func (s *Server) spoken(r *recipient, reply *smtp.Reply, host string) {
	r.Reply, r.Server, r.leg = reply, host, s.Recorder.Scope().Hop
	if !reply.Temporary() {
		s.fail(r)
	}
}

// verdict notes a refusal: for good, or for now. host is who refused, empty for
// this server itself.
func (s *Server) verdict(e *entry, recipients []*recipient, reply *smtp.Reply, host string) {
	for _, r := range recipients {
		r.Reply, r.Server, r.leg = reply, host, s.Recorder.Scope().Hop
		if reply.Temporary() {
			s.deferred(e, r)
		} else {
			s.fail(r)
		}
	}
}

// fail notes that a recipient is not tried again, because of a last word that is
// final.
func (s *Server) fail(r *recipient) {
	r.Failed = true
	because := "this server finds that it cannot be delivered"
	if r.Server != "" {
		because = r.Server + " refuses it"
	}
	s.decide(trace.GiveUp, r.Address, "bounce", fmt.Sprintf("%s, and %d is final: trying again would change nothing", because, r.Reply.Code))
}
