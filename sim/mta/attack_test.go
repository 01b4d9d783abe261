package mta

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/smtp/attack"
	"mailwalk/sim/explain"
	"mailwalk/sim/secure"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

const attacks = "../../protocols/smtp/testdata/attacks"

// noticed are the steps by which a server says what it was attacked with, by the names
// that the scripts have for it.
var noticed = map[string]string{
	"false-end": trace.Smuggling, "bare-line-end": trace.BareLineEnd, "control-octet": trace.ControlOctet, "eight-bit": trace.EightBit,
	"long-line": trace.LongLine, "early-input": trace.Injection, "many-recipients": trace.ManyRecipients, "many-errors": trace.ManyErrors, "slow": trace.Slow,
}

// attacked is a server that takes mail for b@foo.com.
func attacked(t *testing.T, settings ...string) *world {
	w := newWorld(t, func(c *Config) {
		c.Domains, c.Submission = []string{"foo.com"}, false
		for _, s := range settings {
			key, value, _ := strings.Cut(s, "=")
			switch key {
			case "maxsize":
				n, err := strconv.ParseInt(value, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				c.MaxSize = n
			case "tls":
				authority, err := secure.NewAuthority(1, c.Host.Clock().Now())
				if err != nil {
					t.Fatal(err)
				}
				c.TLS, c.Certificate = secure.On(c.Host, c.Recorder, authority), &secure.Server{}
			default:
				c.Extensions = append(slices.Clone(usualExtensions), strings.ToUpper(key))
			}
		}
	})
	w.boxes.users["b@foo.com"] = ""
	return w
}

// assault has the stranger connect, and say what talk says, until the server has had
// enough.
func (w *world) assault(t *testing.T, talk func(ctx context.Context, h wire.Host, nc net.Conn) error) {
	t.Helper()
	h := w.hosts["stranger"]
	ended := false
	h.Go("attack", func(ctx context.Context) {
		nc, err := h.Dial(ctx, "tcp", netip.AddrPort{}, netip.MustParseAddrPort(server+":25"))
		if err != nil {
			t.Error(err)
			return
		}
		h.Go("listen", func(context.Context) {
			// However the server hangs up, it has.
			_, _ = io.Copy(io.Discard, nc)
			ended = true
			_ = nc.Close()
		})
		// It may have hung up before all was said.
		_ = talk(ctx, h, nc)
	})
	for w.clock.Step() {
	}
	if !ended {
		t.Error("the session did not end")
	}
}

// attacksSeen are the steps that say of an attack, in their order; each has its
// explanation.
func (w *world) attacksSeen(t *testing.T) []string {
	t.Helper()
	var all []string
	for e := range w.trace.All() {
		b, ok := e.Body.(*trace.DecisionBody)
		if !ok || e.Host != "mail" {
			continue
		}
		for _, what := range noticed {
			if e.What != what {
				continue
			}
			all = append(all, what)
			x := explain.For(e)
			if x.Newcomer == "" || x.Student == "" || x.Engineer == "" || x.Key != "decision."+what || b.Subject != "stranger" || strings.Contains(b.Because, "%!") {
				t.Errorf("%+v is explained as %+v", b, x)
			}
		}
	}
	return all
}

// TestAttacks: what hostile clients try over the network is noticed, told and
// explained, and comes to nothing.
func TestAttacks(t *testing.T) {
	scripts, err := attack.Load(os.DirFS(attacks), "client-*.txt")
	if err != nil || len(scripts) < 10 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	for _, script := range scripts {
		t.Run(script.Name, func(t *testing.T) {
			w := attacked(t, script.Settings...)
			w.assault(t, func(_ context.Context, _ wire.Host, nc net.Conn) error {
				for _, step := range script.Steps {
					left := step.Times
					if strings.Contains(step.Text, "\n") {
						left = min(left, 2000) // so many lines say all there is to say
					}
					for left > 0 {
						n := min(left, max(1, 4096/len(step.Text)))
						if _, err := io.WriteString(nc, strings.Repeat(step.Text, n)); err != nil {
							return err
						}
						left -= n
					}
				}
				return nil
			})
			var want []string
			for _, name := range script.Outcome["odd"] {
				want = append(want, noticed[name])
			}
			if got := slices.Compact(w.attacksSeen(t)); !slices.Equal(got, slices.Compact(want)) {
				t.Errorf("noticed %q, want %q", got, want)
			}
			if n := strconv.Itoa(len(w.boxes.mail["b@foo.com"])); n != script.Outcome["mails"][0] {
				t.Errorf("delivered %s mails", n)
			}
		})
	}
}

// TestSmugglingTold: each false end is told with its octets, and what is hidden behind
// it goes nowhere.
func TestSmugglingTold(t *testing.T) {
	endings, err := attack.Endings(os.DirFS(attacks), "endings.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range endings {
		w := attacked(t)
		w.assault(t, func(_ context.Context, _ wire.Host, nc net.Conn) error {
			_, err := io.WriteString(nc, "EHLO bar.com\r\nMAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\nSubject: x\r\n\r\ntext"+x.Octets+
				"MAIL FROM:<smuggler@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\nSubject: hidden\r\n\r\n.\r\nQUIT\r\n")
			return err
		})
		want, mails := []string{noticed[x.Odd]}, 0
		if x.Odd == "none" {
			want, mails = nil, 1
		}
		if got := w.attacksSeen(t); !slices.Equal(got, want) || len(w.boxes.mail["b@foo.com"]) != mails {
			t.Errorf("%q: noticed %q, delivered %d mails", x.Octets, got, len(w.boxes.mail["b@foo.com"]))
		}
	}
}

// TestSlow: who sends an octet a second is sent away after a while, of which nobody but
// the clock of the walk notices anything.
func TestSlow(t *testing.T) {
	for _, x := range []struct {
		name, first, slowly string
		most                time.Duration
	}{
		{"a command", "EHLO bar.com\r\n", strings.Repeat("x", 2000), 6 * time.Minute},
		{"a content", "EHLO bar.com\r\nMAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n", strings.Repeat("x", 5000), 62 * time.Minute},
		{"nothing", "EHLO bar.com\r\n", "", 6 * time.Minute},
		{"nothing in a content", "EHLO bar.com\r\nMAIL FROM:<a@bar.com>\r\nRCPT TO:<b@foo.com>\r\nDATA\r\n", "x", 6 * time.Minute},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := attacked(t)
			w.assault(t, func(ctx context.Context, h wire.Host, nc net.Conn) error {
				if _, err := io.WriteString(nc, x.first); err != nil {
					return err
				}
				for i := range len(x.slowly) {
					if err := h.Clock().Sleep(ctx, time.Second); err != nil {
						return err
					}
					if _, err := io.WriteString(nc, x.slowly[i:i+1]); err != nil {
						return err
					}
				}
				return nil
			})
			if got := w.attacksSeen(t); !slices.Equal(got, []string{trace.Slow}) {
				t.Errorf("noticed %q", got)
			}
			for e := range w.trace.All() {
				if e.Kind == trace.Decision && e.What == trace.Slow && e.At > x.most {
					t.Errorf("noticed after %v", e.At)
				}
			}
			if len(w.boxes.mail["b@foo.com"]) > 0 {
				t.Error("a mail was taken")
			}
		})
	}
}

// TestHostileServers: what a server says to break its client keeps the mail in the
// queue or sends it back, and the reason is told without a character that would do
// something on a screen.
func TestHostileServers(t *testing.T) {
	scripts, err := attack.Load(os.DirFS(attacks), "server-*.txt")
	if err != nil || len(scripts) < 5 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	for _, script := range scripts {
		t.Run(script.Name, func(t *testing.T) {
			w := newWorld(t, nil)
			h := w.hosts["friend"] // which takes relay.test's mail
			l, err := h.Listen(netip.AddrPortFrom(netip.IPv6Unspecified(), 25))
			if err != nil {
				t.Fatal(err)
			}
			wire.Serve(h, l, "hostile", func(_ context.Context, nc net.Conn) {
				heard := make([]byte, 4096)
				for _, step := range script.Steps {
					if step.Times == 0 {
						if _, err := nc.Read(heard); err != nil {
							return
						}
						continue
					}
					for left := min(step.Times, 1<<20/len(step.Text)); left > 0; {
						n := min(left, max(1, 4096/len(step.Text)))
						if _, err := io.WriteString(nc, strings.Repeat(step.Text, n)); err != nil {
							return
						}
						left -= n
					}
				}
				_ = nc.Close()
			})
			stranger := w.hosts["stranger"]
			stranger.Go("send", func(ctx context.Context) {
				if codes, err := submit(ctx, stranger, 25, nil, hello, []string{"known@relay.test"}); err != nil || codes[0] != 250 {
					t.Errorf("got %v, %v", codes, err)
				}
			})
			for w.clock.Elapsed() < 10*time.Minute && w.clock.Step() {
			}
			put := 0
			for e := range w.trace.All() {
				b, ok := e.Body.(*trace.MailBody)
				if !ok || e.Host != "mail" {
					continue
				}
				switch e.What {
				case trace.Relayed:
					t.Error("the mail counts as handed on")
				case trace.Deferred, trace.Bounced:
					put++
					if strings.ContainsFunc(b.Reason, func(r rune) bool { return r < ' ' }) {
						t.Errorf("reason %q", b.Reason)
					}
					if e.What == trace.Deferred && len(script.Outcome["error"]) > 0 && !strings.Contains(b.Reason, strings.TrimPrefix(script.Outcome["error"][0], "read reply: ")) {
						t.Errorf("reason %q, want %q in it", b.Reason, script.Outcome["error"][0])
					}
				}
			}
			if put == 0 {
				t.Error("nothing is said of the mail")
			}
		})
	}
}
