package trace

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"testing"
)

// noise is octets that nothing makes shorter.
func noise(n int, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 5))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// TestParts holds that parts make up the content again, and save what it has in common
// with an earlier one, wherever that is.
func TestParts(t *testing.T) {
	bodies := new(Bodies)
	w := newWindows(bodies)
	one, two := noise(200_000, 1), noise(30_000, 2)
	earlier := map[uint64][]byte{3: one, 8: two}
	w.add(3, bodies.Put(one).ID, one)
	w.add(8, bodies.Put(two).ID, two)
	w.held = nil
	for _, test := range []struct {
		name    string
		content []byte
		most    int // octets of the parts; 0 when there are to be none
	}{
		{"the same", one, 20},
		{"something on top", slices.Concat([]byte("Received: from a by b\r\n"), one), 60},
		{"something behind", slices.Concat(one, []byte("\r\n.\r\n")), 40},
		{"a segment", one[12_345:13_805], 20},
		{"a segment across the end", slices.Concat(one[199_000:], noise(100, 4)), 130},
		{"a segment across the beginning", slices.Concat(noise(100, 4), one[:1000]), 130},
		{"both", slices.Concat(two[100:9000], one[77:90_000], two[9:]), 60},
		{"octets changed", slices.Concat(one[:700], []byte("x"), one[701:2000], []byte("yy"), one[2000:3000]), 60},
		{"something else", noise(2000, 3), 0},
		{"too short", one[100:150], 0},
		{"nothing", nil, 0},
	} {
		parts, ok := w.parts(test.content)
		if ok != (test.most > 0) || ok && len(parts) > test.most {
			t.Errorf("%s: %d octets for %d, %v; want %d", test.name, len(parts), len(test.content), ok, test.most)
			continue
		}
		if !ok {
			continue
		}
		got, err := join(parts, func(n uint64) ([]byte, error) { return earlier[n], nil })
		if err != nil || !bytes.Equal(got, test.content) {
			t.Errorf("%s: got %d octets, %v; want %d", test.name, len(got), err, len(test.content))
		}
	}
	// What stands in a file and is no parts.
	whole, _ := w.parts(one)
	for i := range whole {
		if got, err := join(whole[:i], func(n uint64) ([]byte, error) { return earlier[n], nil }); err == nil {
			t.Errorf("cut at %d: got %d octets", i, len(got))
		}
	}
}

// TestFilePartsOfMails holds that a mail of many octets is in a file once, whatever is
// put on top of it, and however it is cut into segments.
func TestFilePartsOfMails(t *testing.T) {
	s := &sample{t: New(Header{})}
	body := noise(300_000, 9)
	for hop := range 4 {
		mail := slices.Concat(bytes.Repeat([]byte("Received: from one by another\r\n"), hop), body)
		c := s.t.Bodies.Put(mail)
		s.add(Event{What: Accept, Body: &MailBody{Content: &c}})
		for at := 0; at < len(mail); at += 1460 {
			frame := tcpFrame(segment{src: netipPort(1), dst: netipPort(2), seq: uint32(at), payload: string(mail[at:min(at+1460, len(mail))])})
			head, _ := ParseHead(frame)
			s.frames++
			s.add(Event{What: Sent, Body: &PacketBody{Frame: s.frames, Link: "lan", From: "a/eth0", Data: frame, Head: head}})
		}
	}
	b := file(t, s.t)
	if len(b) > 400_000 {
		t.Errorf("four times a mail of 300,000 octets take %d", len(b))
	}
	got := open(t, b)
	sameEvents(t, got, s.t)
	if err := got.Verify(); err != nil {
		t.Error(err)
	}
	for e := range s.t.All() {
		if m, ok := e.Body.(*MailBody); ok {
			want, _ := s.t.Bodies.Get(m.Content.ID)
			if content, ok := got.Bodies.Get(m.Content.ID); !ok || !bytes.Equal(content, want) {
				t.Errorf("the content of event %d is another: %v", e.Seq, got.Err())
			}
		}
	}
	if again := file(t, got); !bytes.Equal(again, b) {
		t.Error("the same trace made another file")
	}
}

// TestOldFile holds that a file of the first schema can be read.
func TestOldFile(t *testing.T) {
	b, err := os.ReadFile("testdata/schema-1.mwt")
	if err != nil {
		t.Fatal(err)
	}
	got, want := open(t, b), sampleTrace(1, 6000)
	if got.Header.Schema != 1 || got.Len() != want.Len() {
		t.Fatalf("schema %d, %d events", got.Header.Schema, got.Len())
	}
	sameEvents(t, got, want)
	if err := got.Verify(); err != nil {
		t.Error(err)
	}
}

func netipPort(n uint16) netip.AddrPort { return netip.AddrPortFrom(alice.Addr(), n) }
