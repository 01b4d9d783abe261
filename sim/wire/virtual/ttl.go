package virtual

import (
	"slices"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"mailwalk/sim/trace"
)

// lastHop is a frame as a host's stack is to see it. gVisor's routers pass on an IPv4
// packet whose time to live is 1, with 0 left, and discard the one that comes with 0.
// RFC 1812 §5.3.1 wants the first discarded, so it is shown as the second.
func (h *Host) lastHop(f *trace.Frame) []byte {
	const last = 1
	if head := f.Head(); head.TTL != last || !head.Dst.Is4() || !h.forwards(f) {
		return f.Data
	}
	data := slices.Clone(f.Data)
	ip := header.IPv4(data[header.EthernetMinimumSize:])
	if !ip.IsChecksumValid() {
		return f.Data // it is thrown away for that
	}
	ip.SetTTL(0)
	ip.SetChecksum(0)
	ip.SetChecksum(^ip.CalculateChecksum())
	return data
}
