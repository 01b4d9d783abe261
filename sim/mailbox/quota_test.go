package mailbox

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// TestQuota: a mail that does not fit is not taken, and when room was made the same
// one is.
func TestQuota(t *testing.T) {
	m := newMachine()
	m.store = New(m, m.rec, []Account{{Address: "bob@globex.test", Password: "marmalade", Quota: 1000}, {Address: "carol@globex.test"}})
	m.do(t, m.store.Start)
	room := func(address string, want int64) {
		t.Helper()
		if left, _ := m.store.Room(address); left != want {
			t.Errorf("%s has room for %d octets, want %d", address, left, want)
		}
	}
	mail := []byte("Subject: x\r\n\r\n" + strings.Repeat("x", 584) + "\r\n") // 600 octets
	m.do(t, func(ctx context.Context) error {
		room("bob@globex.test", 1000)
		room("carol@globex.test", -1)
		room("nobody@globex.test", -1)
		if _, err := m.store.Deliver(ctx, "bob@globex.test", mail, Envelope{}); err != nil {
			return err
		}
		room("bob@globex.test", 400)
		if _, err := m.store.Deliver(ctx, "bob@globex.test", mail, Envelope{}); !errors.Is(err, ErrQuota) {
			t.Errorf("the second mail: %v", err)
		}
		room("bob@globex.test", 400)
		d, err := m.store.POP3().Open(ctx, "bob", "marmalade")
		if err != nil {
			return err
		}
		if err := d.Commit(ctx, []int{1}); err != nil {
			return err
		}
		if err := d.Close(); err != nil {
			return err
		}
		room("bob@globex.test", 1000)
		_, err = m.store.Deliver(ctx, "bob@globex.test", mail, Envelope{})
		return err
	})
}
