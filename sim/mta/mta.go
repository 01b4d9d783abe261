// Package mta is a mail server: it takes mail by SMTP, decides where it goes,
// delivers what is its own and hands on the rest, and tells the sender of what it
// cannot deliver.
//
// A mail comes in through a session (session.go), is written to the queue
// (queue.go), routed by the domains of its recipients (route.go), and either
// delivered (deliver.go) or relayed (relay.go). What fails for good is returned
// (bounce.go).
package mta

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"mailwalk/protocols/dns"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/secure"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// Ports of the protocol (RFC 5321 §4.5.4.2, RFC 6409 §3.1).
const (
	relayPort       = 25
	submissionPort  = 587
	submissionsPort = 465 // TLS begins at once (RFC 8314 §3.3)
)

// Mailboxes are what final delivery goes to.
type Mailboxes interface {
	// Has tells whether there is a mailbox for an address.
	Has(address string) bool
	// Room is how many octets still fit into a mailbox, and into an empty one; both
	// are less than 0 when there is no limit.
	Room(address string) (left, all int64)
	// Deliver puts a mail into a mailbox and returns when it is safe there. The
	// error matches ErrFull when it does not fit, and ErrDelivered when the mailbox
	// has had a delivery with this id before.
	Deliver(ctx context.Context, id, address string, content []byte, reversePath string) error
	Logins
}

// What a mailbox can answer.
var (
	ErrFull      = errors.New("mailbox full")
	ErrDelivered = errors.New("delivered before")
)

// Config says what a mail server is for.
type Config struct {
	Host     wire.Host
	Recorder *trace.Recorder
	// Hostname is what it calls itself.
	Hostname string
	// Domains are those whose mail has arrived when it is here.
	Domains []string
	// RelayDomains are those whose mail it takes from anybody and hands on.
	RelayDomains []string
	// Known tells whether an address of the relay domains exists.
	Known func(address string) bool
	// Transport is the next host for a domain, in lower case and with A-labels.
	Transport map[string]string
	// Smarthost is the next host for every other domain; empty means that the DNS
	// decides.
	Smarthost string
	// Postmaster is the address to which mail for the postmaster goes.
	Postmaster string
	// Trusted are addresses from which it relays to anywhere.
	Trusted []netip.Prefix
	// SMTP, Submission and Submissions say at which ports it listens: 25, 587, and 465
	// where TLS begins at once.
	SMTP, Submission, Submissions bool
	// TLS is what its programs need for TLS; nil in a walk in which nobody speaks it.
	TLS *secure.Host
	// Certificate is what it shows to clients, to which it then offers TLS; nil is none.
	Certificate *secure.Server
	// Outgoing is what it does about TLS as a client.
	Outgoing Security
	// Open has it relay for anybody to anywhere.
	Open bool
	// FollowAliases has it go to a host that an MX record names by an alias, which
	// such a record must not (RFC 2181 §10.3); else it passes over the host.
	FollowAliases bool
	// Forward is what addresses stand for, each in lower case with the addresses
	// that get its mail. An address that stands for itself keeps a copy.
	Forward map[string][]string
	// CheckSender has it refuse a stranger's mail from a domain that there is not, or
	// that takes no mail itself.
	CheckSender bool
	// Greylist puts off clients that are not known; nil takes them at once.
	Greylist *Greylist
	// Limit is how many mails a client may send; nil is without limit.
	Limit *Limit
	// Hops is how many Received fields a mail may have: with as many it is taken to
	// go round in a circle (RFC 5321 §6.3). 0 means 100.
	Hops int
	// Extensions are the EHLO keywords of the extensions that it offers, of
	// PIPELINING, SIZE, 8BITMIME, CHUNKING, BINARYMIME, SMTPUTF8 and DSN. Nil means
	// the first three.
	Extensions []string
	// Limits are what a client may do in one session.
	Limits smtp.Limits
	// MaxSize is the largest mail in octets.
	MaxSize int64
	// AllowCleartext takes passwords over connections that are not encrypted.
	AllowCleartext bool
	// Mechanisms are the SASL mechanisms by which one may log in at the submission
	// port, as smtp.Server has them.
	Mechanisms []string
	// DecoyKey hides from a client of SCRAM-SHA-256 which users exist.
	DecoyKey  []byte
	Mailboxes Mailboxes // nil for a host without
	Stub      *dns.Stub // nil for a host that looks nothing up
	Schedule  Schedule
}

// Server is a running mail server.
type Server struct {
	Config
	queue map[string]*entry
	ids   interface{ Uint64() uint64 }
	grey  greyMemory
	limit *limiter
	tls   *tls.Config // of its servers; nil without
	// outgoing are the sessions with other servers that are open.
	outgoing map[place]*outgoing
}

// Start has the host run a mail server, and try again what its disk holds.
func Start(cfg Config) (*Server, error) {
	s := &Server{Config: cfg, queue: map[string]*entry{}, outgoing: map[place]*outgoing{}, ids: cfg.Host.Rand("queue ids")}
	s.Schedule = s.Schedule.orDefault()
	if s.Hops == 0 {
		s.Hops = 100
	}
	if s.Extensions == nil {
		s.Extensions = usualExtensions
	}
	if s.Greylist != nil {
		s.grey = greyMemory{}
	}
	if s.Limit != nil {
		s.limit = &limiter{Limit: *s.Limit, taken: map[netip.Addr][]time.Time{}}
	}
	if s.Certificate != nil {
		var err error
		if s.tls, err = s.TLS.ServerConfig(*s.Certificate); err != nil {
			return nil, fmt.Errorf("host %s: mail server: %w", cfg.Host.Name(), err)
		}
	}
	for _, p := range []struct {
		on   bool
		port uint16
		mode smtp.Mode
	}{
		{cfg.SMTP, relayPort, smtp.Relay},
		{cfg.Submission, submissionPort, smtp.Submission},
		{cfg.Submissions, submissionsPort, smtp.Submission},
	} {
		if !p.on {
			continue
		}
		l, err := cfg.Host.Listen(netip.AddrPortFrom(netip.IPv6Unspecified(), p.port))
		if err != nil {
			return nil, fmt.Errorf("host %s: mail server: %w", cfg.Host.Name(), err)
		}
		wire.Serve(cfg.Host, l, trace.ServiceName(p.port), func(ctx context.Context, nc net.Conn) {
			s.serve(ctx, nc, p.mode, p.port == submissionsPort)
		})
	}
	if err := s.recover(); err != nil {
		return nil, fmt.Errorf("host %s: mail server: %w", cfg.Host.Name(), err)
	}
	return s, nil
}

// serve holds one session.
func (s *Server) serve(ctx context.Context, nc net.Conn, mode smtp.Mode, implicit bool) {
	conn := wire.Traced(nc)
	s.Recorder.Serve(conn)
	b := &backend{Server: s, mode: mode, conn: conn}
	server := &smtp.Server{
		Hostname: s.Hostname, Mode: mode, Backend: b, MaxSize: s.MaxSize,
		AllowCleartext: s.AllowCleartext, Now: s.Host.Clock().Now,
	}
	b.logins(server)
	s.offer(server)
	hooks := &smtp.Hooks{
		Hooks: s.Recorder.Hooks(conn, true),
		State: func(from, to smtp.State) {
			s.Recorder.Record(trace.Event{What: trace.SessionState, Body: &trace.StateBody{Name: conn.ID, Before: from.String(), After: to.String()}})
		},
	}
	hooks.Odd = func(o smtp.Oddity) { s.odd(conn, o) }
	hooks.Said, hooks.Error = b.said, b.misproved
	if s.tls != nil {
		watched := s.TLS.Watch(nc, true)
		server.TLS, server.ImplicitTLS, hooks.TLS.Done = s.tls, implicit, watched.Done
		nc = watched
	}
	// How a session ends is told by its lines and its connection.
	_ = server.ServeConn(ctx, nc, hooks)
	// A mail whose 250 could not be said any more is on the disk all the same. Its
	// client does not know, and sends it again (RFC 1047).
	b.taken()
}

// isLocal tells whether a domain's mail has arrived when it is here.
func (s *Server) isLocal(domain string) bool { return contains(s.Domains, domain) }

// isRelayed tells whether a domain's mail is taken from anybody.
func (s *Server) isRelayed(domain string) bool { return contains(s.RelayDomains, domain) }

// contains compares domains, whose case does not matter (RFC 5321 §2.4).
func contains(domains []string, domain string) bool {
	for _, d := range domains {
		if sameDomain(d, domain) {
			return true
		}
	}
	return false
}

func (s *Server) decide(what, subject, choice, because string, options ...string) {
	s.Recorder.Record(trace.Event{What: what, Body: &trace.DecisionBody{Subject: subject, Choice: choice, Options: options, Because: because}})
}
