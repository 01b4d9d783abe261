package clock

import "sync"

// Inbox is where what comes from outside of a walk waits until the world is at
// rest: octets from a socket of the machine, a visitor who knocks. Put may be
// called from any goroutine.
type Inbox struct {
	mu    sync.Mutex
	list  []func()
	more  chan struct{} // has room for one: something came since it was last read
	onPut func()
}

// NewInbox returns an empty Inbox.
func NewInbox() *Inbox { return &Inbox{more: make(chan struct{}, 1)} }

// Put adds something that is to happen.
func (b *Inbox) Put(f func()) {
	b.mu.Lock()
	b.list = append(b.list, f)
	told := b.onPut
	b.mu.Unlock()
	b.Wake()
	if told != nil {
		told()
	}
}

// OnPut has f called after each Put, by whoever puts. f must not wait.
func (b *Inbox) OnPut(f func()) {
	b.mu.Lock()
	b.onPut = f
	b.mu.Unlock()
}

// Wake has whoever waits for the inbox look again at what it waits for.
func (b *Inbox) Wake() {
	select {
	case b.more <- struct{}{}:
	default:
	}
}

// take returns what came first.
func (b *Inbox) take() (func(), bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.list) == 0 {
		return nil, false
	}
	f := b.list[0]
	b.list = b.list[1:]
	return f, true
}
