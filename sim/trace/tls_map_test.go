package trace

import (
	"math/rand/v2"
	"testing"
)

// TestSealing holds that what is said and the octets that carry it lead to each other.
func TestSealing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var s sealing
		clear := r.Int64N(50)
		s.begin(clear)
		holder := make([]int, clear) // of each octet said, the record; -1 in clear
		for i := range holder {
			holder[i] = -1
		}
		at := clear + r.Int64N(300)
		for i := range 1 + r.IntN(8) {
			n := 1 + r.Int64N(40)
			s.add(&TLSRecord{Range: Range{From: int64(len(holder)), To: int64(len(holder)) + n}, WireFrom: at, WireTo: at + n + 22})
			for range n {
				holder = append(holder, i)
			}
			at += n + 22
			if r.IntN(3) == 0 {
				at += 24 // a record without anything that was said
			}
		}
		for range 100 {
			from := r.Int64N(int64(len(holder)))
			to := from + 1 + r.Int64N(int64(len(holder))-from)
			parts := s.wire(from, to)
			carried := func(octet int64) bool {
				for _, p := range parts {
					if p.from <= octet && octet < p.to {
						return true
					}
				}
				return false
			}
			for i, rec := range s.records {
				if want := holder[to-1] >= i && holder[from] <= i; carried(rec.wireFrom) != want || carried(rec.wireTo-1) != want {
					t.Fatalf("octets %d to %d: record %d is among %v: %t", from, to, i, parts, !want)
				}
			}
			for octet := range clear {
				if carried(octet) != (from <= octet && octet < to) {
					t.Fatalf("octets %d to %d: octet %d in clear: %v", from, to, octet, parts)
				}
			}
			for _, p := range parts {
				if f, e := s.plain(p.from, p.to); f >= to || e <= from || f == e {
					t.Fatalf("octets %d to %d: %v leads to %d to %d", from, to, p, f, e)
				}
			}
		}
		if len(s.records) > 0 {
			if f, e := s.plain(clear, s.records[0].wireFrom); f != e {
				t.Fatalf("the handshake carries %d to %d", f, e)
			}
		}
	}
}
