package loopback

import (
	"net"
	"time"

	"golang.org/x/sys/unix"

	"mailwalk/sim/trace"
)

// tcpStates are the states of a connection by Linux's numbers, which begin at 1, in
// the words of RFC 9293 §3.3.2.
var tcpStates = [...]string{
	"", "ESTABLISHED", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSED", "CLOSE-WAIT",
	"LAST-ACK", "LISTEN", "CLOSING", "SYN-RECEIVED",
}

// tcpInfo is what the kernel counts for a connection; nil when it does not tell.
func tcpInfo(c *net.TCPConn) *trace.TCPInfo {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	var info *unix.TCPInfo
	if raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }) != nil || err != nil {
		return nil
	}
	i := &trace.TCPInfo{
		RTT: time.Duration(info.Rtt) * time.Microsecond, RTTVar: time.Duration(info.Rttvar) * time.Microsecond,
		MSS: info.Snd_mss, CWnd: info.Snd_cwnd, SegsIn: info.Segs_in, SegsOut: info.Segs_out,
		BytesAcked: info.Bytes_acked, BytesReceived: info.Bytes_received, Retransmissions: info.Total_retrans,
	}
	if int(info.State) < len(tcpStates) {
		i.State = tcpStates[info.State]
	}
	return i
}
