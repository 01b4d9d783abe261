package trace

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

// fill gives every field below v a value that is not zero, drawn from r; share is
// the part of the fields, in percent, that get one.
func fill(r *rand.Rand, v reflect.Value, share int) {
	switch v.Interface().(type) {
	case netip.Addr:
		if r.IntN(2) == 0 {
			v.Set(reflect.ValueOf(netip.AddrFrom4([4]byte{192, 0, 2, byte(r.IntN(256))})))
		} else {
			v.Set(reflect.ValueOf(netip.MustParseAddr("2001:db8::1")))
		}
		return
	case netip.AddrPort:
		v.Set(reflect.ValueOf(netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), uint16(r.IntN(65536)))))
		return
	case ContentID:
		v.SetString(string(IDOf([]byte{byte(r.IntN(256))})))
		return
	}
	switch v.Kind() {
	case reflect.String:
		words := []string{"bob@globex.test", "\"quoted\" \\ <b> & 'x'", "\r\n\t\x00\x7f", "ünïcode \u2028 \U0001f4e7 \ufffd", "\xff\xfe raw \xc3", strings.Repeat("long ", 60)}
		v.SetString(words[r.IntN(len(words))])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		n := int64(r.Uint64() >> r.IntN(64))
		if v.Type() == reflect.TypeFor[time.Duration]() || v.Kind() == reflect.Int {
			n &= 1<<62 - 1
		}
		v.SetInt(n | 1)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(r.Uint64()>>(64-v.Type().Bits()) | 1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem(), share)
	case reflect.Slice:
		n := 1 + r.IntN(3)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(r, v.Index(i), 100)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if r.IntN(100) < share {
				fill(r, v.Field(i), share)
			}
		}
	default:
		panic("fill: " + v.Type().String())
	}
}

// someEvents are events of every kind with fields of every sort.
func someEvents(seed uint64, n, share int) []*Event {
	r := rand.New(rand.NewPCG(seed, 1))
	var events []*Event
	for i := range n {
		kind := Kinds()[i%len(Kinds())]
		body := newBody(kind)
		fill(r, reflect.ValueOf(body).Elem(), share)
		e := &Event{
			Seq: uint64(i + 1), At: time.Duration(i)*time.Millisecond + time.Duration(r.IntN(1e6)), Kind: kind, What: Sent,
			Host: "mail.globex.test", Key: "key", Body: body,
		}
		fill(r, reflect.ValueOf(&e.IDs).Elem(), share)
		for len(e.Causes) < i%3 && i > 3 {
			e.Causes = append(e.Causes, uint64(1+r.IntN(i)))
		}
		events = append(events, e)
	}
	return events
}

func TestJSONRoundTrip(t *testing.T) {
	for _, share := range []int{0, 50, 100} {
		events := someEvents(uint64(share), 300, share)
		var buf bytes.Buffer
		enc := NewEncoder(&buf, func(e *Event) string { return "text of " + e.What })
		for _, e := range events {
			if err := enc.Encode(e); err != nil {
				t.Fatal(err)
			}
		}
		for i, line := range bytes.Split(bytes.TrimSpace(buf.Bytes()), []byte("\n")) {
			if !json.Valid(line) {
				t.Fatalf("event %d is not JSON: %s", i+1, line)
			}
		}
		dec := NewDecoder(&buf)
		for _, want := range events {
			got, err := dec.Decode()
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("share %d: got\n%+v %+v\nwant\n%+v %+v", share, got, got.Body, want, want.Body)
			}
		}
		if _, err := dec.Decode(); err != io.EOF {
			t.Errorf("behind the last event: %v, want EOF", err)
		}
	}
}

// TestJSONNames holds the names that are written and the tags of the bodies'
// fields together.
func TestJSONNames(t *testing.T) {
	for _, share := range []int{0, 100} {
		for _, e := range someEvents(7, 200, share) {
			line, err := AppendJSON(nil, e, "")
			if err != nil {
				t.Fatal(err)
			}
			var got struct{ Body any }
			if err := json.Unmarshal(line, &got); err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(e.Body)
			if err != nil {
				t.Fatal(err)
			}
			var want any
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			// Times are seconds where the tags alone would make nanoseconds, and there
			// is no null.
			for _, m := range []map[string]any{got.Body.(map[string]any), want.(map[string]any)} {
				tcp, _ := m["tcp"].(map[string]any)
				for _, m := range []map[string]any{m, tcp} {
					for _, name := range []string{"due", "until", "delay", "rtt", "rttvar"} {
						if m[name] != nil {
							m[name] = "a time"
						}
					}
				}
				if m["data"] == "" {
					m["data"] = nil
				}
			}
			if !reflect.DeepEqual(got.Body, want) {
				t.Fatalf("%s:\nwritten %v\ntags    %v", e.Kind, got.Body, want)
			}
		}
	}
}

func TestPackRoundTrip(t *testing.T) {
	for _, share := range []int{0, 50, 100} {
		events := someEvents(uint64(share), 300, share)
		var p, scratch packer
		var before *Event
		for _, e := range events {
			if err := p.event(e, before, &scratch); err != nil {
				t.Fatal(err)
			}
			before = e
		}
		r := unpacker{src: p.dst}
		before = nil
		for i, want := range events {
			got, err := r.event(uint64(i+1), before)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("share %d: got\n%+v %+v\nwant\n%+v %+v", share, got, got.Body, want, want.Body)
			}
			before = got
		}
		if len(r.src) != 0 {
			t.Errorf("%d octets are left", len(r.src))
		}
	}
}

func TestViewRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	v := &View{Seq: 7, At: time.Second}
	add := func(fillTable func(*rand.Rand)) {
		for range 3 {
			fillTable(r)
		}
	}
	add(func(r *rand.Rand) { fillEntry(r, &v.hosts, func(h *HostView) string { return h.Name }) })
	add(func(r *rand.Rand) {
		fillEntry(r, &v.queues, func(q *QueueEntry) string { return tableKey(q.Host, q.ID) })
	})
	add(func(r *rand.Rand) {
		fillEntry(r, &v.caches, func(c *CacheEntry) string { return tableKey(c.Host, c.Name, c.Type) })
	})
	add(func(r *rand.Rand) {
		fillEntry(r, &v.messages, func(m *Message) string { return messageKey(m.Host, m.Mailbox, m.UID) })
	})
	add(func(r *rand.Rand) { fillEntry(r, &v.conns, func(c *ConnView) string { return c.ID }) })
	add(func(r *rand.Rand) { fillEntry(r, &v.mails, func(m *MailView) string { return mailKey(m.ID) }) })
	add(func(r *rand.Rand) {
		fillEntry(r, &v.timers, func(t *TimerView) string { return tableKey(t.Host, t.Name) })
	})
	var p packer
	v.fields(&p)
	got := new(View)
	u := unpacker{src: p.dst}
	got.fields(&u)
	if u.err != nil || len(u.src) != 0 {
		t.Fatalf("error %v, %d octets left", u.err, len(u.src))
	}
	if !reflect.DeepEqual(got, v) {
		t.Errorf("got\n%+v\nwant\n%+v", got, v)
	}
}

func fillEntry[V any](r *rand.Rand, t *table[V], key func(*V) string) {
	e := new(V)
	fill(r, reflect.ValueOf(e).Elem(), 100)
	t.put(key(e), e)
}

func TestSeconds(t *testing.T) {
	for _, test := range []struct {
		d    time.Duration
		text string
	}{
		{0, "0.000000000"},
		{1, "0.000000001"},
		{time.Second, "1.000000000"},
		{1234567890123, "1234.567890123"},
		{-1500 * time.Millisecond, "-1.500000000"},
		{1<<63 - 1, "9223372036.854775807"},
		{-1 << 63, "-9223372036.854775808"},
	} {
		if got := string(appendSeconds(nil, test.d)); got != test.text {
			t.Errorf("%d: got %s, want %s", test.d, got, test.text)
		}
		if got, err := parseSeconds(test.text); err != nil || got != test.d {
			t.Errorf("%s: got %d, %v, want %d", test.text, got, err, test.d)
		}
	}
	for _, bad := range []string{"1e9", "1.0000000001", "9223372036.854775808", "+1", "-", ".5", "--1", "1.-5", "x"} {
		if d, err := parseSeconds(bad); err == nil {
			t.Errorf("%q: got %d, want an error", bad, d)
		}
	}
	if d, err := parseSeconds("1.5"); err != nil || d != 1500*time.Millisecond {
		t.Errorf("1.5: got %d, %v", d, err)
	}
}

func TestJSONErrors(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"{", "line 1: not an event"},
		{"\n\n[1]", "line 3: not an event"},
		{`{"seq":4,"at":1e3,"kind":"note"}`, `event 4: at: not a number of seconds: "1e3"`},
		{`{"seq":4,"kind":"smell","body":{}}`, `event 4: the kind "smell" is not known`},
		{`{"seq":4,"kind":"packet","body":{"head":{"ttl":256}}}`, "event 4: /body/head/ttl:"},
		{`{"seq":4,"kind":"lookup","body":{"records":[{"ttl":-1}]}}`, "event 4: /body/records/0/ttl:"},
		{`{"seq":4,"kind":"line","body":7}`, "event 4: /body:"},
	} {
		_, err := NewDecoder(strings.NewReader(test.in)).Decode()
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got error %v, want %q", test.in, err, test.want)
		}
	}
	if _, err := AppendJSON(nil, &Event{Kind: Note, Body: &ActBody{}}, ""); err == nil {
		t.Error("a body of another kind was written")
	}
}

func FuzzParseJSON(f *testing.F) {
	for _, e := range someEvents(3, 18, 80) {
		line, _ := AppendJSON(nil, e, "text")
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := ParseJSON(line)
		if err != nil {
			return
		}
		again, err := AppendJSON(nil, e, "")
		if err != nil {
			t.Fatalf("read but not written: %v", err)
		}
		e2, err := ParseJSON(again)
		if err != nil {
			t.Fatalf("written but not read: %v\n%s", err, again)
		}
		if !reflect.DeepEqual(e, e2) {
			t.Fatalf("got\n%+v %+v\nwant\n%+v %+v", e2, e2.Body, e, e.Body)
		}
	})
}
