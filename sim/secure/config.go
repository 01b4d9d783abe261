package secure

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"

	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// Host is what the programs of one host need of TLS. It is used by the walk's tasks, of
// which one runs at a time.
type Host struct {
	host      wire.Host
	rec       *trace.Recorder
	authority *Authority
	watched   map[ends]*Conn
}

// ends are the two addresses of a connection.
type ends struct{ local, remote string }

func endsOf(c net.Conn) ends { return ends{c.LocalAddr().String(), c.RemoteAddr().String()} }

// On is for the programs of a host.
func On(h wire.Host, r *trace.Recorder, a *Authority) *Host {
	return &Host{host: h, rec: r, authority: a, watched: map[ends]*Conn{}}
}

// Server says how a server speaks TLS. The zero Server has a sound certificate for its
// host's name.
type Server struct {
	// Names are those that the certificate is for; none for the host's name.
	Names []string
	Flaw  Flaw
	// MaxVersion is the highest version of TLS, 0 for TLS 1.3; ALPN are the protocols
	// that it speaks, the best first.
	MaxVersion uint16
	ALPN       []string
}

// suites are those of TLS 1.2: what a record holds can be told from its length. TLS 1.3
// has no others (RFC 8446 §B.4).
var suites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
}

// overhead is by how many octets the body of a record is longer than what the programs
// say in it, where nothing is padded: the tag, the explicit nonce of GCM in TLS 1.2
// (RFC 5288 §3), the content type in TLS 1.3 (RFC 8446 §5.2).
func overhead(cs tls.ConnectionState) int64 {
	const tag = 16
	switch {
	case cs.Version == tls.VersionTLS13:
		return tag + 1
	case cs.CipherSuite == tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256:
		return tag
	}
	return tag + 8
}

// base is what servers and clients share.
func (h *Host) base() *tls.Config {
	return &tls.Config{
		Time: h.host.Clock().Now, MinVersion: tls.VersionTLS12, CipherSuites: suites,
		CurvePreferences: []tls.CurveID{tls.X25519}, SessionTicketsDisabled: true,
	}
}

// ErrNotWatched says that TLS was begun on a connection that Watch has not seen.
var ErrNotWatched = errors.New("secure: the connection is not watched")

// ServerConfig is for all connections to a server that are watched.
func (h *Host) ServerConfig(s Server) (*tls.Config, error) {
	names := s.Names
	if len(names) == 0 {
		names = []string{h.host.Name()}
	}
	cert, err := h.authority.Certificate(s.Flaw, names...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.host.Name(), err)
	}
	config := h.base()
	config.Certificates, config.NextProtos, config.MaxVersion = []tls.Certificate{cert}, s.ALPN, s.MaxVersion
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		// What the protocol gave to crypto/tls may be wrapped around what Watch returned.
		c := h.watched[endsOf(hello.Conn)]
		if c == nil {
			return nil, ErrNotWatched
		}
		c.begin()
		c.known.ServerName = hello.ServerName
		c.known.Certificates = gist([]*x509.Certificate{cert.Leaf})
		own := config.Clone()
		own.GetConfigForClient = nil
		own.Rand, own.KeyLogWriter = c.random(), (*keyLog)(c)
		return own, nil
	}
	return config, nil
}

// ClientConfig is for this connection alone, to a server that the client takes for name.
// What it makes of the server's certificate is a decision in the trace.
func (c *Conn) ClientConfig(name string, p Policy) *tls.Config {
	h := c.host
	config := h.base()
	config.ServerName = name
	config.Rand = &told{c.random(), c.begin}
	config.KeyLogWriter = (*keyLog)(c)
	// The checks are made below, so that the trace knows how each of them came out.
	config.InsecureSkipVerify = true
	config.VerifyConnection = func(cs tls.ConnectionState) error {
		c.learn(cs)
		v := h.authority.check(cs.PeerCertificates, name, h.host.Clock().Now())
		c.known.Checked, c.known.CheckedFor, c.known.Because = v.checked, name, v.because
		c.judge(name, v, p)
		if p == Verify && v.checked != trace.CertificateValid {
			return fmt.Errorf("%w: %s: %s", ErrCertificate, v.checked, v.because)
		}
		return nil
	}
	return config
}
