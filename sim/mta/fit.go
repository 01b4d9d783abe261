package mta

import (
	"errors"
	"fmt"

	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
)

// extended says where the next server's extensions, or that it has none, make a mail
// go otherwise.
func (s *Server) extended(e *entry, j *job, c *smtp.Client, host string) {
	s.withoutDSN(e, j, c.Extensions(), host)
	if most := c.Limits().RcptMax; most > 0 && most < len(j.recipients) {
		s.decide(trace.Split, host, fmt.Sprintf("%d recipients at a time", most), "by LIMITS it announces that a mail may have no more; the mail is sent as often as it takes")
	}
}

// rest is what is left of a job when a session is used up: those of whom nothing was
// said.
func (s *Server) rest(e *entry, j *job, env smtp.Envelope, result smtp.Result, host string, c *smtp.Client) (*job, smtp.Envelope) {
	said, left := *j, *j
	said.recipients, left.recipients = nil, nil
	part, later := smtp.Result{Mail: result.Mail, Data: result.Data}, env
	later.Recipients = nil
	for i, r := range j.recipients {
		if result.Recipients[i].Reply == nil {
			left.recipients, later.Recipients = append(left.recipients, r), append(later.Recipients, env.Recipients[i])
			continue
		}
		said.recipients, part.Recipients = append(said.recipients, r), append(part.Recipients, result.Recipients[i])
	}
	s.take(e, &said, part, nil, host, c)
	if len(left.recipients) > 0 {
		s.decide(trace.NewSession, host, "open another session", "by LIMITS it announces how much it takes in one ("+c.Limits().String()+"), and this one is used up")
	}
	return &left, later
}

// unfit is the verdict on a mail that a server cannot be given, as it does not offer
// what the mail needs; nil for any other error. It is final: the same server would
// offer the same tomorrow. Such a mail may be converted or returned (RFC 6152 §3, RFC
// 6531 §3.2, RFC 3030 §3); it is returned here, as what is changed is not what the
// sender has written, or signed.
func unfit(err error, env smtp.Envelope, host string) *smtp.Reply {
	switch {
	case errors.Is(err, smtp.ErrNo8Bit):
		return smtp.NewReply(554, smtp.Enhanced{5, 6, 3}, "%s does not offer 8BITMIME, which the mail needs", host)
	case errors.Is(err, smtp.ErrNoBinary):
		return smtp.NewReply(554, smtp.Enhanced{5, 6, 3}, "%s does not offer BINARYMIME, which the mail needs", host)
	case errors.Is(err, smtp.ErrNoUTF8) && env.IsASCII():
		return smtp.NewReply(550, smtp.Enhanced{5, 6, 9}, "%s does not offer SMTPUTF8, which the mail's header needs", host)
	case errors.Is(err, smtp.ErrNoUTF8):
		return smtp.NewReply(553, smtp.Enhanced{5, 6, 7}, "%s does not offer SMTPUTF8, which an address of the envelope needs", host)
	}
	return nil
}
