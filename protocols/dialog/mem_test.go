package dialog

import (
	"bytes"
	"io"
	"net"
	"time"
)

// memConn is a connection without a peer: reads come from in, at most step
// octets at a time (0 means all), writes go to out.
type memConn struct {
	in   io.Reader
	step int
	out  bytes.Buffer
}

func (m *memConn) Read(p []byte) (int, error) {
	if m.step > 0 && len(p) > m.step {
		p = p[:m.step]
	}
	return m.in.Read(p)
}

func (m *memConn) Write(p []byte) (int, error)      { return m.out.Write(p) }
func (m *memConn) Close() error                     { return nil }
func (m *memConn) LocalAddr() net.Addr              { return nil }
func (m *memConn) RemoteAddr() net.Addr             { return nil }
func (m *memConn) SetDeadline(time.Time) error      { return nil }
func (m *memConn) SetReadDeadline(time.Time) error  { return nil }
func (m *memConn) SetWriteDeadline(time.Time) error { return nil }

// steps are the sizes of reads that every reading test is repeated with: one
// octet at a time, odd pieces, all at once.
var steps = []int{1, 2, 3, 7, 0}

func input(s string, step int) *memConn {
	return &memConn{in: bytes.NewReader([]byte(s)), step: step}
}
