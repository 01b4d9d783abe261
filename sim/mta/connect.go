package mta

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"mailwalk/protocols/smtp"
	"mailwalk/sim/secure"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// Security is what a mail server does about TLS when it hands mail on.
type Security uint8

// What a mail server does about TLS when it hands mail on.
const (
	// Opportunistic goes under TLS where it is offered, whoever the server is, and else
	// in clear (RFC 7435 §4).
	Opportunistic Security = iota
	// Required never hands on in clear.
	Required
	// Verified hands on to a server alone whose certificate passes the checks.
	Verified
	// Never does without TLS.
	Never
)

// insecureError says that a connection is not as secure as it must be. code is why
// (RFC 3463 §3.8).
type insecureError struct {
	code  smtp.Enhanced
	cause error
}

func (e *insecureError) Error() string { return e.cause.Error() }
func (e *insecureError) Unwrap() error { return e.cause }

// unreachable is the last word on recipients whose server could not be talked to.
func unreachable(host string, err error) *smtp.Reply {
	code := smtp.Enhanced{4, 4, 1}
	var insecure *insecureError
	if errors.As(err, &insecure) {
		code = insecure.code
	}
	return smtp.NewReply(451, code, "%s: %v", host, err)
}

// connect begins a session with a server, under TLS as the policy has it. The client is
// nil when the server could not be reached, and else to be closed, also after an error. On a
// connection on which TLS has failed nothing more is said: who would rather hand mail on
// in clear than not at all begins another one.
func (s *Server) connect(ctx context.Context, host string, to netip.Addr) (*smtp.Client, error) {
	c, err := s.greet(ctx, host, to, s.TLS != nil && s.Outgoing != Never)
	if !errors.Is(err, errHandshake) || errors.Is(err, wire.ErrHostDown) || ctx.Err() != nil {
		return c, err
	}
	const inClear, notNow = "in clear, on another connection", "later"
	if s.Outgoing != Opportunistic {
		s.decide(trace.FallBack, host, notNow, "this server hands on mail under TLS alone", notNow, inClear)
		return c, &insecureError{smtp.Enhanced{4, 7, 5}, err}
	}
	s.decide(trace.FallBack, host, inClear, "nothing may be said any more where TLS has failed, and this server would rather hand on mail in clear than not at all", inClear, notNow)
	return s.greet(ctx, host, to, false)
}

// errHandshake says that TLS was agreed on and has failed.
var errHandshake = errors.New("TLS has failed")

// greet connects and says EHLO, and again under TLS. The error matches errHandshake
// when TLS has failed.
func (s *Server) greet(ctx context.Context, host string, to netip.Addr, encrypt bool) (*smtp.Client, error) {
	dialCtx, cancel := s.Host.Clock().WithTimeout(ctx, dialTimeout)
	nc, err := s.Host.Dial(dialCtx, "tcp", netip.AddrPort{}, netip.AddrPortFrom(to, relayPort))
	cancel()
	if err != nil {
		return nil, err
	}
	hooks := s.Recorder.Hooks(wire.Traced(nc), false)
	options := smtp.ClientOptions{Hello: s.Hostname, Chunking: true, Now: s.Host.Clock().Now, Hooks: &hooks}
	var conn *secure.Conn
	if encrypt {
		conn = s.TLS.Watch(nc, false)
		nc, options.TLSHooks.Done = conn, conn.Done
	}
	c := smtp.NewClient(nc, options)
	_, err = c.Hello(ctx)
	if err == nil && s.TLS != nil {
		err = s.secure(ctx, c, conn, host)
	}
	return c, err
}

// secure goes under TLS where it is to be had and says EHLO again. conn is nil when it
// is not to.
func (s *Server) secure(ctx context.Context, c *smtp.Client, conn *secure.Conn, host string) error {
	const startTLS, inClear, breakOff = "under TLS", "in clear", "no further"
	decide := func(choice, because string) {
		s.decide(trace.ChoseTLS, host, choice, because, startTLS, inClear, breakOff)
		if choice == breakOff {
			// That it goes is known, whatever comes of saying goodbye.
			_, _ = c.Quit(ctx)
		}
	}
	policy := secure.Opportunistic
	switch offered := c.Extensions().Has("STARTTLS"); {
	case conn == nil && s.Outgoing == Never:
		decide(inClear, "this server was told to do without TLS")
		return nil
	case conn == nil:
		return nil // it has been decided
	case !offered && s.Outgoing == Opportunistic:
		decide(inClear, "TLS is not offered; this server encrypts where it can, and hands mail on in clear where it cannot")
		return nil
	case !offered:
		decide(breakOff, "TLS is not offered, and this server hands on mail under TLS alone")
		return &insecureError{smtp.Enhanced{4, 7, 4}, smtp.ErrNoTLS}
	case s.Outgoing == Verified:
		policy = secure.Verify
		decide(startTLS, "TLS is offered, and this server hands on mail only under TLS, to who proves by a certificate to be the right one")
	case s.Outgoing == Required:
		decide(startTLS, "TLS is offered, and this server hands on mail under TLS alone; who the other is, it does not insist on")
	default:
		decide(startTLS, "TLS is offered, and this server encrypts where it can; who the other is, it does not insist on")
	}
	name := host
	if a, ok := literal(host); ok {
		name = a.String()
	}
	reply, err := c.StartTLS(ctx, conn.ClientConfig(name, policy))
	switch {
	case err == nil:
		_, err = c.Hello(ctx)
		return err
	case reply == nil || reply.Code == 421:
		return err
	case reply.Positive():
		return fmt.Errorf("%w: %w", errHandshake, err)
	case s.Outgoing == Opportunistic:
		decide(inClear, "it was offered and is refused: "+reply.Error())
		return nil
	}
	decide(breakOff, "it was offered and is refused, and this server hands on mail under TLS alone: "+reply.Error())
	return &insecureError{smtp.Enhanced{4, 7, 4}, err}
}
