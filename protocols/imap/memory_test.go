package imap

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// memory is a store for the tests: users, their mailboxes, all in memory. Sessions
// share it.
type memory struct {
	mu    sync.Mutex
	users map[string]*memoryUser
	now   func() time.Time
}

type memoryUser struct {
	password   string
	boxes      []*memoryBox
	subscribed []string
	store      *memory
	nextValid  uint32
}

type memoryBox struct {
	name       string
	special    []string
	validity   uint32
	uidNext    uint32
	version    uint64
	readOnly   bool
	messages   []memoryMessage
	recentFrom uint32 // the first UID that no session was told of
	watchers   []*memoryOpen
	keywords   []Flag
}

type memoryMessage struct {
	Message
	content []byte
}

func newMemory() *memory {
	m := &memory{users: map[string]*memoryUser{}, now: func() time.Time { return testTime }}
	u := &memoryUser{password: "secret", store: m, nextValid: 3857529045}
	m.users["fred"] = u
	u.make(Inbox)
	return m
}

var testTime = time.Date(1996, 7, 17, 2, 44, 25, 0, time.FixedZone("", -7*3600))

func (u *memoryUser) make(name string) *memoryBox {
	b := &memoryBox{name: name, validity: u.nextValid, uidNext: 1, version: 1, recentFrom: 1}
	u.nextValid++
	u.boxes = append(u.boxes, b)
	return b
}

func (u *memoryUser) find(name string) *memoryBox {
	for _, b := range u.boxes {
		if b.name == name {
			return b
		}
	}
	return nil
}

func (b *memoryBox) add(content []byte, flags []Flag, date time.Time) uint32 {
	uid := b.uidNext
	b.uidNext++
	b.messages = append(b.messages, memoryMessage{
		Message: Message{UID: uid, Flags: slices.Clone(flags), InternalDate: date, Size: int64(len(content))},
		content: bytes.Clone(content),
	})
	b.learn(flags)
	return uid
}

func (b *memoryBox) learn(flags []Flag) {
	for _, f := range flags {
		if !f.System() && !HasFlag(b.keywords, f) {
			b.keywords = append(b.keywords, f)
		}
	}
}

// changed counts a change and returns whom to notify once the lock is free.
func (b *memoryBox) changed() []func() {
	b.version++
	var out []func()
	for _, w := range b.watchers {
		out = append(out, w.notify)
	}
	return out
}

func notifyAll(fns []func()) {
	for _, f := range fns {
		f()
	}
}

// deliver adds a message as an MDA would.
func (m *memory) deliver(user, box, content string, flags ...Flag) uint32 {
	m.mu.Lock()
	b := m.users[user].find(box)
	uid := b.add([]byte(content), flags, m.now())
	tell := b.changed()
	m.mu.Unlock()
	notifyAll(tell)
	return uid
}

func (m *memory) Login(_ context.Context, user, password string) (User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u := m.users[user]
	if u == nil || u.password != password {
		return nil, fmt.Errorf("login %q: %w", user, ErrCredentials)
	}
	return &memorySession{u}, nil
}

type memorySession struct{ u *memoryUser }

var (
	_ Manager    = (*memorySession)(nil)
	_ Subscriber = (*memorySession)(nil)
)

func (s *memorySession) Close() error { return nil }

func (s *memorySession) List(context.Context) ([]MailboxInfo, error) {
	s.u.store.mu.Lock()
	defer s.u.store.mu.Unlock()
	var out []MailboxInfo
	for _, b := range s.u.boxes {
		out = append(out, MailboxInfo{Name: b.name, SpecialUse: b.special, Subscribed: slices.Contains(s.u.subscribed, b.name)})
	}
	for _, name := range s.u.subscribed {
		if s.u.find(name) == nil {
			out = append(out, MailboxInfo{Name: name, Subscribed: true, NonExistent: true})
		}
	}
	return out, nil
}

func (s *memorySession) Status(_ context.Context, name string) (MailboxStatus, error) {
	s.u.store.mu.Lock()
	defer s.u.store.mu.Unlock()
	b := s.u.find(name)
	if b == nil {
		return MailboxStatus{}, ErrNoMailbox
	}
	st := MailboxStatus{Messages: uint32(len(b.messages)), UIDNext: b.uidNext, UIDValidity: b.validity}
	for _, m := range b.messages {
		if !HasFlag(m.Flags, FlagSeen) {
			st.Unseen++
		}
		if HasFlag(m.Flags, FlagDeleted) {
			st.Deleted++
		}
		if m.UID >= b.recentFrom {
			st.Recent++
		}
		st.Size += m.Size
	}
	return st, nil
}

func (s *memorySession) Append(_ context.Context, name string, content []byte, flags []Flag, date time.Time) (uint32, uint32, error) {
	s.u.store.mu.Lock()
	b := s.u.find(name)
	if b == nil {
		s.u.store.mu.Unlock()
		return 0, 0, ErrNoMailbox
	}
	if date.IsZero() {
		date = s.u.store.now()
	}
	uid := b.add(content, flags, date)
	validity, tell := b.validity, b.changed()
	s.u.store.mu.Unlock()
	notifyAll(tell)
	return validity, uid, nil
}

func (s *memorySession) Create(_ context.Context, name string) error {
	s.u.store.mu.Lock()
	defer s.u.store.mu.Unlock()
	if s.u.find(name) != nil {
		return ErrMailboxExists
	}
	s.u.make(name)
	return nil
}

func (s *memorySession) Delete(_ context.Context, name string) error {
	s.u.store.mu.Lock()
	defer s.u.store.mu.Unlock()
	if s.u.find(name) == nil {
		return ErrNoMailbox
	}
	s.u.boxes = slices.DeleteFunc(s.u.boxes, func(b *memoryBox) bool { return b.name == name })
	return nil
}

func (s *memorySession) Rename(_ context.Context, from, to string) error {
	s.u.store.mu.Lock()
	defer s.u.store.mu.Unlock()
	switch {
	case s.u.find(from) == nil:
		return ErrNoMailbox
	case s.u.find(to) != nil:
		return ErrMailboxExists
	}
	for _, b := range s.u.boxes {
		if rest, is := strings.CutPrefix(b.name, from); is && (rest == "" || rest[0] == '/') {
			b.name = to + rest
		}
	}
	return nil
}

func (s *memorySession) Subscribe(_ context.Context, name string) error {
	s.u.store.mu.Lock()
	defer s.u.store.mu.Unlock()
	if !slices.Contains(s.u.subscribed, name) {
		s.u.subscribed = append(s.u.subscribed, name)
	}
	return nil
}

func (s *memorySession) Unsubscribe(_ context.Context, name string) error {
	s.u.store.mu.Lock()
	defer s.u.store.mu.Unlock()
	s.u.subscribed = slices.DeleteFunc(s.u.subscribed, func(n string) bool { return n == name })
	return nil
}

func (s *memorySession) Open(_ context.Context, name string, readOnly bool, notify func()) (Mailbox, error) {
	s.u.store.mu.Lock()
	defer s.u.store.mu.Unlock()
	b := s.u.find(name)
	if b == nil {
		return nil, ErrNoMailbox
	}
	o := &memoryOpen{u: s.u, b: b, notify: notify, readOnly: readOnly || b.readOnly}
	b.watchers = append(b.watchers, o)
	return o, nil
}

type memoryOpen struct {
	u        *memoryUser
	b        *memoryBox
	notify   func()
	readOnly bool
	recent   map[uint32]bool
}

func (o *memoryOpen) Close() error {
	o.u.store.mu.Lock()
	defer o.u.store.mu.Unlock()
	o.b.watchers = slices.DeleteFunc(o.b.watchers, func(w *memoryOpen) bool { return w == o })
	return nil
}

func (o *memoryOpen) Snapshot(_ context.Context, since uint64) (Snapshot, error) {
	o.u.store.mu.Lock()
	defer o.u.store.mu.Unlock()
	if since == o.b.version {
		return Snapshot{Version: since}, nil
	}
	if o.recent == nil {
		o.recent = map[uint32]bool{}
	}
	snap := Snapshot{
		Version: o.b.version, UIDValidity: o.b.validity, UIDNext: o.b.uidNext, ReadOnly: o.readOnly,
		Flags:          append(SystemFlags(), o.b.keywords...),
		PermanentFlags: append(append(SystemFlags(), o.b.keywords...), FlagWildcard),
	}
	for _, m := range o.b.messages {
		if m.UID >= o.b.recentFrom {
			o.recent[m.UID] = true
		}
		msg := m.Message
		msg.Flags = slices.Clone(m.Flags)
		msg.Recent = o.recent[m.UID]
		snap.Messages = append(snap.Messages, msg)
	}
	if !o.readOnly {
		o.b.recentFrom = o.b.uidNext
	}
	return snap, nil
}

func (o *memoryOpen) Content(_ context.Context, uid uint32) ([]byte, error) {
	o.u.store.mu.Lock()
	defer o.u.store.mu.Unlock()
	for _, m := range o.b.messages {
		if m.UID == uid {
			return m.content, nil
		}
	}
	return nil, ErrMessageGone
}

func (o *memoryOpen) SetFlags(_ context.Context, uids []uint32, op FlagOp, flags []Flag) error {
	o.u.store.mu.Lock()
	for i := range o.b.messages {
		if m := &o.b.messages[i]; slices.Contains(uids, m.UID) {
			m.Flags = op.Apply(m.Flags, flags)
		}
	}
	o.b.learn(flags)
	tell := o.b.changed()
	o.u.store.mu.Unlock()
	notifyAll(tell)
	return nil
}

func (o *memoryOpen) Expunge(_ context.Context, uids []uint32) error {
	o.u.store.mu.Lock()
	o.b.messages = slices.DeleteFunc(o.b.messages, func(m memoryMessage) bool {
		return HasFlag(m.Flags, FlagDeleted) && (uids == nil || slices.Contains(uids, m.UID))
	})
	tell := o.b.changed()
	o.u.store.mu.Unlock()
	notifyAll(tell)
	return nil
}

func (o *memoryOpen) Copy(_ context.Context, uids []uint32, dest string) (CopyResult, error) {
	return o.transfer(uids, dest, false)
}

func (o *memoryOpen) Move(_ context.Context, uids []uint32, dest string) (CopyResult, error) {
	return o.transfer(uids, dest, true)
}

func (o *memoryOpen) transfer(uids []uint32, dest string, move bool) (CopyResult, error) {
	o.u.store.mu.Lock()
	d := o.u.find(dest)
	if d == nil {
		o.u.store.mu.Unlock()
		return CopyResult{}, fmt.Errorf("copy to %q: %w", dest, ErrNoMailbox)
	}
	res := CopyResult{UIDValidity: d.validity}
	for _, m := range slices.Clone(o.b.messages) {
		if slices.Contains(uids, m.UID) {
			res.Source = append(res.Source, m.UID)
			res.Dest = append(res.Dest, d.add(m.content, m.Flags, m.InternalDate))
		}
	}
	if !move && len(res.Source) < len(uids) {
		d.messages = d.messages[:len(d.messages)-len(res.Source)]
		o.u.store.mu.Unlock()
		return CopyResult{}, ErrMessageGone
	}
	tell := d.changed()
	if move {
		o.b.messages = slices.DeleteFunc(o.b.messages, func(m memoryMessage) bool { return slices.Contains(res.Source, m.UID) })
		tell = append(tell, o.b.changed()...)
	}
	o.u.store.mu.Unlock()
	notifyAll(tell)
	return res, nil
}
