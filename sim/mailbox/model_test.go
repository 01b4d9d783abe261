package mailbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mailwalk/protocols/imap"
	"mailwalk/protocols/pop3"
)

// model is what an account should hold, kept in the plainest way.
type model struct {
	boxes map[string]*modelBox
}

type modelBox struct {
	next  uint32
	mails []modelMail
}

type modelMail struct {
	uid   uint32
	flags map[string]bool
	text  string
}

func (b *modelBox) add(m modelMail) {
	m.uid, m.flags = b.next, maps.Clone(m.flags)
	b.next++
	b.mails = append(b.mails, m)
}

func (b *modelBox) remove(gone func(m modelMail) bool) { b.mails = slices.DeleteFunc(b.mails, gone) }

func (m *model) make(name string) {
	for i := range name + "/" {
		if i == len(name) || name[i] == '/' {
			if m.boxes[name[:i]] == nil {
				m.boxes[name[:i]] = &modelBox{next: 1}
			}
		}
	}
}

func (m *model) dump() string {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(m.boxes)) {
		b := m.boxes[name]
		fmt.Fprintf(&out, "%s, next %d\n", name, b.next)
		for _, x := range b.mails {
			var flags []imap.Flag
			for f := range x.flags {
				flags = append(flags, imap.Flag(f))
			}
			var k keywords
			fmt.Fprintf(&out, "  %d %v %q\n", x.uid, k.spell(flags), x.text)
		}
	}
	return out.String()
}

// tester does the same to a store and to a model.
type tester struct {
	*machine
	t     *testing.T
	r     *rand.Rand
	model *model
	user  *user
	mails int
	// open is a session that has a mailbox open while others change it.
	open *watcher
}

// watcher sees a mailbox as an IMAP session does: by snapshots, after notices.
type watcher struct {
	box     imap.Mailbox
	name    string
	notices int
	snap    imap.Snapshot
}

func (x *tester) name() string {
	names := slices.Sorted(maps.Keys(x.model.boxes))
	if x.r.IntN(3) == 0 {
		return imap.Inbox
	}
	return names[x.r.IntN(len(names))]
}

func (x *tester) newName() string {
	return []string{"A", "A/B", "A/B/C", "D", "D/E", "Été"}[x.r.IntN(6)]
}

func (x *tester) uids(name string) []uint32 {
	var uids []uint32
	for _, m := range x.model.boxes[name].mails {
		if x.r.IntN(2) == 0 {
			uids = append(uids, m.uid)
		}
	}
	return uids
}

func (x *tester) flags() []imap.Flag {
	all := []imap.Flag{imap.FlagSeen, imap.FlagDeleted, imap.FlagFlagged, "Work", "$Junk"}
	x.r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:x.r.IntN(4)]
}

func (x *tester) letter() []byte {
	x.mails++
	return letter(fmt.Sprintf("number %d", x.mails))
}

// act does one thing at random. It returns what it did.
func (x *tester) act(ctx context.Context) (what string, err error) {
	name := x.name()
	box := x.model.boxes[name]
	switch x.r.IntN(11) {
	case 0, 1:
		data := x.letter()
		inbox := x.model.boxes[imap.Inbox]
		uid, err := x.store.Deliver(ctx, "bob@globex.test", data, Envelope{})
		if uid != inbox.next {
			x.t.Errorf("delivered as %d, want %d", uid, inbox.next)
		}
		inbox.add(modelMail{text: string(data)})
		return "deliver", err
	case 2:
		data, flags := x.letter(), x.flags()
		_, _, err := x.user.Append(ctx, name, data, flags, epoch)
		m := modelMail{text: string(data), flags: map[string]bool{}}
		for _, f := range flags {
			m.flags[string(f)] = true
		}
		box.add(m)
		return "append to " + name, err
	case 3:
		uids, op, flags := x.uids(name), imap.FlagOp(x.r.IntN(3)), x.flags()
		for i, m := range box.mails {
			if !slices.Contains(uids, m.uid) {
				continue
			}
			after := maps.Clone(m.flags)
			if after == nil || op == imap.FlagsReplace {
				after = map[string]bool{}
			}
			for _, f := range flags {
				if op == imap.FlagsRemove {
					delete(after, string(f))
				} else {
					after[string(f)] = true
				}
			}
			box.mails[i].flags = after
		}
		return fmt.Sprint("flags of ", name, uids, op, flags), with(ctx, x.user, name, func(b imap.Mailbox) error { return b.SetFlags(ctx, uids, op, flags) })
	case 4:
		uids := x.uids(name)
		if x.r.IntN(2) == 0 {
			uids = nil
		}
		box.remove(func(m modelMail) bool { return m.flags[`\Deleted`] && (uids == nil || slices.Contains(uids, m.uid)) })
		return fmt.Sprint("expunge ", name, uids), with(ctx, x.user, name, func(b imap.Mailbox) error { return b.Expunge(ctx, uids) })
	case 5, 6:
		return x.transfer(ctx, name)
	case 7:
		made := x.newName()
		err := x.user.Create(ctx, made)
		if x.model.boxes[made] != nil {
			if !errors.Is(err, imap.ErrMailboxExists) {
				x.t.Errorf("create %s again: %v", made, err)
			}
			return "create in vain", nil
		}
		x.model.make(made)
		return "create " + made, err
	case 8:
		return x.manage(ctx, name)
	case 9:
		return x.pop3(ctx)
	default:
		if x.r.IntN(4) > 0 {
			return "nothing", nil
		}
		x.open = nil
		return "restart", x.restart(ctx)
	}
}

func (x *tester) transfer(ctx context.Context, name string) (string, error) {
	box, uids, dest := x.model.boxes[name], x.uids(name), x.name()
	to := x.model.boxes[dest]
	move := x.r.IntN(2) == 0
	var want []uint32
	for _, m := range slices.Clone(box.mails) {
		if slices.Contains(uids, m.uid) {
			want = append(want, to.next)
			to.add(m)
		}
	}
	if move {
		box.remove(func(m modelMail) bool { return slices.Contains(uids, m.uid) })
	}
	what := fmt.Sprint("transfer ", name, uids, " to ", dest, ", move: ", move)
	return what, with(ctx, x.user, name, func(b imap.Mailbox) error {
		do := b.Copy
		if move {
			do = b.Move
		}
		res, err := do(ctx, uids, dest)
		if !slices.Equal(res.Dest, want) || !slices.Equal(res.Source, uids) {
			x.t.Errorf("%s: got %v to %v, want %v", what, res.Source, res.Dest, want)
		}
		return err
	})
}

// manage deletes or renames a mailbox.
func (x *tester) manage(ctx context.Context, name string) (string, error) {
	watched := func(name string) bool { return x.open != nil && x.open.name == name }
	var told *imap.Error
	if x.r.IntN(2) == 0 {
		if name == imap.Inbox {
			return "nothing", nil
		}
		err := x.user.Delete(ctx, name)
		if watched(name) {
			if !errors.As(err, &told) || told.Code != "INUSE" {
				x.t.Errorf("delete an open mailbox: %v", err)
			}
			return "delete in vain", nil
		}
		delete(x.model.boxes, name)
		return "delete " + name, err
	}
	to := x.newName()
	what := "rename " + name + " to " + to
	err := x.user.Rename(ctx, name, to)
	if name == imap.Inbox {
		if x.model.boxes[to] != nil {
			return what + " in vain", wants(err, imap.ErrMailboxExists)
		}
		x.model.make(to)
		for _, m := range x.model.boxes[name].mails {
			x.model.boxes[to].add(m)
		}
		x.model.boxes[name].mails = nil
		return what, err
	}
	moves := map[string]string{}
	for have := range x.model.boxes {
		if have == name || strings.HasPrefix(have, name+"/") {
			moves[have] = to + have[len(name):]
		}
	}
	exists, open := x.model.boxes[to] != nil, false
	for from, to := range moves {
		exists = exists || x.model.boxes[to] != nil
		open = open || watched(from)
	}
	switch {
	case x.model.boxes[to] != nil:
		return what + " in vain", wants(err, imap.ErrMailboxExists)
	case strings.HasPrefix(to, name+"/"):
		if !errors.As(err, &told) || told.Code != "CANNOT" {
			x.t.Errorf("%s: %v", what, err)
		}
		return what + " in vain", nil
	case exists || open:
		if !errors.Is(err, imap.ErrMailboxExists) && (!errors.As(err, &told) || told.Code != "INUSE") {
			x.t.Errorf("%s: %v", what, err)
		}
		return what + " in vain", nil
	}
	moved := map[string]*modelBox{}
	for from, to := range moves {
		moved[to] = x.model.boxes[from]
		delete(x.model.boxes, from)
	}
	if i := strings.LastIndex(to, "/"); i > 0 {
		x.model.make(to[:i])
	}
	maps.Copy(x.model.boxes, moved)
	return what, err
}

func wants(err, want error) error {
	if !errors.Is(err, want) {
		return fmt.Errorf("got %w, want %w", err, want)
	}
	return nil
}

// pop3 reads the INBOX and removes some of it, or leaves without a goodbye. Meanwhile
// mails arrive and go.
func (x *tester) pop3(ctx context.Context) (string, error) {
	box := x.model.boxes[imap.Inbox]
	there := slices.Clone(box.mails)
	d, err := x.store.POP3().Open(ctx, "bob", "marmalade")
	if err != nil {
		return "POP3", err
	}
	if _, err := x.store.POP3().Open(ctx, "bob", "marmalade"); !errors.Is(err, pop3.ErrInUse) {
		x.t.Errorf("POP3 twice: %v", err)
	}
	data := x.letter()
	_, err = x.store.Deliver(ctx, "bob@globex.test", data, Envelope{})
	box.add(modelMail{text: string(data)})
	if x.r.IntN(2) == 0 {
		box.remove(func(m modelMail) bool { return m.flags[`\Deleted`] })
		err = errors.Join(err, with(ctx, x.user, imap.Inbox, func(b imap.Mailbox) error { return b.Expunge(ctx, nil) }))
	}
	if n := len(d.Messages()); n != len(there) {
		x.t.Errorf("POP3 finds %d, want %d", n, len(there))
	}
	var marked []int
	for i, m := range there {
		content, cerr := d.Content(ctx, i+1)
		if err = errors.Join(err, cerr); !bytes.Equal(content, []byte(m.text)) {
			x.t.Errorf("POP3 message %d is %q, want %q", i+1, content, m.text)
		}
		if x.r.IntN(2) == 0 {
			marked = append(marked, i+1)
		}
	}
	if x.r.IntN(4) > 0 {
		err = errors.Join(err, d.Commit(ctx, marked))
		box.remove(func(m modelMail) bool {
			i := slices.IndexFunc(there, func(o modelMail) bool { return o.uid == m.uid })
			return i >= 0 && slices.Contains(marked, i+1)
		})
	}
	return "POP3", errors.Join(err, d.Close())
}

// restart has the host's programs start anew on what a crash leaves.
func (x *tester) restart(ctx context.Context) error {
	validity := map[string]uint32{}
	for _, b := range x.store.find("bob@globex.test").boxes {
		validity[b.name] = b.validity
	}
	begun := x.store.find("bob@globex.test").begun
	left := x.disk.outcome(x.r)
	x.disk.files, x.disk.durable = maps.Clone(left), maps.Clone(left)
	x.store = New(x.machine, x.rec, accounts)
	if err := x.store.Start(ctx); err != nil {
		return err
	}
	for _, b := range x.store.find("bob@globex.test").boxes {
		if begun && b.validity != validity[b.name] {
			x.t.Errorf("UIDVALIDITY of %s was %d, is %d", b.name, validity[b.name], b.validity)
		}
	}
	var err error
	x.user, err = imapUser(ctx, x.store)
	return err
}

// look has the open session look at its mailbox, if it was told to, and compares what
// it sees.
func (x *tester) look(ctx context.Context) error {
	w := x.open
	if w == nil {
		w = &watcher{name: x.name()}
		box, err := x.user.Open(ctx, w.name, false, func() { w.notices++ })
		if err != nil {
			return err
		}
		w.box, w.notices, x.open = box, 1, w
	}
	if w.notices > 0 {
		snap, err := w.box.Snapshot(ctx, w.snap.Version)
		if err != nil {
			return err
		}
		if snap.Version != w.snap.Version {
			w.snap = snap
		}
		w.notices = 0
	}
	var got, want []string
	for _, m := range w.snap.Messages {
		got = append(got, fmt.Sprint(m.UID, m.Flags))
	}
	for _, m := range x.store.find("bob@globex.test").mailbox(w.name).messages {
		want = append(want, fmt.Sprint(m.uid, m.flags))
	}
	if !slices.Equal(got, want) {
		x.t.Errorf("a session sees %v in %s, there is %v", got, w.name, want)
	}
	if x.r.IntN(10) == 0 {
		x.open = nil
		return w.box.Close()
	}
	return nil
}

// TestModel does things at random through POP3, IMAP and delivery, and compares the
// store with a model, with what its events tell, and with what it reads back.
func TestModel(t *testing.T) {
	runs := 40
	if testing.Short() {
		runs = 10
	}
	for seed := range uint64(runs) {
		x := &tester{machine: newMachine(), t: t, r: rand.New(rand.NewPCG(seed, 1)), model: &model{boxes: map[string]*modelBox{}}}
		x.model.make(imap.Inbox)
		var done []string
		x.do(t, func(ctx context.Context) (err error) {
			if err := x.store.Start(ctx); err != nil {
				return err
			}
			if x.user, err = imapUser(ctx, x.store); err != nil {
				return err
			}
			for range 60 {
				what, err := x.act(ctx)
				done = append(done, what)
				if err != nil {
					return fmt.Errorf("%s: %w", what, err)
				}
				if got, want := dump(t, x.store, "bob@globex.test"), x.model.dump(); got != want {
					t.Errorf("there is\n%s\nwant\n%s", got, want)
				}
				checkView(t, x.machine)
				checkNoWaste(t, x.machine)
				if err := x.look(ctx); err != nil {
					return err
				}
				if t.Failed() {
					return nil
				}
			}
			return x.restart(ctx)
		})
		if t.Failed() {
			t.Fatalf("seed %d: %s", seed, strings.Join(done, "; "))
		}
	}
}
