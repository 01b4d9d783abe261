// Package mua is a person's mail program on a device: it composes, sends, and
// fetches.
package mua

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/dns"
	"mailwalk/sim/secure"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// Ports of the protocols that a mail program speaks.
const (
	submissionPort = 587
	pop3Port       = 110
	imapPort       = 143
)

// Config is how a mail program is set up.
type Config struct {
	Host     wire.Host
	Recorder *trace.Recorder
	Stub     *dns.Stub
	// Address is the account's. Passwords are what is typed, one after the other as
	// the program asks again; at least one.
	Address   string
	Passwords []string
	// Mechanism is the SASL mechanism for sending; empty is the best that the server
	// offers.
	Mechanism string
	// Submission and Mailbox are the servers for sending and for reading.
	Submission, Mailbox string
	// TLS is what the program needs for TLS; it may be nil when Security is InClear.
	TLS *secure.Host
	// Security is how it connects. Verify has it break off when the server's certificate
	// does not pass the checks.
	Security Security
	Verify   bool
	// AllowCleartext lets passwords go over connections that are not encrypted.
	AllowCleartext bool
	// Identify is the number in the trace of a mail that was fetched, empty for one
	// that is not known.
	Identify func(content []byte) string
	// Arrived is told of each mail that was fetched whole.
	Arrived func(id string, content []byte)
}

// Program is a mail program on one device, with what it remembers.
type Program struct {
	Config
	// seen are the unique-ids of mails that the device has fetched by POP3, folders
	// what it knows of each folder by IMAP.
	seen    map[string]bool
	folders map[string]*folder
}

// folder is what a device knows of a mailbox on an IMAP server.
type folder struct {
	validity uint32
	last     uint32 // the highest UID fetched
}

// New returns a mail program that has fetched nothing yet.
func New(cfg Config) *Program {
	return &Program{Config: cfg, seen: map[string]bool{}, folders: map[string]*folder{}}
}

// dial finds a server by its name and connects to it.
func (p *Program) dial(ctx context.Context, server string, port uint16) (net.Conn, *session, *dialog.Hooks, error) {
	addrs, err := p.Stub.LookupAddrs(ctx, server)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("find %s: %w", server, err)
	}
	for _, a := range addrs {
		var nc net.Conn
		if nc, err = p.Host.Dial(ctx, "tcp", netip.AddrPort{}, netip.AddrPortFrom(a, port)); err == nil {
			hooks := p.Recorder.Hooks(wire.Traced(nc), false)
			s := &session{program: p, server: server}
			if p.Security != InClear {
				s.Conn = p.TLS.Watch(nc, false)
				nc = s.Conn
			}
			return nc, s, &hooks, nil
		}
	}
	return nil, nil, nil, fmt.Errorf("connect to %s: %w", server, err)
}

// begin has the running program be about no mail.
func (p *Program) begin() { p.Recorder.BeginMail("") }
