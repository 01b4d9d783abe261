package mta

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/message"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
)

// backend is what the SMTP server of one connection asks.
type backend struct {
	*Server
	mode smtp.Mode
	conn *trace.Conn
	// accept is what is to be done when the reply to a content was said.
	accept func()
}

// NewSession implements smtp.Backend.
func (b *backend) NewSession(_ context.Context, peer smtp.Peer) (smtp.Session, error) {
	return &session{backend: b, client: addrOf(peer.Addr)}, nil
}

// said is told of what the server has said, or believes to have. With the reply to
// a content that was taken, the mail becomes this server's (RFC 5321 §4.2.5).
func (b *backend) said(u *dialog.Unit) {
	if u.Role == dialog.Reply {
		b.taken()
	}
}

// taken does what is to be done with a mail that was taken.
func (b *backend) taken() {
	if accept := b.accept; accept != nil {
		b.accept = nil
		accept()
	}
}

func addrOf(a net.Addr) netip.Addr {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// session is one client's way through the server.
type session struct {
	*backend
	client   netip.Addr
	user     string // who logged in
	from     string // the reverse-path
	size     int64  // of the mail, as the client says; 0 if it does not
	stranger stranger
}

// Mail implements smtp.Session.
func (s *session) Mail(ctx context.Context, from smtp.Path, params smtp.MailParams) error {
	s.from, s.size = from.Mailbox(), params.Size
	if s.guarded() && s.limit != nil {
		if again, ok := s.limit.take(s.client, s.Host.Clock().Now()); !ok {
			s.decide(trace.ComeLater, s.client.String(), "put off", fmt.Sprintf("it has sent %d mails within %s; there is room for one more in %s", s.Limit.Mails, inWords(s.Limit.Per), inWords(again)))
			return smtp.NewReply(450, smtp.Enhanced{4, 7, 1}, "too many mails from %s, come again later", s.client)
		}
	}
	s.beginStranger(from)
	return s.checkSender(ctx, from)
}

// guarded tells whether the client is one of whom nothing is known.
func (s *session) guarded() bool { return s.mode == smtp.Relay && s.user == "" && !s.trusts(s.client) }

// Rcpt implements smtp.Session: whose business is this recipient?
func (s *session) Rcpt(_ context.Context, to smtp.Path, _ smtp.RcptParams) error {
	to = s.named(to)
	address := to.Mailbox()
	accept := func(because string) error {
		if r := s.comeLater(address); r != nil {
			return r
		}
		s.strangersRecipient(address)
		s.decide(trace.AcceptRecipient, address, "accepted", because)
		return nil
	}
	refuse := func(r *smtp.Reply, because string) error {
		s.decide(trace.RefuseRecipient, address, "refused", because)
		return r
	}
	noUser := smtp.NewReply(550, smtp.Enhanced{5, 1, 1}, "<%s>: no such mailbox here", address)
	switch {
	case s.isPostmaster(to) && s.Postmaster != "":
		return accept("every mail server takes mail for its postmaster; here that is " + s.Postmaster)
	case to.IsPostmaster():
		return refuse(noUser, "nobody was named as this server's postmaster")
	case s.forwards(address) != nil:
		return s.rcptForwarded(address, accept, refuse)
	case s.isLocal(to.Domain) && s.Mailboxes != nil && s.Mailboxes.Has(address):
		if r, because := s.full(address); r != nil {
			return refuse(r, because)
		}
		return accept(to.Domain + " is this server's own domain, and it has a mailbox of that name")
	case s.isLocal(to.Domain):
		return refuse(noUser, to.Domain+" is this server's own domain, and it has no mailbox of that name")
	case s.isRelayed(to.Domain) && s.Known(address):
		return accept("this server is the way in to " + to.Domain + ", where there is a mailbox of that name")
	case s.isRelayed(to.Domain):
		return refuse(noUser, "this server is the way in to "+to.Domain+", where there is no mailbox of that name")
	case s.user != "":
		return accept(s.user + " has logged in and may send to anywhere")
	case s.trusts(s.client):
		return accept(s.client.String() + " is an address that this server trusts")
	case s.Open && s.mode == smtp.Relay:
		return accept("this server relays for anybody to anywhere: it is an open relay")
	}
	return refuse(smtp.NewReply(550, smtp.Enhanced{5, 7, 1}, "<%s>: relaying denied", address),
		to.Domain+" is not this server's business, and the client has neither logged in nor is it trusted")
}

// isPostmaster tells whether a recipient is the one whom every mail server has
// (RFC 5321 §4.5.1), and has no mailbox of its own here.
func (s *session) isPostmaster(to smtp.Path) bool {
	if to.IsPostmaster() {
		return true
	}
	own := s.isLocal(to.Domain) && !(s.Mailboxes != nil && s.Mailboxes.Has(to.Mailbox()))
	// The server's reports come from there (RFC 3461 §9.3).
	own = own || strings.EqualFold(to.Domain, s.Hostname)
	return strings.EqualFold(to.Local, "postmaster") && own
}

func (s *session) trusts(a netip.Addr) bool {
	for _, p := range s.Trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Data implements smtp.Session: when it returns, the mail is this server's.
func (s *session) Data(ctx context.Context, peer smtp.Peer, env smtp.Envelope, r io.Reader) (string, error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	if n := message.CountReceived(content); n >= s.Hops {
		s.decide(trace.GiveUp, env.From.Mailbox(), "refused", fmt.Sprintf("the mail has %d Received fields: it goes round in a circle", n))
		return "", smtp.NewReply(554, smtp.Enhanced{5, 4, 6}, "too many hops: the mail goes round in a circle")
	}
	id := s.newID()
	rec := s.Recorder
	scope := rec.Scope()
	scope.Queue = id
	defer func() { scope.Queue = "" }()
	received, err := s.received(peer, env, id)
	if err != nil {
		return "", err
	}
	header := message.ParseHeader(content)
	messageID := header.Get("Message-ID")
	rec.KnowMail(messageID, rec.MailHere())
	content = bytes.Join([][]byte{received, content}, nil)
	e := &entry{ID: id, ReversePath: env.From.Mailbox(), Mail: rec.MailHere(), Arrived: s.Host.Clock().Now()}
	e.Ret, e.EnvID, e.UTF8 = env.Params.Ret, env.Params.EnvID, env.Params.UTF8
	if env.Params.Body == smtp.BodyBinaryMIME {
		e.Body = env.Params.Body // what else it is the content shows
	}
	for _, to := range env.Recipients {
		address := s.named(to.To).Mailbox()
		if s.isPostmaster(to.To) {
			address = s.Postmaster
		}
		s.addRecipient(e, address, to.Params)
	}
	if err := s.enqueue(ctx, e, content); err != nil {
		return "", err
	}
	stored := rec.Trace().Bodies.Put(content)
	s.accept = func() {
		s.stranger.under = false
		rec.Record(trace.Event{What: trace.Accept, IDs: trace.IDs{Queue: id}, Body: &trace.MailBody{
			ReversePath: e.ReversePath, Recipients: e.addresses(), MessageID: messageID, Subject: header.Get("Subject"),
			Content: &stored, Added: []string{unfold(received)},
		}})
		s.process(e)
	}
	return "queued as " + id, nil
}

// received is the stamp that each server puts on top (RFC 5321 §4.4).
func (s *session) received(peer smtp.Peer, env smtp.Envelope, id string) ([]byte, error) {
	r := message.Received{
		FromHELO: peer.Hello, FromIP: s.client, By: s.Hostname, With: peer.Protocol(), ID: id, Date: s.Host.Clock().Now(),
	}
	if peer.TLSState != nil {
		r.TLS = tls.CipherSuiteName(peer.TLSState.CipherSuite)
	}
	// Several recipients must not learn of each other (RFC 5321 §7.2).
	if to := env.Recipients[0].To; len(env.Recipients) == 1 && !to.IsPostmaster() {
		r.For = to.Mailbox()
	}
	return r.Field()
}

// unfold is a header field on one line, without its line end.
func unfold(field []byte) string {
	fields := message.ParseHeader(field).Fields
	if len(fields) == 0 {
		return string(field)
	}
	return fields[0].Name + ": " + fields[0].Value
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.strangerLeaves() }

// Close implements smtp.Session.
func (s *session) Close() { s.strangerLeaves() }
