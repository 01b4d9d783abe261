package trace

import (
	"net/netip"
	"strconv"
	"strings"
)

// Conn is what the recorder knows of one TCP connection.
type Conn struct {
	ID                     string
	Client, Server         string // hosts
	ClientAddr, ServerAddr netip.AddrPort
	Service                string
	// KernelClient and KernelServer are the machine's own addresses of the two ends,
	// set by the wire where the connection is one of its kernel.
	KernelClient, KernelServer netip.AddrPort

	ids IDs // what the client is about
	// The arrays have an element for each direction, the client's first.
	isn     [2]uint32
	synSeen [2]bool
	high    [2]int64  // the highest offset seen, to unwrap sequence numbers by
	said    [2][]span // what the programs wrote
	wrote   [2][]span // what the kernel took and the other end has not read yet
	arrived [2][]span // what reached the other end and was not read yet
	ends    [2]tcpEnd
	sealing [2]sealing
	inTLS   [2]bool                // by end: what its dialogue counts begins where TLS did
	heard   [2]int64               // by direction: where the last unit that was read ends
	links   map[string]*[2]linkEnd // what each link has seen of the two ends
	passing []*Frame               // taken by routers, and not passed on yet
	client  verbs
	server  verbs
	latest  uint64 // step of the connection
}

// span is an event that stands for a part of a byte stream.
type span struct {
	from, to int64
	seq      uint64
}

// services are the ports' names in the IANA's registry.
var services = map[uint16]string{
	25: "smtp", 53: "domain", 80: "http", 110: "pop3", 143: "imap",
	465: "submissions", 587: "submission", 993: "imaps", 995: "pop3s",
}

// ServiceName is a port's name, or its number when it has none.
func ServiceName(port uint16) string {
	if s, ok := services[port]; ok {
		return s
	}
	return strconv.Itoa(int(port))
}

// Dial records that the running program opens a connection.
func (r *Recorder) Dial(client, server netip.AddrPort) *Conn {
	c := r.newConn(client, server)
	r.step(c, Event{Host: c.Client, What: Opening, Body: c.body("")})
	return c
}

func (r *Recorder) newConn(client, server netip.AddrPort) *Conn {
	c := &Conn{
		Client: r.endOf(client.Addr()), Server: r.endOf(server.Addr()),
		ClientAddr: client, ServerAddr: server, Service: ServiceName(server.Port()),
	}
	name := c.Client + ">" + c.Server + ":" + strconv.Itoa(int(server.Port()))
	c.ID = name + "#" + strconv.Itoa(r.count(name))
	c.ids = r.Scope().ids()
	c.ids.Conn = c.ID
	r.conns[pair{client, server}] = c
	return c
}

// endOf is the host at an end of a connection: a loopback address is that of the
// host which uses it.
func (r *Recorder) endOf(a netip.Addr) string {
	if a.IsLoopback() {
		return r.Scope().Host
	}
	return r.HostOf(a)
}

func (c *Conn) body(err string) *ConnectionBody {
	return &ConnectionBody{Client: c.Client, Server: c.Server, ClientAddr: c.ClientAddr, ServerAddr: c.ServerAddr, Service: c.Service, Error: err, KernelClient: c.KernelClient, KernelServer: c.KernelServer}
}

// ConnStep records a step of a connection at one of its ends.
func (r *Recorder) ConnStep(c *Conn, host, what, err string) {
	r.step(c, Event{Host: host, What: what, Body: c.body(err)})
}

// step records a step of a connection, unless nothing is recorded.
func (r *Recorder) step(c *Conn, e Event) {
	e.IDs = c.ids
	if seq := r.Record(e).Seq; seq != 0 {
		c.latest = seq
	}
}

// Accept makes the running program the server's end of the latest connection
// between two addresses, and records it. It returns nil for one that was never
// dialled here.
func (r *Recorder) Accept(client, server netip.AddrPort) *Conn {
	c := r.conns[pair{client, server}]
	if c == nil {
		c = r.newConn(client, server)
	}
	r.ConnStep(c, c.Server, Accepted, "")
	return c
}

// Serve makes the running program the server's end of c: its events are about
// what the client's are.
func (r *Recorder) Serve(c *Conn) { r.Scope().serves = c }

// direction is the index of the arrays of a Conn.
func direction(fromServer bool) int {
	if fromServer {
		return 1
	}
	return 0
}

// segment finds the connection of a TCP segment and the part of its stream that
// the segment carries.
func (r *Recorder) segment(h Head) (*Conn, *Range) {
	src, dst := netip.AddrPortFrom(h.Src, h.SrcPort), netip.AddrPortFrom(h.Dst, h.DstPort)
	c, fromServer := r.conns[pair{src, dst}], false
	if c == nil {
		c, fromServer = r.conns[pair{dst, src}], true
	}
	if c == nil {
		return nil, nil
	}
	d := direction(fromServer)
	if strings.HasPrefix(h.Flags, "S") {
		if !c.synSeen[d] {
			c.isn[d], c.synSeen[d] = h.Seq, true
		}
		return c, nil
	}
	if h.Len == 0 || !c.synSeen[d] {
		return c, nil
	}
	// The stream's first byte has the number after the SYN's. The distance to the
	// highest byte seen, as a signed number, undoes the wrap at 2^32 (RFC 9293
	// §3.4).
	from := c.high[d] + int64(int32(h.Seq-c.isn[d]-1-uint32(c.high[d])))
	if from < 0 { // a keep-alive's byte before the window
		return c, nil
	}
	to := from + int64(h.Len)
	c.high[d] = max(c.high[d], to)
	return c, &Range{FromServer: fromServer, From: from, To: to}
}

// overlapping appends the events of spans that share a byte with [from, to).
func overlapping(dst []uint64, spans []span, from, to int64) []uint64 {
	for _, s := range spans {
		if s.from < to && from < s.to {
			dst = append(dst, s.seq)
		}
	}
	return dst
}

// dropBefore forgets the spans that end at or before an offset.
func dropBefore(spans []span, offset int64) []span {
	keep := spans[:0]
	for _, s := range spans {
		if s.to > offset {
			keep = append(keep, s)
		}
	}
	return keep
}
