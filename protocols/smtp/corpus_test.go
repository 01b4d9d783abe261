package smtp

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/smtp/attack"
)

func scripts(t *testing.T, pattern string) []attack.Script {
	t.Helper()
	all, err := attack.Load(os.DirFS("testdata/attacks"), pattern)
	if err != nil || len(all) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	return all
}

// attacker says what a script has, and counts the codes that it is answered with.
type attacker struct {
	flood
	steps []attack.Step
}

func (a *attacker) Read(p []byte) (int, error) {
	for a.rest == "" {
		if len(a.steps) == 0 {
			return 0, io.EOF
		}
		step := &a.steps[0]
		if step.Times == 0 {
			a.steps = a.steps[1:]
			continue
		}
		n := min(step.Times, max(1, 4096/len(step.Text)))
		a.rest = strings.Repeat(step.Text, n)
		if step.Times -= n; step.Times == 0 {
			a.steps = a.steps[1:]
		}
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// TestAttacksOnServer plays the hostile clients of testdata/attacks.
func TestAttacksOnServer(t *testing.T) {
	for _, script := range scripts(t, "client-*.txt") {
		t.Run(script.Name, func(t *testing.T) {
			srv, b, _ := configure(t, script.Settings)
			a := &attacker{steps: slices.Clone(script.Steps)}
			a.codes = map[string]int{}
			var odd []string
			var err error
			heap := heapOf(func() {
				err = srv.ServeConn(context.Background(), a, &Hooks{Odd: func(o Oddity) {
					if len(o.Octets) > maxEvidence {
						t.Errorf("%d octets as evidence", len(o.Octets))
					}
					odd = append(odd, o.Kind.String())
				}})
			})
			runtime.KeepAlive(a)
			got := ""
			if err != nil {
				got = err.Error()
			}
			judge(t, script, got, heap)
			if want := script.Outcome["odd"]; !slices.Equal(slices.Compact(slices.Clone(odd)), slices.Compact(slices.Clone(want))) {
				t.Errorf("noticed %q, want %q", odd, want)
			}
			for _, want := range script.Outcome["code"] {
				code, times, _ := strings.Cut(want, " ")
				if n := strconv.Itoa(a.codes[code]); n != times {
					t.Errorf("%s times %s, want %s; all are %v", n, code, times, a.codes)
				}
			}
			if n := strconv.Itoa(len(b.mails)); n != script.Outcome["mails"][0] {
				t.Errorf("kept %s mails", n)
			}
			for _, m := range b.mails {
				if m.env.From.Local == "smuggler" {
					t.Errorf("kept %+v", m)
				}
			}
		})
	}
}

// judge compares an error, and how much memory stayed in use, with what a script says.
func judge(t *testing.T, script attack.Script, err string, heap int64) {
	t.Helper()
	want := ""
	if w := script.Outcome["error"]; len(w) > 0 {
		want = w[0]
	}
	if want == "" && err != "" || !strings.Contains(err, want) {
		t.Errorf("error %q, want %q", err, want)
	}
	for _, most := range script.Outcome["heap"] {
		if n, err := strconv.ParseInt(most, 10, 64); err != nil || heap > n {
			t.Errorf("%d octets stayed in use, want %s at most", heap, most)
		}
	}
}

// heapOf is how much memory is in use after f that was not before.
func heapOf(f func()) int64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return int64(after.HeapAlloc) - int64(before.HeapAlloc)
}

// TestFalseEnds: each false end is refused at the true one, and the server says what
// it noticed, however the octets arrive.
func TestFalseEnds(t *testing.T) {
	endings, err := attack.Endings(os.DirFS("testdata/attacks"), "endings.txt")
	if err != nil || len(endings) < 30 {
		t.Fatalf("%d endings, %v", len(endings), err)
	}
	for _, x := range endings {
		for _, chunk := range []int{0, 1, 2, 3, 5} {
			for _, before := range []string{"text", "", strings.Repeat("x", 4090), strings.Repeat("line\r\n", 1000)} {
				srv, _ := newTestServer()
				content := "Subject: x\r\n\r\n" + before + x.Octets + smuggled + ".\r\n"
				conn := &scriptConn{chunk: chunk, blocks: []string{hello, envelopeLines + "DATA\r\n", content, "QUIT\r\n"}}
				odd := "none"
				err := srv.ServeConn(context.Background(), conn, &Hooks{Odd: func(o Oddity) {
					odd = o.Kind.String()
					if o.Kind == FalseEnd && !strings.Contains(content, string(o.Octets)) {
						t.Errorf("%q: noticed %q, which was not said", x.Octets, o.Octets)
					}
				}})
				codes := replyCodes(conn.transcript.String())
				if err != nil || len(codes) != 7 || codes[5] != x.Code || odd != x.Odd {
					t.Errorf("%q after %d octets, %d at a time: %v, replies %v, noticed %s; want %s and %s", x.Octets, len(before), chunk, err, codes, odd, x.Code, x.Odd)
				}
			}
		}
	}
}

// hostile is a server that says what a script has, a step after each word of the
// client's, and hangs up then.
type hostile struct {
	attacker
}

func (*hostile) Write(p []byte) (int, error) { return len(p), nil }

func (*hostile) LocalAddr() net.Addr { return tcpAddr("192.0.2.2:40000") }

// TestAttacksOnClient plays the hostile servers of testdata/attacks.
func TestAttacksOnClient(t *testing.T) {
	for _, script := range scripts(t, "server-*.txt") {
		t.Run(script.Name, func(t *testing.T) {
			h := &hostile{attacker{steps: slices.Clone(script.Steps)}}
			var result Result
			var err error
			heap := heapOf(func() {
				c := NewClient(h, ClientOptions{NoPipelining: true, Now: func() time.Time { return time.Unix(0, 0) }})
				if _, err = c.Hello(context.Background()); err == nil {
					env := Envelope{From: Path{Local: "a", Domain: "bar.com"}, Recipients: []Recipient{{To: Path{Local: "b", Domain: "foo.com"}}}}
					result, err = c.Send(context.Background(), env, []byte("Subject: x\r\n\r\nMAIL FROM:<smuggler@bar.com>\r\n"))
				}
			})
			got := ""
			if err != nil {
				got = err.Error()
			}
			judge(t, script, got, heap)
			for _, code := range script.Outcome["code"] {
				if r := result.Recipients[0].Reply; r == nil || strconv.Itoa(r.Code) != code {
					t.Errorf("the recipient's reply is %v, want %s", r, code)
				}
			}
			if strings.ContainsFunc(fmt.Sprint(err), func(r rune) bool { return r < ' ' }) {
				t.Errorf("the error has control characters: %q", err)
			}
			if len(result.Recipients) > 0 && result.Recipients[0].Accepted() {
				t.Error("the mail counts as taken")
			}
		})
	}
}
