package smtp

import (
	"crypto/tls"
	"fmt"
	"io"

	"mailwalk/protocols/dialog"
)

// starttls agrees to go on under TLS (RFC 3207 §4).
func (s *session) starttls(string) (*Reply, error) {
	switch {
	case s.srv.TLS == nil:
		return NewReply(502, Enhanced{5, 5, 1}, "STARTTLS is not offered here"), nil // RFC 5321 §4.2.4
	case s.peer.TLS:
		return NewReply(503, Enhanced{5, 5, 1}, "TLS is in use already"), nil
	case s.peer.Authenticated:
		// The backend has learnt in the clear who the client is, and TLS must not begin
		// with what was learnt there (RFC 3207 §4.2).
		return NewReply(503, Enhanced{5, 5, 1}, "Bad sequence of commands, STARTTLS comes before AUTH"), nil
	case !hasCertificate(s.srv.TLS):
		return NewReply(454, Enhanced{4, 7, 0}, "TLS not available due to temporary reason"), nil // RFC 3207 §4
	}
	s.then = s.secure
	return NewReply(220, Enhanced{2, 0, 0}, "Ready to start TLS"), nil
}

// offersTLS tells whether STARTTLS is offered: where it can be done, and not
// within TLS (RFC 3207 §3, §4.2).
func (s *session) offersTLS() bool {
	return s.srv.TLS != nil && hasCertificate(s.srv.TLS) && !s.peer.TLS
}

// hasCertificate tells whether a server with this configuration can show who it
// is.
func hasCertificate(c *tls.Config) bool {
	return len(c.Certificates) > 0 || c.GetCertificate != nil || c.GetConfigForClient != nil
}

// secure puts the rest of the session into TLS and forgets what was said in the
// clear (RFC 3207 §4.2).
//
// What came behind STARTTLS without waiting for its answer is taken for the
// beginning of the handshake. So commands that somebody slipped in there are never
// executed: they make the handshake fail, which shows that somebody has tried, and
// nothing is said in the clear after that.
func (s *session) secure() error {
	if err := s.c.Flush(); err != nil {
		return step("STARTTLS", err)
	}
	before := Cleartext{FromClient: s.c.ReadOffset(), FromServer: s.c.WriteOffset(), Early: s.c.Buffered()}
	early := make([]byte, before.Early)
	if _, err := io.ReadFull(s.c, early); err != nil {
		return step("STARTTLS", err)
	}
	const handshake = 22 // RFC 8446 §5.1
	if before.Early > 0 && early[0] != handshake {
		s.odd(EarlyInput, early)
	}
	conn := dialog.TLSServer(s.in.Conn, early, s.srv.TLS, s.srv.now)
	state, err := conn.Secure(s.ctx, s.srv.now().Add(orDefault(s.srv.HandshakeTimeout, DefaultTimeout)), s.hooks.tls(), before)
	if err != nil {
		s.finish(err)
		return step("STARTTLS", err)
	}
	s.forget(true)
	s.in.Conn = conn
	s.attach()
	s.peer = Peer{Addr: s.peer.Addr, Local: s.peer.Local, TLS: true, TLSState: &state}
	s.to(StateStart)
	return nil
}

// attach begins a dialogue on the connection, at the start and within TLS.
func (s *session) attach() {
	s.c = dialog.NewServer(s.in, s.hooks.lines())
	s.in.flush = s.c.Flush
}

// secureUnasked follows a hook that has told the client to begin TLS. Where there
// is none to begin, nothing more can be understood.
func (s *session) secureUnasked() error {
	if s.peer.TLS || s.srv.TLS == nil || !hasCertificate(s.srv.TLS) {
		s.finish(fmt.Errorf("smtp: %w with TLS, of which there is none", ErrAnswered))
		return s.flushAfter(s.verb)
	}
	return s.secure()
}
