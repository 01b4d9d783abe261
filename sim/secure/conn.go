package secure

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// Conn is one end of a connection on which TLS may begin. It lies below TLS: what is
// written and read are the octets of the TCP stream, and the trace is told of each record
// that holds what the programs say.
type Conn struct {
	wire.Conn
	host   *Host
	ends   ends
	server bool
	out    records
	in     records
	known  trace.TLS // of the handshake under way
	sealed int64     // octets by which a record's body is longer than what it holds; 0 before TLS
	tls13  bool
	alert  uint8 // that this end sent in clear
	clear  []byte
	// clearAt is where in the stream they begin.
	clearAt int64
	short   *record // one of an outsider that is a short line or an alert
}

var _ wire.Conn = (*Conn)(nil)

// Watch has a connection watched; server says which end it is. Nothing may have been
// written to it or read from it. Watch panics when it is not one of the walk's wire, which
// the trace knows.
func (h *Host) Watch(nc net.Conn, server bool) *Conn {
	traced, ok := nc.(wire.Conn)
	if !ok {
		panic(fmt.Sprintf("secure: %T is no connection of a wire", nc))
	}
	c := &Conn{Conn: traced, host: h, server: server, ends: endsOf(nc)}
	c.out.each, c.in.each = c.wrote, c.read
	h.watched[c.ends] = c
	return c
}

// random is the stream of the connection.
func (c *Conn) random() source {
	return source{c.host.host.Rand("TLS " + c.Traced().ID)}
}

// begin has TLS begin.
func (c *Conn) begin() {
	if c.out.tls {
		return
	}
	c.out.begin()
	start := c.host.rec.BeginTLS(c.Traced(), c.server, c.out.at)
	// A server has read the ClientHello by now.
	early := c.clear
	c.clear = nil
	if c.in.tls { // TLS from the first octet
		return
	}
	if at := start - c.clearAt; at >= 0 && at <= int64(len(early)) {
		c.in.at = start
		c.in.begin()
		c.in.feed(early[at:])
		return
	}
	c.in.begin()
}

// Write implements net.Conn.
func (c *Conn) Write(p []byte) (int, error) {
	// The trace is to know the record before the packets that carry it.
	c.out.feed(p)
	return c.Conn.Write(p)
}

// Read implements net.Conn. Inside TLS it never reads beyond a record, so that nothing of
// the next one is taken from the stream before it is asked for.
func (c *Conn) Read(p []byte) (int, error) {
	if c.in.tls {
		p = p[:min(len(p), c.in.want())]
	}
	n, err := c.Conn.Read(p)
	if !c.in.tls {
		c.remember(p[:n])
	}
	c.in.feed(p[:n])
	return n, err
}

// maxClear is how many octets are remembered for the case that they are the ClientHello.
const maxClear = 1 << 16

// remember keeps what was read and no line has taken yet: it may be the ClientHello, in
// which a server finds out that TLS has begun when it has read it.
func (c *Conn) remember(p []byte) {
	if !c.server {
		return
	}
	if taken := c.host.rec.Heard(c.Traced(), !c.server) - c.clearAt; taken > 0 {
		n := min(taken, int64(len(c.clear)))
		c.clear, c.clearAt = c.clear[n:], c.clearAt+n
	}
	if len(c.clear)+len(p) > maxClear { // a content, not a ClientHello
		c.clear = nil
	}
	if len(c.clear) == 0 {
		c.clear, c.clearAt = nil, c.in.at
	}
	c.clear = append(c.clear, p...)
}

// Close implements net.Conn.
func (c *Conn) Close() error {
	if c.host.watched[c.ends] == c {
		delete(c.host.watched, c.ends)
	}
	return c.Conn.Close()
}

// Lengths of what TLS 1.3 sends sealed as if it were data, and is none: an alert and a
// KeyUpdate (RFC 8446 §6 and §4.6.3).
const (
	alertLen     = 2
	keyUpdateLen = 5
)

// wrote is told of a record that this end writes.
func (c *Conn) wrote(r record) {
	if r.alert != 0 {
		c.alert = r.alert
	}
	if c.sealed == 0 || r.kind != dataRecord {
		return
	}
	octets := r.bodyLen() - c.sealed
	if c.tls13 && (octets == alertLen || octets == keyUpdateLen) {
		// What a program says is traced before it is written.
		if said, sealed := c.host.rec.Said(c.Traced(), c.server); sealed+octets > said {
			return
		}
	}
	c.seal(r, c.server)
}

// read is told of a record that this end has read. A host of the walk that wrote it has
// told of it.
func (c *Conn) read(r record) {
	if c.sealed == 0 || r.kind != dataRecord {
		return
	}
	if said, _ := c.host.rec.Said(c.Traced(), !c.server); said > 0 {
		return
	}
	if c.short != nil { // an alert would have been the last
		c.seal(*c.short, !c.server)
		c.short = nil
	}
	if c.tls13 && r.bodyLen()-c.sealed == alertLen {
		c.short = &r
		return
	}
	c.seal(r, !c.server)
}

func (c *Conn) seal(r record, fromServer bool) {
	if octets := r.bodyLen() - c.sealed; octets > 0 {
		c.host.rec.Seal(c.Traced(), c.server, fromServer, octets, r.from, r.to)
	}
}

// keyLog takes the lines of the NSS key log. It implements io.Writer.
type keyLog Conn

func (k *keyLog) Write(p []byte) (int, error) {
	k.known.Secrets = append(k.known.Secrets, string(bytes.TrimSuffix(p, []byte("\n"))))
	return len(p), nil
}

// learn takes over what is known of a connection.
func (c *Conn) learn(cs tls.ConnectionState) {
	k := &c.known
	k.Version, k.Suite, k.ALPN = tls.VersionName(cs.Version), tls.CipherSuiteName(cs.CipherSuite), cs.NegotiatedProtocol
	if cs.CurveID != 0 {
		k.Group = cs.CurveID.String()
	}
	if cs.ServerName != "" {
		k.ServerName = cs.ServerName
	}
	if len(cs.PeerCertificates) > 0 {
		k.Certificates = gist(cs.PeerCertificates)
	}
}

// Done records how the handshake has ended: it is what a protocol's hook for that is to
// call.
func (c *Conn) Done(cs tls.ConnectionState, err error) {
	if err != nil {
		c.Failed(err)
		return
	}
	c.Secured(cs)
}

// Secured records that the handshake has succeeded. What is said from now on is inside
// TLS.
func (c *Conn) Secured(cs tls.ConnectionState) {
	c.learn(cs)
	c.sealed, c.tls13 = overhead(cs), cs.Version == tls.VersionTLS13
	t := c.known
	c.host.rec.Secured(c.Traced(), c.server, &t)
}

// Failed records that the handshake has failed.
func (c *Conn) Failed(err error) {
	own, peer := c.Traced().Client, c.Traced().Server
	if c.server {
		own, peer = peer, own
	}
	t := c.known
	if n, ok := received(err); ok {
		t.Alert, t.AlertFrom = alertName(n), peer
	} else if c.alert != 0 {
		t.Alert, t.AlertFrom = alertName(c.alert), own
	} else if errors.Is(err, ErrCertificate) {
		// crypto/tls answers every certificate that is refused with this one.
		t.Alert, t.AlertFrom = alertName(42), own
	}
	c.host.rec.NotSecured(c.Traced(), c.server, &t, inWords(err, peer))
}

// Handshake begins TLS at once, and records how it ends. What it returns is to be talked
// over. A handshake that waits ends by the connection's deadlines, or with its host.
func (c *Conn) Handshake(config *tls.Config) (*tls.Conn, error) {
	t := tls.Client(c, config)
	if c.server {
		c.in.begin()
		t = tls.Server(c, config)
	}
	if err := t.Handshake(); err != nil {
		c.Failed(err)
		return nil, fmt.Errorf("TLS with %s: %w", c.ends.remote, err)
	}
	c.Secured(t.ConnectionState())
	return t, nil
}
