package pcapng

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"mailwalk/sim/trace"
)

var start = time.Date(2030, 1, 7, 9, 0, 0, 5, time.UTC)

func TestLayout(t *testing.T) {
	w := newWalk()
	w.cross(false, "hello", nil)
	w.cross(true, "hello to you too", nil)
	all := capture(t, w.t, Options{Start: start})

	var kinds []uint32
	for _, b := range all {
		kinds = append(kinds, b.kind)
	}
	want := []uint32{
		sectionHeaderBlock, interfaceDescriptionBlock, interfaceDescriptionBlock, nameResolutionBlock,
		enhancedPacketBlock, enhancedPacketBlock, enhancedPacketBlock, enhancedPacketBlock,
	}
	if !slices.Equal(kinds, want) {
		t.Fatalf("blocks %x, want %x", kinds, want)
	}

	head := all[0]
	if magic := head.u32(0); magic != 0x1a2b3c4d {
		t.Errorf("byte-order magic %#x", magic)
	}
	if version := head.u32(4); version != 1 {
		t.Errorf("version %#x, want 1.0", version)
	}
	if low, high := head.u32(8), head.u32(12); low != 0xffffffff || high != 0xffffffff {
		t.Errorf("section length %#x %#x, want none", high, low)
	}
	texts(t, head, optComment, "walk test, seed 7; times are virtual: the walk starts at 2030-01-07T09:00:00.000000005Z")
	texts(t, head, shbUserAppl, "mailwalk v1")

	for i, want := range []struct{ name, description string }{
		{"near", "joins laptop/eth0, router/eth0"},
		{"far", "joins router/eth1, server/eth0"},
	} {
		b := all[1+i]
		if linkType, snapLen := b.u32(0), b.u32(4); linkType != 1 || snapLen != 0 {
			t.Errorf("link type %d and snapshot length %d, want Ethernet and no limit", linkType, snapLen)
		}
		texts(t, b, ifName, want.name)
		texts(t, b, ifDescription, want.description)
		texts(t, b, ifTSResol, "\x09")
	}

	names := tlvs(t, all[3].body)
	want2 := []string{"\xc0\x00\x02\x0alaptop\x00", "\xc6\x33\x64\x19server\x00", ""}
	if len(names) != len(want2) {
		t.Fatalf("%d records of names, want %d", len(names), len(want2))
	}
	for i, r := range names {
		if string(r.value) != want2[i] {
			t.Errorf("record %d is %q, want %q", i, r.value, want2[i])
		}
	}
	if names[0].code != recordIPv4 || names[2].code != recordEnd {
		t.Errorf("records of types %d and %d, want IPv4 and end", names[0].code, names[2].code)
	}

	began := uint64(start.UnixNano())
	ms := uint64(time.Millisecond)
	for i, want := range []frame{
		{iface: 0, time: began + ms, id: 1},
		{iface: 1, time: began + 3*ms, id: 1}, // the same packet behind the router
		{iface: 1, time: began + 5*ms, id: 3},
		{iface: 0, time: began + 7*ms, id: 3},
	} {
		got := all[4+i].frame(t)
		if got.iface != want.iface || got.time != want.time || got.id != want.id {
			t.Errorf("packet %d: interface %d, time %d, id %d; want %d, %d, %d", i, got.iface, got.time, got.id, want.iface, want.time, want.id)
		}
		if len(got.comments) > 0 {
			t.Errorf("packet %d has comments %q", i, got.comments)
		}
	}
	if data := frames(t, all)[0].data; !bytes.Equal(data, ipFrame(laptopAddr, serverAddr, 64, "hello")) {
		t.Errorf("data % x", data)
	}
}

func texts(t *testing.T, b block, code uint16, want ...string) {
	t.Helper()
	if got := b.texts(code); !slices.Equal(got, want) {
		t.Errorf("block %#x, option %d: %q, want %q", b.kind, code, got, want)
	}
}

func TestSameOctets(t *testing.T) {
	w := newWalk()
	w.note("", trace.Narration, "Begin.")
	w.cross(false, "a", nil)
	var files [2]bytes.Buffer
	for i := range files {
		c, err := New(w.t, Options{Start: start})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.WriteTo(&files[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0].Bytes(), files[1].Bytes()) {
		t.Error("the same trace made two files")
	}
}

func TestOneLink(t *testing.T) {
	w := newWalk()
	w.note("server", trace.Narration, "The server listens.")
	w.cross(false, "hello", nil)
	w.cross(true, "hello to you too", nil)
	all := capture(t, w.t, Options{Link: "far"})
	interfaces := ofKind(all, interfaceDescriptionBlock)
	if len(interfaces) != 1 {
		t.Fatalf("%d interfaces, want 1", len(interfaces))
	}
	texts(t, interfaces[0], ifName, "far")
	got := frames(t, all)
	if len(got) != 2 || got[0].iface != 0 || got[0].id != 1 || got[1].id != 3 {
		t.Errorf("packets %+v, want those of frames 1 and 3 on interface 0", got)
	}
	if want := []string{"Note: The server listens."}; !slices.Equal(got[1].comments, want) {
		t.Errorf("comments %q, want %q", got[1].comments, want)
	}

	all = capture(t, w.t, Options{Link: "elsewhere"})
	if got := frames(t, all); len(got) != 0 {
		t.Errorf("%d packets of a link that carried nothing", len(got))
	}
	texts(t, ofKind(all, interfaceDescriptionBlock)[0], ifDescription, "carried nothing")
}

func TestLinks(t *testing.T) {
	w := newWalk()
	w.cross(false, "a", nil)
	w.first(true, "b", nil)
	c, err := New(w.t, Options{Link: "near"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Links(), []Link{{"near", 1}, {"far", 2}}; !slices.Equal(got, want) {
		t.Errorf("links %v, want %v", got, want)
	}
}

// A router that answers a packet, or sends one of its own, does not pass it on.
func TestAnswerIsAnotherPacket(t *testing.T) {
	w := newWalk()
	_, delivered := w.first(false, "hello", nil)
	b := w.body("far", "router/eth1", "server/eth0", ipFrame(laptopAddr, serverAddr, 63, "HELLO"), nil)
	w.add("router", trace.Sent, b, delivered.Seq)
	if got := frames(t, capture(t, w.t, Options{})); got[1].id != 2 {
		t.Errorf("id %d, want that of its own frame, 2", got[1].id)
	}
}

func TestNamesOfTheSilent(t *testing.T) {
	w := newWalk()
	w.add("laptop", trace.Opening, &trace.ConnectionBody{
		Client: "laptop", Server: "server",
		ServerAddr: netipPort(serverAddr.String(), 25), Service: "smtp",
	})
	w.add("laptop", trace.Opening, &trace.ConnectionBody{
		Client: "laptop", Server: "203.0.113.9", // nobody's
		ServerAddr: netipPort("203.0.113.9", 25), Service: "smtp",
	})
	w.add("laptop", trace.Opening, &trace.ConnectionBody{
		Client: "laptop", Server: "six", ServerAddr: netipPort("2001:db8::6", 25), Service: "smtp",
	})
	w.first(false, "anybody there?", nil)
	records := tlvs(t, ofKind(capture(t, w.t, Options{}), nameResolutionBlock)[0].body)
	var got []string
	for _, r := range records {
		if r.code == recordIPv6 {
			got = append(got, string(r.value[16:]))
		} else if r.code == recordIPv4 {
			got = append(got, string(r.value[4:]))
		}
	}
	if want := []string{"laptop\x00", "server\x00", "six\x00"}; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
}

func TestTimes(t *testing.T) {
	w := newWalk()
	w.first(false, "hello", nil)
	all := capture(t, w.t, Options{})
	if got := frames(t, all)[0].time; got != uint64(time.Millisecond) {
		t.Errorf("time %d ns without a start, want that since the walk's start", got)
	}
	texts(t, all[0], optComment, "walk test, seed 7; times count from the walk's start")

	for year, ok := range map[int]bool{1: true, 1969: false, 1970: true, 2300: true, 2553: true, 2555: false, 9999: false} {
		at := time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)
		if year == 1 {
			at = time.Time{}
		}
		_, err := New(w.t, Options{Start: at})
		if ok != (err == nil) || err != nil && !errors.Is(err, ErrTime) {
			t.Errorf("a walk that starts in %d: %v", year, err)
		}
	}
}

func TestSecrets(t *testing.T) {
	const line = "CLIENT_RANDOM 00 11"
	for _, given := range []string{line, line + "\n"} {
		w := newWalk()
		w.first(false, "hello", nil)
		all := capture(t, w.t, Options{Secrets: []byte(given)})
		at := slices.IndexFunc(all, func(b block) bool { return b.kind == decryptionSecretsBlock })
		packet := slices.IndexFunc(all, func(b block) bool { return b.kind == enhancedPacketBlock })
		if at < 0 || at > packet {
			t.Fatalf("the secrets are block %d, the first packet is block %d", at, packet)
		}
		b := all[at]
		if b.u32(0) != 0x544c534b {
			t.Errorf("secrets of type %#x, want a TLS key log", b.u32(0))
		}
		if got := string(b.body[8 : 8+b.u32(4)]); got != line+"\n" {
			t.Errorf("secrets %q", got)
		}
	}
	if w := newWalk(); len(ofKind(capture(t, w.t, Options{}), decryptionSecretsBlock)) != 0 {
		t.Error("secrets where there are none")
	}
}

// full is a disk without room.
type full struct{ room int }

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), f.room)
	f.room -= n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

func TestFullDisk(t *testing.T) {
	w := newWalk()
	for range 200 {
		w.first(false, strings.Repeat("hello", 200), nil)
	}
	c, err := New(w.t, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, room := range []int{0, 10, 100_000} {
		n, err := c.WriteTo(&full{room})
		if !errors.Is(err, errFull) || n > int64(room) {
			t.Errorf("with room for %d: wrote %d, %v", room, n, err)
		}
	}
}

func TestNameTooLong(t *testing.T) {
	w := newWalk()
	b := w.body(strings.Repeat("n", 70_000), "laptop/eth0", "", ipFrame(laptopAddr, serverAddr, 64, ""), nil)
	w.add("laptop", trace.Sent, b)
	c, err := New(w.t, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.WriteTo(io.Discard); err == nil || !strings.Contains(err.Error(), "70000 octets") {
		t.Errorf("error %v, want one that tells of 70000 octets", err)
	}
}

func TestManyInterfaces(t *testing.T) {
	w := newWalk()
	for i := range 30 {
		b := w.body("lan", "host"+string(rune('A'+i))+"/eth0", "", ipFrame(laptopAddr, serverAddr, 64, ""), nil)
		w.add("host", trace.Sent, b)
	}
	got := ofKind(capture(t, w.t, Options{}), interfaceDescriptionBlock)[0].texts(ifDescription)
	if len(got) != 1 || !strings.HasSuffix(got[0], "and 10 more") {
		t.Errorf("description %q, want it to end with: and 10 more", got)
	}
}

// A file that is damaged makes no capture that looks whole.
func TestDamagedTrace(t *testing.T) {
	w := newWalk()
	for range 300 {
		w.first(false, "hello", nil)
	}
	var file bytes.Buffer
	out, err := trace.NewWriter(&file, w.t.Header, w.t.Bodies)
	if err != nil {
		t.Fatal(err)
	}
	for e := range w.t.All() {
		if err := out.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	whole := file.Bytes()
	damaged := 0
	for at := len(whole) / 4; at < len(whole)/2; at += 7 {
		spoilt := slices.Clone(whole)
		spoilt[at] ^= 0xff
		tr, err := trace.Open(bytes.NewReader(spoilt), int64(len(spoilt)))
		if err != nil || tr.Unfinished() != nil || tr.Verify() == nil {
			continue
		}
		damaged++
		if _, err := New(tr, Options{}); !errors.Is(err, trace.ErrDamaged) {
			t.Fatalf("octet %d: error %v, want that the trace is damaged", at, err)
		}
	}
	if damaged == 0 {
		t.Error("no octet that was spoilt damaged an event")
	}
}

func BenchmarkWriteTo(b *testing.B) {
	w := newWalk()
	for range 5000 {
		r := w.say(false, strings.Repeat("x", 998), 0)
		w.cross(false, strings.Repeat("x", 1000), &r)
	}
	for b.Loop() {
		c, err := New(w.t, Options{})
		if err != nil {
			b.Fatal(err)
		}
		n, err := c.WriteTo(io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(n)
	}
}
