package trace

import (
	"net/netip"
	"time"
)

// SocketBody is what a host does with a socket of the machine that the walk runs
// on. Of such a socket nothing is known but what was handed to the kernel and what
// the kernel handed out; which packets the kernel made of it is not known.
type SocketBody struct {
	// Proto is TCP or UDP.
	Proto string `json:"proto"`
	// Local and Remote are the walk's addresses, of this end and of the other.
	Local  netip.AddrPort `json:"local"`
	Remote netip.AddrPort `json:"remote"`
	// KernelLocal and KernelRemote are the machine's own.
	KernelLocal  netip.AddrPort `json:"kernelLocal"`
	KernelRemote netip.AddrPort `json:"kernelRemote"`
	// Octets were written or read.
	Octets int64 `json:"octets,omitempty"`
	// Calls are the system calls that took or gave octets; 0 where the system does
	// not tell.
	Calls int64 `json:"calls,omitempty"`
	// Range is the part of a connection's byte stream that was written or read.
	Range *Range `json:"range,omitempty"`
	// Data is a datagram. It must not be changed.
	Data []byte `json:"data,omitempty"`
	// TCP are the kernel's counters.
	TCP *TCPInfo `json:"tcp,omitempty"`
}

// Kind implements Body.
func (*SocketBody) Kind() Kind { return Socket }

// TCPInfo is what the kernel knows of its end of a connection, from its opening on.
type TCPInfo struct {
	// State is one of RFC 9293 §3.3.2: "ESTABLISHED", "CLOSE-WAIT".
	State string `json:"state"`
	// RTT is the smoothed round-trip time and RTTVar its variation (RFC 6298 §2), in
	// the machine's own time.
	RTT    time.Duration `json:"rtt"`
	RTTVar time.Duration `json:"rttvar"`
	// MSS is the size in octets of the largest segment that is sent, CWnd the
	// congestion window in such segments.
	MSS  uint32 `json:"mss"`
	CWnd uint32 `json:"cwnd"`
	// SegsIn and SegsOut are segments, with those that carry no data.
	SegsIn  uint32 `json:"segsIn"`
	SegsOut uint32 `json:"segsOut"`
	// BytesAcked are octets that the other end has acknowledged, BytesReceived octets
	// that have come. Linux counts the SYN of the end that dials, and a FIN, as one.
	BytesAcked    uint64 `json:"bytesAcked"`
	BytesReceived uint64 `json:"bytesReceived"`
	// Retransmissions are segments that were sent again.
	Retransmissions uint32 `json:"retransmissions"`
}

func (b *SocketBody) fields(f fields) {
	f.str("proto", must, &b.Proto)
	f.addrPort("local", must, &b.Local)
	f.addrPort("remote", must, &b.Remote)
	f.addrPort("kernelLocal", must, &b.KernelLocal)
	f.addrPort("kernelRemote", must, &b.KernelRemote)
	f.num("octets", may, &b.Octets)
	f.num("calls", may, &b.Calls)
	if f.open("range", b.Range != nil) {
		if b.Range == nil {
			b.Range = new(Range)
		}
		b.Range.fields(f)
		f.shut()
	}
	f.bytes("data", &b.Data)
	if f.open("tcp", b.TCP != nil) {
		if b.TCP == nil {
			b.TCP = new(TCPInfo)
		}
		b.TCP.fields(f)
		f.shut()
	}
}

func (i *TCPInfo) fields(f fields) {
	f.str("state", must, &i.State)
	f.moment("rtt", must, &i.RTT)
	f.moment("rttvar", must, &i.RTTVar)
	f.word("mss", must, &i.MSS)
	f.word("cwnd", must, &i.CWnd)
	f.word("segsIn", must, &i.SegsIn)
	f.word("segsOut", must, &i.SegsOut)
	f.long("bytesAcked", must, &i.BytesAcked)
	f.long("bytesReceived", must, &i.BytesReceived)
	f.word("retransmissions", must, &i.Retransmissions)
}
