package virtual

import (
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// keeper keeps the header of a packet that a router passes on in memory until the
// packet has left. gVisor takes the time to live from the header of an IPv4 packet
// after it has given that memory back, and by then a stack of another world of the
// process may have written to it. What gVisor asks before, so that a packet filter
// can have a say, is the moment to step in; nothing is filtered.
type keeper struct{ header *buffer.View }

var _ stack.NFTablesInterface = (*keeper)(nil)

// CheckForward implements stack.NFTablesInterface.
func (k *keeper) CheckForward(pkt *stack.PacketBuffer, _ *stack.Route, _ stack.AddressFamily) bool {
	k.release()
	k.header = pkt.NetworkHeader().View()
	return true
}

// release is called when the packet has left.
func (k *keeper) release() {
	if k.header != nil {
		k.header.Release()
		k.header = nil
	}
}

// CheckPrerouting implements stack.NFTablesInterface.
func (*keeper) CheckPrerouting(*stack.PacketBuffer, *stack.Route, stack.AddressFamily) bool {
	return true
}

// CheckInput implements stack.NFTablesInterface.
func (*keeper) CheckInput(*stack.PacketBuffer, *stack.Route, stack.AddressFamily) bool { return true }

// CheckOutput implements stack.NFTablesInterface.
func (*keeper) CheckOutput(*stack.PacketBuffer, *stack.Route, stack.AddressFamily) bool { return true }

// CheckPostrouting implements stack.NFTablesInterface.
func (*keeper) CheckPostrouting(*stack.PacketBuffer, *stack.Route, stack.AddressFamily) bool {
	return true
}

// CheckIngress implements stack.NFTablesInterface.
func (*keeper) CheckIngress(*stack.PacketBuffer, *stack.Route, stack.AddressFamily) bool { return true }

// CheckEgress implements stack.NFTablesInterface.
func (*keeper) CheckEgress(*stack.PacketBuffer, *stack.Route, stack.AddressFamily) bool { return true }
