package pop3

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// memBackend is a backend in memory with one user.
type memBackend struct {
	user, password string

	mu       sync.Mutex
	locked   bool
	messages []memMessage
	opened   int
	closed   int
	commits  [][]int

	// What goes wrong.
	openErr, contentErr, commitErr, closeErr error
}

type memMessage struct{ uid, content string }

func (b *memBackend) Open(_ context.Context, user, password string) (Maildrop, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.openErr != nil:
		return nil, b.openErr
	case user != b.user || password != b.password:
		return nil, fmt.Errorf("open %q: %w", user, ErrAuth)
	case b.locked:
		return nil, ErrInUse
	}
	b.locked = true
	b.opened++
	return &memDrop{b}, nil
}

type memDrop struct{ b *memBackend }

func (d *memDrop) Messages() []MessageInfo {
	d.b.mu.Lock()
	defer d.b.mu.Unlock()
	var list []MessageInfo
	for _, m := range d.b.messages {
		list = append(list, MessageInfo{UID: m.uid, Size: Size([]byte(m.content))})
	}
	return list
}

func (d *memDrop) Content(_ context.Context, msg int) ([]byte, error) {
	d.b.mu.Lock()
	defer d.b.mu.Unlock()
	if d.b.contentErr != nil {
		return nil, d.b.contentErr
	}
	return []byte(d.b.messages[msg-1].content), nil
}

func (d *memDrop) Commit(_ context.Context, deleted []int) error {
	d.b.mu.Lock()
	defer d.b.mu.Unlock()
	d.b.commits = append(d.b.commits, deleted)
	if d.b.commitErr != nil {
		return d.b.commitErr
	}
	for _, n := range slices.Backward(deleted) {
		d.b.messages = slices.Delete(d.b.messages, n-1, n)
	}
	return nil
}

func (d *memDrop) Close() error {
	d.b.mu.Lock()
	defer d.b.mu.Unlock()
	if !d.b.locked {
		return errors.New("closed twice")
	}
	d.b.locked = false
	d.b.closed++
	return d.b.closeErr
}

// sized is a message of exactly n octets.
func sized(subject string, n int) string {
	s := "Subject: " + subject + "\r\n\r\n"
	return s + strings.Repeat("x", n-len(s)-2) + "\r\n"
}

// mrose is the maildrop of RFC 1939's examples: messages of 120 and 200 octets.
func mrose() *memBackend {
	return &memBackend{user: "mrose", password: "tanstaaf", messages: []memMessage{
		{"whqtswO00WBw418f9t5JxYwZ", sized("one", 120)},
		{"QhdPYR:00WBw1Ph7x7", sized("two", 200)},
	}}
}

// dots is a maildrop of messages that are hard to send.
func dots() *memBackend {
	return &memBackend{user: "mrose", password: "tan staaf ", messages: []memMessage{
		{"1", "Subject: dots\r\n\r\n.\r\n..\r\n.a\r\nb.\r\n"},
		{"2", "Subject: no last line end\r\n\r\nlast"},
		{"3", ""},
		{"4", "Subject: header alone\r\n"},
		{"5", "\r\nno header\r\nat all\r\n"},
		{"6", "Subject: bare\r\n\r\na\n.\r\nb\r\n"},
		{"7", "Subject: =\r\n\r\n\xc3\xa9\x00\r\n"},
	}}
}
