package mailbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/imap"
	"mailwalk/sim/clock"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

var epoch = time.Date(2030, 1, 7, 9, 0, 0, 0, time.UTC)

// machine is a host with a clock and a disk and no network.
type machine struct {
	clock *clock.Clock
	rec   *trace.Recorder
	disk  *paperDisk
	group *clock.Group
	store *Store
}

func newMachine() *machine {
	rec := trace.NewRecorder(trace.New(trace.Header{Seed: 1}))
	m := &machine{clock: clock.New(epoch, rec.Root()), rec: rec}
	rec.Attach(m.clock)
	m.disk = &paperDisk{clock: m.clock, files: map[string][]byte{}, durable: map[string][]byte{}}
	m.boot()
	return m
}

var accounts = []Account{{Address: "bob@globex.test", Password: "marmalade"}, {Address: "carol@globex.test", Password: "rhubarb"}}

func (m *machine) boot() {
	m.group = m.clock.NewGroup()
	m.store = New(m, m.rec, accounts)
}

// do runs a program to its end.
func (m *machine) do(t testing.TB, f func(ctx context.Context) error) {
	t.Helper()
	err := errors.New("did not end")
	m.Go("test", func(ctx context.Context) { err = f(ctx) })
	for m.clock.Step() {
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (m *machine) Name() string                                { return "mail.globex.test" }
func (m *machine) Addrs() []netip.Addr                         { return nil }
func (m *machine) Listen(netip.AddrPort) (net.Listener, error) { return nil, wire.ErrAddrNotAvailable }
func (m *machine) Rand(purpose string) *rand.Rand              { return rand.New(wire.Stream(1, 1, purpose)) }
func (m *machine) Disk() wire.Disk                             { return m.disk }
func (m *machine) Clock() wire.Clock                           { return machineClock{m} }
func (m *machine) Go(name string, f func(ctx context.Context)) { m.group.Go(name, m.program(f)) }
func (m *machine) ListenPacket(netip.AddrPort) (net.PacketConn, error) {
	return nil, wire.ErrAddrNotAvailable
}

func (m *machine) Dial(context.Context, string, netip.AddrPort, netip.AddrPort) (net.Conn, error) {
	return nil, wire.ErrNetworkUnreachable
}

func (m *machine) program(f func(ctx context.Context)) func(ctx context.Context) {
	return func(ctx context.Context) {
		m.rec.Scope().Host = m.Name()
		f(ctx)
	}
}

type machineClock struct{ m *machine }

func (c machineClock) Now() time.Time       { return c.m.clock.Now() }
func (c machineClock) NewCond() *clock.Cond { return c.m.clock.NewCond() }
func (c machineClock) AfterFunc(d time.Duration, name string, f func(ctx context.Context)) wire.Timer {
	return c.m.group.AfterFunc(d, name, c.m.program(f))
}
func (c machineClock) Sleep(ctx context.Context, d time.Duration) error {
	return c.m.clock.Sleep(ctx, d)
}
func (c machineClock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return c.m.clock.WithTimeout(ctx, d)
}
func (c machineClock) WithCancel(ctx context.Context) (context.Context, context.CancelFunc) {
	return c.m.clock.WithCancel(ctx)
}

var errDisk = errors.New("no space left on device")

// paperDisk does what wire.Disk promises and nothing more: it lists all that a
// crash can leave.
type paperDisk struct {
	clock          *clock.Clock
	files, durable map[string][]byte
	failing        string // the next Sync of a file whose name has this fails
}

func (d *paperDisk) Write(name string, data []byte) error {
	d.files[name] = bytes.Clone(data)
	return nil
}

func (d *paperDisk) Append(name string, data []byte) error {
	d.files[name] = append(bytes.Clone(d.files[name]), data...)
	return nil
}

func (d *paperDisk) Sync(ctx context.Context, name string) error {
	data, ok := d.files[name]
	if !ok {
		return fs.ErrNotExist
	}
	if err := d.clock.Sleep(ctx, time.Millisecond+time.Duration(len(data))); err != nil {
		return err
	}
	if d.failing != "" && strings.Contains(name, d.failing) {
		d.failing = ""
		return errDisk
	}
	d.durable[name] = data
	maps.DeleteFunc(d.durable, func(name string, _ []byte) bool { return d.files[name] == nil })
	return nil
}

func (d *paperDisk) Rename(string, string) error { return errors.ErrUnsupported }

func (d *paperDisk) Remove(name string) error {
	if _, ok := d.files[name]; !ok {
		return fs.ErrNotExist
	}
	delete(d.files, name)
	return nil
}

func (d *paperDisk) Read(name string) ([]byte, error) {
	data, ok := d.files[name]
	if !ok {
		return nil, fmt.Errorf("read %s: %w", name, fs.ErrNotExist)
	}
	return data, nil
}

func (d *paperDisk) List(prefix string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(d.files)) {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	return names
}

// options are what a crash can leave of each file now; nil stands for nothing.
func (d *paperDisk) options() (names []string, options [][][]byte) {
	all := maps.Clone(d.files)
	maps.Copy(all, d.durable)
	names = slices.Sorted(maps.Keys(all))
	for _, name := range names {
		seen, isSeen := d.files[name]
		kept, isKept := d.durable[name]
		of := [][]byte{nil}
		if isKept {
			of[0] = kept
		}
		switch {
		case !isSeen:
			of = append(of, nil)
		case !isKept || !bytes.Equal(seen, kept):
			// What was synced stays; of the rest any part from its beginning may be there.
			from := 0
			if isKept && bytes.HasPrefix(seen, kept) {
				from = len(kept) + 1
			}
			for cut := from; cut < len(seen); cut += 1 + (len(seen)-from)/32 {
				of = append(of, append([]byte{}, seen[:cut]...))
			}
			of = append(of, seen)
		}
		options = append(options, of)
	}
	return names, options
}

// outcomes are all that a crash can leave now.
func (d *paperDisk) outcomes() []map[string][]byte {
	names, options := d.options()
	all := []map[string][]byte{{}}
	for i, name := range names {
		var more []map[string][]byte
		for _, before := range all {
			for _, o := range options[i] {
				one := maps.Clone(before)
				if o != nil {
					one[name] = o
				}
				more = append(more, one)
			}
		}
		all = more
	}
	return all
}

// outcome is one of them.
func (d *paperDisk) outcome(r *rand.Rand) map[string][]byte {
	one := map[string][]byte{}
	names, options := d.options()
	for i, name := range names {
		if o := options[i][r.IntN(len(options[i]))]; o != nil {
			one[name] = o
		}
	}
	return one
}

// crash switches the machine off and on again.
func (m *machine) crash(left map[string][]byte) {
	m.group.End()
	m.disk.files, m.disk.durable = maps.Clone(left), maps.Clone(left)
	m.boot()
}

// dump is what all mailboxes of an account hold.
func dump(t testing.TB, s *Store, address string) string {
	var out strings.Builder
	a := s.find(address)
	for _, b := range a.boxes {
		fmt.Fprintf(&out, "%s, next %d\n", b.name, b.next)
		for _, m := range b.messages {
			data, err := a.read(m.content)
			if err != nil {
				t.Errorf("%s %d: %v", b.name, m.uid, err)
			}
			fmt.Fprintf(&out, "  %d %v %q\n", m.uid, m.flags, data)
		}
	}
	return out.String()
}

// checkView compares what the events tell with what the store has.
func checkView(t testing.TB, m *machine) {
	t.Helper()
	var want, got []string
	for _, a := range m.store.accounts {
		for _, b := range a.boxes {
			for _, x := range b.messages {
				want = append(want, fmt.Sprintf("%s %d %v %d %s", a.path(b.name), x.uid, x.flags, x.Size, x.Mail))
			}
		}
	}
	tr := m.rec.Trace()
	for _, b := range tr.View(tr.Len()).Mailboxes() {
		for _, x := range b.Messages {
			got = append(got, fmt.Sprintf("%s %d %v %d %s", b.Name, x.UID, x.Flags, x.Size, x.Mail))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("the events tell\n%s\nbut there is\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func letter(subject string) []byte {
	return fmt.Appendf(nil, "Message-ID: <%s@acme.test>\r\nSubject: %s\r\n\r\nHello\r\n", strings.ReplaceAll(subject, " ", "-"), subject)
}

// imapUser logs bob in.
func imapUser(ctx context.Context, s *Store) (*user, error) {
	u, err := s.IMAP().Login(ctx, "bob@globex.test", "marmalade")
	if err != nil {
		return nil, err
	}
	return u.(*user), nil
}

// with opens a mailbox for f.
func with(ctx context.Context, u *user, name string, f func(imap.Mailbox) error) error {
	b, err := u.Open(ctx, name, false, func() {})
	if err != nil {
		return err
	}
	return errors.Join(f(b), b.Close())
}
