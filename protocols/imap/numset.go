package imap

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// NumRange is all numbers from From to To, or from To to From: the order does
// not matter. 0 stands for "*", the largest number in use.
type NumRange struct{ From, To uint32 }

// NumSet is a sequence set or a UID set. The zero NumSet is not valid on the wire.
//
// RFC 9051 §4.1.1
type NumSet struct {
	Ranges []NumRange
	// Saved says that the set is "$", the result of the last SEARCH that was
	// saved (RFC 9051 §6.4.4.1). Ranges is then empty.
	Saved bool
}

// Nums returns the set of the given numbers.
func Nums(n ...uint32) NumSet {
	var s NumSet
	for _, v := range n {
		s.Ranges = append(s.Ranges, NumRange{v, v})
	}
	return s
}

// Span returns the set of the numbers from the one to the other; 0 is "*".
func Span(from, to uint32) NumSet { return NumSet{Ranges: []NumRange{{from, to}}} }

// SavedSearch is the set "$".
func SavedSearch() NumSet { return NumSet{Saved: true} }

// ParseNumSet reads a set as it is written in a command.
func ParseNumSet(s string) (NumSet, error) {
	l := newLexer([]byte(s), nil)
	set := l.numSet()
	return set, l.end()
}

// String is the set as it is written in a command.
func (s NumSet) String() string {
	if s.Saved {
		return "$"
	}
	var b strings.Builder
	for i, r := range s.Ranges {
		if i > 0 {
			b.WriteByte(',')
		}
		writeSeqNumber(&b, r.From)
		if r.From != r.To {
			b.WriteByte(':')
			writeSeqNumber(&b, r.To)
		}
	}
	return b.String()
}

func writeSeqNumber(b *strings.Builder, n uint32) {
	if n == 0 {
		b.WriteByte('*')
		return
	}
	b.WriteString(strconv.FormatUint(uint64(n), 10))
}

func (l *lexer) numSet() NumSet {
	if l.accept('$') {
		return NumSet{Saved: true}
	}
	var s NumSet
	for l.ok() {
		r := NumRange{From: l.seqNumber()}
		r.To = r.From
		if l.accept(':') {
			r.To = l.seqNumber()
		}
		s.Ranges = append(s.Ranges, r)
		if !l.accept(',') {
			break
		}
	}
	return s
}

func (l *lexer) seqNumber() uint32 {
	if l.accept('*') {
		return 0
	}
	return l.nzNumber()
}

// uidSet reads a set without "*" or "$" (uid-set of RFC 9051 §9) and returns its
// numbers in the order written, at most max of them.
func (l *lexer) uidSet(max int) []uint32 {
	var out []uint32
	for l.ok() {
		from := l.nzNumber()
		to := from
		if l.accept(':') {
			to = l.nzNumber()
		}
		if from > to {
			from, to = to, from
		}
		if int64(to)-int64(from) >= int64(max-len(out)) {
			l.fail("a smaller set")
			return nil
		}
		for n := uint64(from); n <= uint64(to); n++ {
			out = append(out, uint32(n))
		}
		if !l.accept(',') {
			break
		}
	}
	return out
}

// resolve puts largest in the place of "*" and returns ranges that ascend and do
// not touch. A set over an empty mailbox has largest 0: then "*" is left out.
func (s NumSet) resolve(largest uint32) ranges {
	var out ranges
	for _, r := range s.Ranges {
		if r.From == 0 {
			r.From = largest
		}
		if r.To == 0 {
			r.To = largest
		}
		if r.From > r.To {
			r.From, r.To = r.To, r.From
		}
		if r.To == 0 {
			continue
		}
		r.From = max(r.From, 1)
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b NumRange) int { return cmp.Compare(a.From, b.From) })
	merged := out[:0]
	for _, r := range out {
		if n := len(merged); n > 0 && uint64(r.From) <= uint64(merged[n-1].To)+1 {
			merged[n-1].To = max(merged[n-1].To, r.To)
			continue
		}
		merged = append(merged, r)
	}
	return merged
}

// ranges ascend and do not overlap.
type ranges []NumRange

func (rs ranges) contains(n uint32) bool {
	_, found := slices.BinarySearchFunc(rs, n, func(r NumRange, n uint32) int {
		switch {
		case r.To < n:
			return -1
		case r.From > n:
			return 1
		default:
			return 0
		}
	})
	return found
}

// formatNums writes numbers as a set, runs of consecutive ones as ranges, in the
// order given, so that two such sets correspond number by number as COPYUID
// wants it (RFC 9051 §7.1).
func formatNums(nums []uint32) string {
	var s NumSet
	for _, n := range nums {
		if k := len(s.Ranges); k > 0 && uint64(s.Ranges[k-1].To)+1 == uint64(n) {
			s.Ranges[k-1].To = n
			continue
		}
		s.Ranges = append(s.Ranges, NumRange{n, n})
	}
	return s.String()
}
