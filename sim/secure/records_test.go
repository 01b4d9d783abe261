package secure

import (
	"bytes"
	"slices"
	"testing"
)

// FuzzRecords holds that the same records are found however the stream is cut, and that
// they follow each other without gaps.
func FuzzRecords(f *testing.F) {
	f.Add([]byte("\x16\x03\x01\x00\x02ab\x15\x03\x03\x00\x02\x02\x2a\x17\x03\x03\x00\x00\x17"), uint8(3))
	f.Fuzz(func(t *testing.T, stream []byte, size uint8) {
		find := func(size int) (found []record, at int64) {
			s := records{at: 7, each: func(r record) { found = append(found, r) }}
			s.begin()
			for part := range slices.Chunk(stream, size) {
				s.feed(part)
			}
			return found, s.at
		}
		whole, end := find(max(len(stream), 1))
		cut, _ := find(int(size) + 1)
		if !slices.Equal(whole, cut) {
			t.Fatalf("%v, and cut %v", whole, cut)
		}
		if end != 7+int64(len(stream)) {
			t.Errorf("%d octets, want %d", end-7, len(stream))
		}
		last := int64(7)
		for _, r := range whole {
			if r.from != last || r.bodyLen() < 0 || r.to > end {
				t.Errorf("record %+v, behind %d", r, last)
			}
			last = r.to
		}
	})
}

func TestSourceDoesNotAdvanceByOneOctet(t *testing.T) {
	a, err := NewAuthority(1, start)
	if err != nil {
		t.Fatal(err)
	}
	read := func(single bool) []byte {
		s := a.stream("test", "")
		var all []byte
		for range 3 {
			if single {
				if _, err := s.Read(make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
			}
			part := make([]byte, 13)
			if _, err := s.Read(part); err != nil {
				t.Fatal(err)
			}
			all = append(all, part...)
		}
		return all
	}
	if !bytes.Equal(read(false), read(true)) {
		t.Error("a read of one octet has moved the stream on")
	}
}

func TestAlertsHaveWords(t *testing.T) {
	for n, a := range alerts {
		if a.name == "" || a.says == "" {
			t.Errorf("alert %d: %+v", n, a)
		}
	}
	if got := alertName(255); got != "alert 255" {
		t.Errorf("an unknown alert is called %s", got)
	}
}
