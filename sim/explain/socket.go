package explain

import (
	"strconv"

	"mailwalk/sim/trace"
)

func socketField(b *trace.SocketBody, name string) string {
	switch name {
	case "proto":
		return b.Proto
	case "local":
		return addrPort(b.Local)
	case "remote":
		return addrPort(b.Remote)
	case "kernelLocal":
		return addrPort(b.KernelLocal)
	case "kernelRemote":
		return addrPort(b.KernelRemote)
	case "octets":
		return Octets(b.Octets)
	case "range":
		if b.Range != nil && b.Range.To > b.Range.From {
			return Grouped(b.Range.From) + "–" + Grouped(b.Range.To-1)
		}
	}
	if b.TCP != nil {
		return tcpInfoField(b.TCP, name)
	}
	return ""
}

func tcpInfoField(i *trace.TCPInfo, name string) string {
	switch name {
	case "state":
		return i.State
	case "rtt":
		return i.RTT.String()
	case "mss":
		return Octets(int64(i.MSS))
	case "cwnd":
		return strconv.FormatUint(uint64(i.CWnd), 10)
	case "segsIn":
		return Grouped(int64(i.SegsIn))
	case "segsOut":
		return Grouped(int64(i.SegsOut))
	case "retransmissions":
		return Grouped(int64(i.Retransmissions))
	}
	return ""
}
