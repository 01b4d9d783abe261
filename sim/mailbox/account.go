package mailbox

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math"
)

// account is one user's mailboxes.
type account struct {
	store    *Store
	address  string
	password [sha256.Size]byte
	locked   bool // nobody gets in
	secret   secret
	quota    int64
	dir      string

	changing lock
	// broken says why the index cannot be written any more: what the disk has of it
	// is not known before the next start.
	broken     error
	begun      bool   // the index has its first record
	generation uint64 // of the index; 0 before the first
	validity   uint32 // the last that was given
	lastFile   uint64
	boxes      []*mailbox // by name
	followed   []string   // sorted
	delivered  []string   // IDs of deliveries, the last one last
	// files counts the mails that a content belongs to, and reading the POP3
	// sessions that were promised it.
	files, reading map[uint64]int
	session        *maildrop // which holds the lock of POP3
	conn           string    // of the last write to the disk
}

func newAccount(s *Store, a Account, dir string) *account {
	acct := &account{
		store: s, address: a.Address, dir: dir,
		quota:    a.Quota,
		password: sha256.Sum256([]byte(a.Password)), locked: a.Password == "",
		secret: secret{password: a.Password, salt: a.Salt},
		files:  map[uint64]int{}, reading: map[uint64]int{},
	}
	acct.changing.free = s.host.Clock().NewCond()
	return acct
}

// newValidity is a UIDVALIDITY that no mailbox of the account has had: the time in
// seconds, as RFC 9051 §2.3.1.1 proposes, or one more than the last.
func (a *account) newValidity() uint32 {
	now := min(max(a.store.host.Clock().Now().Unix(), 1), math.MaxUint32)
	v := uint32(now)
	if v <= a.validity {
		v = a.validity + 1
	}
	a.validity = v
	return v
}

// newFile writes a content and returns when it is on the disk.
func (a *account) newFile(ctx context.Context, data []byte) (uint64, error) {
	a.lastFile++
	n := a.lastFile
	name, disk := a.mailName(n), a.store.host.Disk()
	if err := disk.Write(name, data); err != nil {
		return 0, fmt.Errorf("write a mail: %w", err)
	}
	if err := disk.Sync(ctx, name); err != nil {
		a.dropFile(n)
		return 0, fmt.Errorf("write a mail: %w", err)
	}
	return n, nil
}

// read returns a content.
func (a *account) read(c *content) ([]byte, error) {
	data, err := a.store.host.Disk().Read(a.mailName(c.File))
	if err != nil {
		return nil, fmt.Errorf("read a mail: %w", err)
	}
	return data, nil
}

// dropFile removes a content that nobody needs any more.
func (a *account) dropFile(n uint64) {
	if a.files[n] > 0 || a.reading[n] > 0 || a.store.run.Err() != nil {
		return
	}
	delete(a.files, n)
	delete(a.reading, n)
	// A file that stays for whatever reason hides nothing and takes room only until
	// the next start, which removes it.
	_ = a.store.host.Disk().Remove(a.mailName(n))
}

// update makes changes to the account, all of them or, on an error, none. decide
// says which; what it sees does not change until they are made. When update
// returns, the changes are on the disk, in the trace, and known to the sessions.
func (a *account) update(ctx context.Context, decide func() ([]change, error)) error {
	if err := a.changing.take(ctx); err != nil {
		return fmt.Errorf("mailboxes of %s: %w", a.address, err)
	}
	defer a.changing.release()
	if err := a.store.ready(); err != nil {
		return err
	}
	if a.broken != nil {
		return fmt.Errorf("mailboxes of %s: %w", a.address, a.broken)
	}
	changes, err := decide()
	if err != nil || len(changes) == 0 {
		return err
	}
	if err := a.write(ctx, changes); err != nil {
		return fmt.Errorf("mailboxes of %s: %w", a.address, err)
	}
	var effects []effect
	for _, c := range changes {
		done, err := a.apply(c)
		if err != nil {
			a.broken = err
			return fmt.Errorf("mailboxes of %s: %w", a.address, err)
		}
		effects = append(effects, done...)
	}
	a.tell(effects)
	for _, e := range effects {
		if e.kind == removed {
			a.dropFile(e.msg.File)
		}
	}
	notify(effects)
	return nil
}

// write puts changes into the index and returns when they are on the disk.
func (a *account) write(ctx context.Context, changes []change) error {
	var text []byte
	generation := a.generation
	if !a.begun {
		line, err := record{State: a.state()}.line()
		if err != nil {
			return err
		}
		text, generation = line, generation+1
	}
	line, err := record{Changes: append(a.seen(), changes...)}.line()
	if err != nil {
		return err
	}
	text = append(text, line...)
	name, disk := a.indexName(generation), a.store.host.Disk()
	if err := disk.Append(name, text); err != nil {
		a.broken = fmt.Errorf("write the index: %w", err)
		return a.broken
	}
	// From here on the record may reach the disk whether the caller still wants it
	// or not: there is no way back, so a cancelled context does not end the wait. The
	// end of the host does.
	if err := disk.Sync(context.WithoutCancel(ctx), name); err != nil {
		a.broken = fmt.Errorf("write the index: %w", err)
		return a.broken
	}
	a.begun, a.generation = true, generation
	a.conn = a.store.rec.ConnHere()
	return nil
}

// seen are changes that go along with others: which mails were told of and are not
// \Recent any more. Alone they are not worth a record: a crash makes some mails
// recent again, which RFC 3501 §2.3.2 allows.
func (a *account) seen() []change {
	var changes []change
	for _, b := range a.boxes {
		if b.recent > b.recentKept {
			changes = append(changes, change{Op: opRecent, Mailbox: b.name, UID: b.recent})
		}
	}
	return changes
}

// notify tells the sessions that have one of the mailboxes open that it changed,
// each once. Nothing is half done by now: they may look at once.
func notify(effects []effect) {
	told := map[*mailbox]bool{} // looked up only
	for _, e := range effects {
		if told[e.box] {
			continue
		}
		told[e.box] = true
		for _, s := range e.box.sessions {
			s.notify()
		}
	}
}
