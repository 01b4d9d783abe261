package trace

import (
	"cmp"
	"slices"
)

// sealing maps one direction of a connection from what its programs say to the TCP
// stream that carries it, and back. Up to where TLS begins the two are the same. A
// record can be opened as a whole only, so that all octets of its record carry each
// line that lies in it.
type sealing struct {
	begun   bool
	start   int64 // octets in clear
	records []sealed
}

// sealed is a record: what it holds, and where it is on the wire. Both ascend.
type sealed struct{ from, to, wireFrom, wireTo int64 }

// begin has TLS begin behind so many octets.
func (s *sealing) begin(start int64) { s.begun, s.start = true, start }

// add adds the next record. One that is known already changes nothing.
func (s *sealing) add(r *TLSRecord) {
	if n := len(s.records); n == 0 || s.records[n-1].wireFrom < r.WireFrom {
		s.records = append(s.records, sealed{r.From, r.To, r.WireFrom, r.WireTo})
	}
}

// end is where the records that there are end, in what was said.
func (s *sealing) end() int64 {
	if n := len(s.records); n > 0 {
		return s.records[n-1].to
	}
	return s.start
}

// wire yields the parts of the TCP stream that carry [from, to) of what was said, in
// their order; fewer, as long as not all of it was sealed.
func (s *sealing) wire(from, to int64) []span {
	if !s.begun || to <= s.start {
		return []span{{from: from, to: to}}
	}
	var parts []span
	if from < s.start {
		parts = append(parts, span{from: from, to: s.start})
	}
	i, _ := slices.BinarySearchFunc(s.records, from, func(r sealed, at int64) int { return endsBy(r.to, at) })
	for ; i < len(s.records) && s.records[i].from < to; i++ {
		r := s.records[i]
		if n := len(parts); n > 0 && parts[n-1].to == r.wireFrom {
			parts[n-1].to = r.wireTo
		} else {
			parts = append(parts, span{from: r.wireFrom, to: r.wireTo})
		}
	}
	return parts
}

// plain is what was said of which [from, to) of the TCP stream carries a part; empty
// where that has but what belongs to TLS itself.
func (s *sealing) plain(from, to int64) (plainFrom, plainTo int64) {
	if !s.begun || to <= s.start {
		return from, to
	}
	i, _ := slices.BinarySearchFunc(s.records, from, func(r sealed, at int64) int { return endsBy(r.wireTo, at) })
	end := i
	for end < len(s.records) && s.records[end].wireFrom < to {
		end++
	}
	plainFrom, plainTo = min(from, s.start), s.start
	if i < end {
		plainTo = s.records[end-1].to
		if from >= s.start {
			plainFrom = s.records[i].from
		}
	}
	return plainFrom, plainTo
}

// endsBy compares the end of a part with an offset, so that one that ends there lies
// before it.
func endsBy(end, at int64) int { return cmp.Compare(end, at+1) }
