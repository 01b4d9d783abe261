package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"mailwalk/sim/clock"
)

// with runs f as a task of a world of its own and returns how long it took there.
func with(t *testing.T, f func(ctx context.Context, d *Disk)) time.Duration {
	t.Helper()
	c := clock.New(time.Date(2030, 1, 7, 9, 0, 0, 0, time.UTC), nil)
	defer c.Close()
	d := New(c, Config{})
	ended := false
	c.NewGroup().Go("test", func(ctx context.Context) {
		f(ctx, d)
		ended = true
	})
	for c.Step() {
	}
	if !ended {
		t.Fatal("the task did not end")
	}
	return c.Elapsed()
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, d *Disk, name string) string {
	t.Helper()
	data, err := d.Read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "none"
	}
	must(t, err)
	return string(data)
}

func TestFiles(t *testing.T) {
	took := with(t, func(ctx context.Context, d *Disk) {
		data := []byte("one")
		must(t, d.Write("a/1", data), d.Append("a/1", []byte(" two")), d.Append("a/2", []byte("x")), d.Write("b", nil))
		data[0] = 'X' // the disk has its own copy
		if got := read(t, d, "a/1"); got != "one two" {
			t.Errorf("a/1 is %q", got)
		}
		must(t, d.Sync(ctx, "a/1"), d.Rename("a/1", "a/0"), d.Remove("b"))
		if got := d.List("a/"); !slices.Equal(got, []string{"a/0", "a/2"}) {
			t.Errorf("there are %q", got)
		}
		for _, err := range []error{d.Remove("b"), d.Rename("b", "c"), d.Sync(ctx, "b")} {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %v", err)
			}
		}
	})
	if took < time.Millisecond {
		t.Errorf("a sync took %v", took)
	}
}

// TestCrash: what a crash may leave, and nothing else, is left, each at some time.
func TestCrash(t *testing.T) {
	for _, x := range []struct {
		name string
		do   func(ctx context.Context, d *Disk) error
		may  []string // contents of f and g
	}{
		{"synced", func(ctx context.Context, d *Disk) error {
			return errors.Join(d.Write("f", []byte("ab")), d.Sync(ctx, "f"))
		}, []string{"ab none"}},
		{"not synced", func(ctx context.Context, d *Disk) error {
			return d.Write("f", []byte("ab"))
		}, []string{"none none", " none", "a none", "ab none"}},
		{"appended since", func(ctx context.Context, d *Disk) error {
			return errors.Join(d.Write("f", []byte("ab")), d.Sync(ctx, "f"), d.Append("f", []byte("cd")))
		}, []string{"ab none", "abc none", "abcd none"}},
		{"renamed since", func(ctx context.Context, d *Disk) error {
			return errors.Join(d.Write("f", []byte("ab")), d.Sync(ctx, "f"), d.Rename("f", "g"))
		}, []string{"ab none", "none ab"}},
		{"renamed and synced", func(ctx context.Context, d *Disk) error {
			return errors.Join(d.Write("f", []byte("ab")), d.Sync(ctx, "f"), d.Rename("f", "g"), d.Sync(ctx, "g"))
		}, []string{"none ab"}},
		{"renamed over another", func(ctx context.Context, d *Disk) error {
			return errors.Join(d.Write("g", []byte("old")), d.Sync(ctx, "g"), d.Write("f", []byte("new")), d.Sync(ctx, "f"), d.Rename("f", "g"))
		}, []string{"new old", "none new"}},
		{"removed since", func(ctx context.Context, d *Disk) error {
			return errors.Join(d.Write("f", []byte("ab")), d.Sync(ctx, "f"), d.Remove("f"))
		}, []string{"none none", "ab none"}},
		{"renamed, removed, and something synced", func(ctx context.Context, d *Disk) error {
			return errors.Join(d.Write("f", []byte("ab")), d.Sync(ctx, "f"), d.Rename("f", "h"), d.Remove("h"), d.Write("g", []byte("x")), d.Sync(ctx, "g"))
		}, []string{"none x"}},
		{"removed, and something synced", func(ctx context.Context, d *Disk) error {
			return errors.Join(d.Write("f", []byte("ab")), d.Sync(ctx, "f"), d.Remove("f"), d.Write("g", []byte("x")), d.Sync(ctx, "g"))
		}, []string{"none x"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			seen := map[string]bool{}
			for seed := range uint64(200) {
				with(t, func(ctx context.Context, d *Disk) {
					must(t, x.do(ctx, d))
					r := rand.New(rand.NewPCG(seed, 1))
					d.Crash(r)
					got := fmt.Sprintf("%s %s", read(t, d, "f"), read(t, d, "g"))
					if !slices.Contains(x.may, got) {
						t.Fatalf("seed %d left %q", seed, got)
					}
					seen[got] = true
					// A second crash finds all of it on the disk.
					d.Crash(r)
					if again := fmt.Sprintf("%s %s", read(t, d, "f"), read(t, d, "g")); again != got {
						t.Fatalf("seed %d: %q became %q", seed, got, again)
					}
				})
			}
			if len(seen) != len(x.may) {
				t.Errorf("of %q only %v were left", x.may, seen)
			}
		})
	}
}

// TestPromise: whatever is done, what was synced last of a file that is only
// appended to survives.
func TestPromise(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		with(t, func(ctx context.Context, d *Disk) {
			var synced []byte
			name := "log"
			must(t, d.Append(name, []byte("0")), d.Sync(ctx, name))
			synced = []byte("0")
			for i := range 1 + r.IntN(10) {
				switch r.IntN(3) {
				case 0:
					must(t, d.Append(name, []byte(fmt.Sprint(i))))
				case 1:
					must(t, d.Sync(ctx, name))
					data, err := d.Read(name)
					must(t, err)
					synced = bytes.Clone(data)
				case 2:
					next := name + "x"
					must(t, d.Rename(name, next))
					name = next
				}
			}
			d.Crash(r)
			found := slices.ContainsFunc(d.List("log"), func(n string) bool { return strings.HasPrefix(read(t, d, n), string(synced)) })
			if !found {
				t.Fatalf("%q is gone", synced)
			}
		})
	}
}

// TestOver: a program whose host has lost its power does nothing to the disk.
func TestOver(t *testing.T) {
	c := clock.New(time.Date(2030, 1, 7, 9, 0, 0, 0, time.UTC), nil)
	defer c.Close()
	d := New(c, Config{})
	must(t, d.Write("f", []byte("a")))
	var errs []error
	g := c.NewGroup()
	g.Go("test", func(ctx context.Context) {
		errs = append(errs, d.Sync(ctx, "f"), d.Write("f", []byte("b")), d.Append("f", []byte("c")), d.Rename("f", "g"), d.Remove("f"))
		_, err := d.Read("f")
		errs = append(errs, err)
		if names := d.List(""); len(names) > 0 {
			t.Errorf("it sees %q", names)
		}
	})
	c.Step()
	g.End()
	for c.Step() {
	}
	for i, err := range errs {
		if !errors.Is(err, clock.ErrDown) {
			t.Errorf("call %d: got %v", i, err)
		}
	}
	if got := read(t, d, "f"); len(errs) != 6 || got != "a" {
		t.Errorf("%d calls, and there is %q", len(errs), got)
	}
}

// TestSyncWhatIsNew: a sync takes as long as what was not synced before asks for.
func TestSyncWhatIsNew(t *testing.T) {
	mb := make([]byte, 1<<20)
	perMB := time.Duration(len(mb)) * time.Second / 200e6
	took := with(t, func(ctx context.Context, d *Disk) {
		must(t, d.Write("log", mb), d.Sync(ctx, "log"))
		must(t, d.Append("log", mb[:1000]), d.Sync(ctx, "log"))
		must(t, d.Rename("log", "old"), d.Sync(ctx, "old"))
		must(t, d.Write("old", mb), d.Sync(ctx, "old")) // the same content, and yet anew
	})
	if want := 4*time.Millisecond + 2*perMB + 5*time.Microsecond; took < want-time.Microsecond || took > want+time.Microsecond {
		t.Errorf("it took %s, want %s", took, want)
	}
}

// TestWrittenDuringSync: what comes while a sync runs is not synced by it.
func TestWrittenDuringSync(t *testing.T) {
	with(t, func(ctx context.Context, d *Disk) {
		other := func(f func()) {
			d.clock.NewGroup().AfterFunc(time.Microsecond, "other", func(context.Context) { f() })
		}
		must(t, d.Write("a", []byte("old")))
		other(func() { must(t, d.Append("a", []byte("er"))) })
		must(t, d.Sync(ctx, "a"))
		if got := string(d.durable["a"]); got != "old" {
			t.Errorf("on the disk is %q", got)
		}
		must(t, d.Write("b", []byte("one")))
		other(func() { must(t, d.Write("b", []byte("two"))) })
		must(t, d.Sync(ctx, "b"))
		before := d.clock.Elapsed()
		d.cfg.Rate = 1 // octet a second
		must(t, d.Sync(ctx, "b"))
		if took := d.clock.Elapsed() - before; took < 3*time.Second {
			t.Errorf("the second content was synced in %s", took)
		}
		must(t, d.Write("c", []byte("gone")))
		other(func() { must(t, d.Remove("c")) })
		must(t, d.Sync(ctx, "c"))
		if _, left := d.durable["c"]; left {
			t.Error("a file that was removed is on the disk")
		}
	})
}

// TestAppendKeepsWhatWasRead: who has read a file keeps what it was, over appending
// and over a crash.
func TestAppendKeepsWhatWasRead(t *testing.T) {
	with(t, func(ctx context.Context, d *Disk) {
		for range 100 {
			must(t, d.Append("a", []byte("0123456789")))
		}
		must(t, d.Sync(ctx, "a"), d.Append("a", []byte("before the crash")))
		was, err := d.Read("a")
		must(t, err)
		kept := string(was)
		d.Crash(rand.New(rand.NewPCG(1, 1)))
		must(t, d.Append("a", []byte(strings.Repeat("after", 10))))
		if string(was) != kept {
			t.Errorf("what was read has become %q", was[len(was)-20:])
		}
	})
}
