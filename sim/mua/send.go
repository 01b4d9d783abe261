package mua

import (
	"context"
	"errors"
	"fmt"

	"mailwalk/protocols/message"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// Outgoing is a mail to be sent.
type Outgoing struct {
	// ID is the mail's number in the trace.
	ID string
	// Content is in canonical form: see message.Canonicalize.
	Content []byte
	// Changes are what was changed to make it so.
	Changes []string
	// From and To are the envelope.
	From string
	To   []string
	// Notify, Ret and EnvID are what the person wants to be told (RFC 3461 §4); all
	// are empty for what servers do unasked.
	Notify smtp.Notify
	Ret    smtp.Ret
	EnvID  string
	// UTF8 says that a header, the mail's or a part's, is not ASCII (RFC 6532 §3.2).
	UTF8 bool
}

// Refusal says that no server took a mail for some of its recipients.
type Refusal struct {
	Recipient string
	Reply     *smtp.Reply
}

func (r *Refusal) Error() string { return fmt.Sprintf("%s: %v", r.Recipient, r.Reply) }

// Send hands a mail to the submission server. The error says that nobody, or not
// everybody, will get it; it was recorded.
func (p *Program) Send(ctx context.Context, m Outgoing) error {
	rec := p.Recorder
	rec.BeginMail(m.ID)
	header := message.ParseHeader(m.Content)
	rec.KnowMail(header.Get("Message-ID"), m.ID)
	content := rec.Trace().Bodies.Put(m.Content)
	body := func() *trace.MailBody {
		return &trace.MailBody{ReversePath: m.From, Recipients: m.To, MessageID: header.Get("Message-ID"), Subject: header.Get("Subject"), Content: &content}
	}
	rec.Record(trace.Event{What: trace.Composed, Body: body()})
	if len(m.Changes) > 0 {
		b := body()
		b.Changes = m.Changes
		rec.Record(trace.Event{What: trace.Changed, Body: b})
	}
	b := body()
	b.Purpose, b.From, b.Toward = trace.Submission, p.Host.Name(), p.Submission
	rec.NewHop(b)
	err := p.submit(ctx, m)
	if err != nil {
		b := body()
		b.Reason = err.Error()
		rec.Record(trace.Event{What: trace.Unsent, Body: b})
	}
	return err
}

func (p *Program) submit(ctx context.Context, m Outgoing) error {
	env, err := envelope(m)
	if err != nil {
		return err
	}
	nc, s, hooks, err := p.dial(ctx, p.Submission, p.port(p.Submission, submissionPort, submissionsPort))
	if err != nil {
		return err
	}
	opts := smtp.ClientOptions{AllowCleartext: p.AllowCleartext, Chunking: true, Now: p.Host.Clock().Now, Hooks: hooks, TLSHooks: s.hooks()}
	opts.Rand = wire.RandomOctets(p.Host, "SASL "+wire.Traced(nc).ID)
	if p.Mechanism != "" {
		opts.Mechanisms = []string{p.Mechanism}
	}
	c := smtp.NewClient(nc, opts)
	defer c.Close()
	if err := s.greetSMTP(ctx, c); err != nil {
		return err
	}
	if err := p.authenticate(ctx, c); err != nil {
		return p.leave(ctx, c, err)
	}
	if m.asks() && !c.Extensions().Has("DSN") {
		rec := p.Recorder
		rec.Record(trace.Event{What: trace.NoDSN, Body: &trace.DecisionBody{
			Subject: p.Submission, Choice: "leave the wishes out", Because: "it does not offer DSN, so what the sender wants to be told cannot be said",
		}})
	}
	result, err := c.Send(ctx, env, m.Content)
	if err != nil {
		return err
	}
	// What the server answered stands, whatever comes of saying goodbye.
	_, _ = c.Quit(ctx)
	var refused []error
	for _, r := range result.Recipients {
		if !r.Accepted() {
			refused = append(refused, &Refusal{Recipient: r.To.Mailbox(), Reply: r.Reply})
		}
	}
	return errors.Join(refused...)
}

// leave says goodbye to a server that does not do what the program wants, if the
// connection stands (RFC 5321 §4.1.1.10), and returns why it leaves.
func (p *Program) leave(ctx context.Context, c *smtp.Client, why error) error {
	if errors.Is(why, ErrPassword) || errors.Is(why, smtp.ErrNoMechanism) {
		_, _ = c.Quit(ctx)
	}
	return why
}

func envelope(m Outgoing) (smtp.Envelope, error) {
	from, err := smtp.ParseMailbox(m.From)
	if err != nil {
		return smtp.Envelope{}, fmt.Errorf("sender %s: %w", m.From, err)
	}
	env := smtp.Envelope{From: from, Params: smtp.MailParams{Ret: m.Ret, EnvID: m.EnvID, UTF8: m.UTF8}}
	for _, to := range m.To {
		path, err := smtp.ParseMailbox(to)
		if err != nil {
			return smtp.Envelope{}, fmt.Errorf("recipient %s: %w", to, err)
		}
		env.Recipients = append(env.Recipients, smtp.Recipient{To: path, Params: m.wishes(to)})
	}
	return env, nil
}

// asks tells whether the person wants to be told of anything in particular.
func (m Outgoing) asks() bool { return m.Notify != 0 || m.Ret != "" || m.EnvID != "" }

// wishes are the parameters of RCPT: what the sender wants to be told, and whom he
// meant, for the servers may come to other addresses (RFC 3461 §4.2).
func (m Outgoing) wishes(to string) smtp.RcptParams {
	if m.Notify == 0 {
		return smtp.RcptParams{}
	}
	return smtp.RcptParams{Notify: m.Notify, ORcpt: smtp.OriginalRecipientOf(to)}
}
