package loopback

import (
	"mailwalk/sim/trace"
)

// pipe is a connection between two hosts: what its two ends share. The arrays have an
// element for each direction, the client's first.
type pipe struct {
	traced *trace.Conn
	flows  [2]flow
	ends   [2]*conn
}

func (n *Net) newPipe(traced *trace.Conn) *pipe {
	return &pipe{traced: traced, flows: [2]flow{{net: n}, {net: n}}}
}

// orphan is told that no server will take the connection: the kernel resets it.
func (p *pipe) orphan() {
	p.flows[0].end()
	p.flows[1].sent(1)
}

// flow is one direction of a connection.
type flow struct {
	net *Net
	// held is how much is under way: octets, and one for a FIN or a reset.
	held int
	over bool // nobody reads it any more
	// wrote is how many octets the kernel has taken, got how many it has given.
	wrote, got int64
	// early is what was read before it was reported that all of it was written: the
	// two reports come from two goroutines.
	early []arrival
}

// arrival is what one call of an end's Read has brought.
type arrival struct {
	data []byte
	err  error
	info *trace.TCPInfo
}

// sent counts what goes on its way.
func (f *flow) sent(n int) {
	if !f.over {
		f.held += n
		f.net.busy += n
	}
}

// came counts what is no longer under way.
func (f *flow) came(n int) {
	n = min(n, f.held)
	f.held -= n
	f.net.busy -= n
}

// end says that nothing more will come.
func (f *flow) end() {
	f.came(f.held)
	f.over = true
}

// next is what was read next, if all of it is known to be written.
func (f *flow) next() (arrival, bool) {
	if len(f.early) == 0 || f.got+int64(len(f.early[0].data)) > f.wrote {
		return arrival{}, false
	}
	a := f.early[0]
	f.early = f.early[1:]
	return a, true
}
