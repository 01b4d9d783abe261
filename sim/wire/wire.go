// Package wire is the seam between the programs of a walk and the world that
// they run in. A host program gets a [Host] in place of the packages net, time
// and os and of the go statement: it waits nowhere else and makes no system
// call. So the same program runs on a simulated network in virtual time and on
// the machine's own sockets.
package wire

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"mailwalk/sim/clock"
)

// Host is one machine, as its programs see it.
type Host interface {
	Name() string
	// Addrs are the host's addresses, without loopback.
	Addrs() []netip.Addr
	// Listen opens a TCP port. An unspecified or zero address means every one.
	Listen(at netip.AddrPort) (net.Listener, error)
	// ListenPacket opens a UDP port.
	ListenPacket(at netip.AddrPort) (net.PacketConn, error)
	// Dial connects to dst by "tcp" or "udp". A zero src leaves the choice of
	// address and port to the host.
	Dial(ctx context.Context, network string, src, dst netip.AddrPort) (net.Conn, error)
	Clock() Clock
	// Rand returns a stream of its own at each call, drawn from the walk's seed,
	// the host, the purpose, and how often it was asked for before.
	Rand(purpose string) *rand.Rand
	Disk() Disk
	// Go starts a task. Its context ends when the host is switched off.
	Go(name string, f func(ctx context.Context))
}

// Clock is the time of a host's programs.
type Clock interface {
	Now() time.Time
	// AfterFunc starts a task d from now.
	AfterFunc(d time.Duration, name string, f func(ctx context.Context)) Timer
	Sleep(ctx context.Context, d time.Duration) error
	WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
	WithCancel(ctx context.Context) (context.Context, context.CancelFunc)
	// NewCond returns a place at which tasks wait for each other.
	NewCond() *clock.Cond
}

// Timer is a task that will start.
type Timer interface {
	// Stop returns false when the task has started or was stopped.
	Stop() bool
}

// Disk keeps files. What was synced survives a crash of the host; of the rest,
// nothing is sure. Names are slash-separated paths without a leading slash.
type Disk interface {
	// Write makes data the content of a file, which need not exist.
	Write(name string, data []byte) error
	// Append adds data at the end of a file, which need not exist.
	Append(name string, data []byte) error
	// Sync waits until the file, as it is now and under its present name, is on
	// the disk.
	Sync(ctx context.Context, name string) error
	// Rename gives a file another name, in place of what had it before. The file
	// has either name after a crash until Sync of the new name.
	Rename(from, to string) error
	// Remove takes a file away. It may be back after a crash until something is
	// synced.
	Remove(name string) error
	// Read returns a file's content, which must not be changed.
	Read(name string) ([]byte, error)
	// List returns the sorted names that begin with prefix.
	List(prefix string) []string
}

// World is a set of hosts under one clock.
type World interface {
	Host(name string) (Host, bool)
	// Power switches a host on or off. Switched off, its programs' calls return
	// ErrHostDown, and what was not synced may be lost.
	Power(host string, on bool) error
	Close() error
}
