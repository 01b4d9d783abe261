package sim

import (
	"context"
	"crypto/tls"
	"net"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/imap"
	"mailwalk/protocols/pop3"
	"mailwalk/scenarios"
	"mailwalk/sim/mailbox"
	"mailwalk/sim/secure"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// reading is what the servers by which people read need.
type reading struct {
	host    wire.Host
	store   *mailbox.Store
	encrypt *secure.Host
	tls     *tls.Config // nil for servers that do not speak it
}

// watch is a connection as a server has it, with the hooks for its handshake.
func (r *reading) watch(nc net.Conn) (net.Conn, dialog.TLSHooks) {
	if r.tls == nil {
		return nc, dialog.TLSHooks{}
	}
	c := r.encrypt.Watch(nc, true)
	return c, dialog.TLSHooks{Done: c.Done}
}

// serveMailboxes opens the ports at which people read.
func (w *World) serveMailboxes(r *reading, m *scenarios.Mailboxes) error {
	for _, p := range []struct {
		on, implicit bool
		port         uint16
		serve        func(r *reading, port uint16, implicit bool) error
	}{
		{m.POP3, false, pop3Port, w.servePOP3},
		{m.POP3S, true, pop3sPort, w.servePOP3},
		{m.IMAP, false, imapPort, w.serveIMAP},
		{m.IMAPS, true, imapsPort, w.serveIMAP},
	} {
		if !p.on {
			continue
		}
		if err := p.serve(r, p.port, p.implicit); err != nil {
			return err
		}
	}
	return nil
}

func (w *World) servePOP3(r *reading, port uint16, implicit bool) error {
	s := &pop3.Server{
		Hostname: r.host.Name(), Backend: r.store.POP3(), AllowCleartext: w.cleartext(), Now: r.host.Clock().Now,
		TLS: r.tls, ImplicitTLS: implicit,
	}
	return w.listen(r.host, port, trace.ServiceName(port), func(ctx context.Context, nc net.Conn, c *trace.Conn) {
		hooks := &pop3.Hooks{Hooks: w.recorder.Hooks(c, true), State: func(from, to pop3.State) { w.session(c, from.String(), to.String()) }}
		nc, hooks.TLS = r.watch(nc)
		// How a session ends is told by its lines and its connection.
		_ = s.ServeConn(ctx, nc, hooks)
	})
}

func (w *World) serveIMAP(r *reading, port uint16, implicit bool) error {
	s := &imap.Server{
		Hostname: r.host.Name(), Backend: r.store.IMAP(), AllowCleartext: w.cleartext(), Now: r.host.Clock().Now,
		TLSConfig: r.tls, ImplicitTLS: implicit,
	}
	return w.listen(r.host, port, trace.ServiceName(port), func(ctx context.Context, nc net.Conn, c *trace.Conn) {
		hooks := &imap.Hooks{Hooks: w.recorder.Hooks(c, true), State: func(from, to imap.State) { w.session(c, from.String(), to.String()) }}
		nc, hooks.TLS = r.watch(nc)
		// As above.
		_ = s.ServeConn(ctx, nc, hooks)
	})
}
