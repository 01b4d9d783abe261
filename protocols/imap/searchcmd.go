package imap

import (
	"context"
	"errors"
	"strings"
)

// search is SEARCH and UID SEARCH.
//
// RFC 9051 §6.4.4; the SEARCH response: RFC 3501 §7.2.5
func (s *session) search(ctx context.Context, c *call) (reply, error) {
	p := c.searchProgram()
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	switch strings.ToUpper(p.charset) {
	case "", "UTF-8", "US-ASCII":
	default:
		if p.save {
			s.box.saved = nil
		}
		return no("BADCHARSET (US-ASCII UTF-8)", "Character set is not supported"), nil
	}
	hits, missed, err := s.runSearch(ctx, &p.key)
	if err != nil {
		if p.save {
			s.box.saved = nil // RFC 9051 §6.4.4.1
		}
		return s.failure(c.verb, err), nil
	}
	nums := make([]uint32, len(hits))
	for k, i := range hits {
		nums[k] = uint32(i) + 1
		if c.uid {
			nums[k] = s.box.msgs[i].UID
		}
	}
	if p.save {
		s.box.saved = s.box.uids(p.saved(hits))
	}
	r := ok(c.verb + " completed")
	if missed {
		r.code = "EXPUNGEISSUED"
	}
	if p.returns || s.rev2 {
		return r, s.tellESearch(c, &p, nums)
	}
	e := s.untagged("SEARCH")
	for _, n := range nums {
		e.sp().number(int64(n))
	}
	return r, s.send(e)
}

// runSearch returns the indexes of the messages that meet the key. missed says
// that some were gone before they could be looked at.
func (s *session) runSearch(ctx context.Context, key *SearchKey) (hits []int, missed bool, err error) {
	b := s.box
	key.prepare(uint32(len(b.msgs)), b.lastUID(), b.saved)
	for i := range b.msgs {
		v := &b.msgs[i]
		if v.gone {
			missed = true
			continue
		}
		cand := candidate{seq: uint32(i) + 1, msg: &v.Message}
		cand.load = func() ([]byte, error) { return b.box.Content(ctx, v.UID) }
		hit := cand.match(key)
		switch {
		case errors.Is(cand.err, ErrMessageGone):
			missed = true
		case cand.err != nil:
			return nil, false, cand.err
		case hit:
			hits = append(hits, i)
		}
	}
	return hits, missed, nil
}

// saved is what of the hits "$" will mean: with MIN or MAX alone, just those.
//
// RFC 9051 §6.4.4.1, table 4
func (p *searchProgram) saved(hits []int) []int {
	if len(hits) == 0 || p.all || p.count || !p.min && !p.max {
		return hits
	}
	last := len(hits) - 1
	switch {
	case p.min && p.max && last > 0:
		return []int{hits[0], hits[last]}
	case p.max && !p.min:
		return hits[last:]
	default:
		return hits[:1]
	}
}

// tellESearch sends the ESEARCH response.
//
// RFC 9051 §7.3.4
func (s *session) tellESearch(c *call, p *searchProgram, nums []uint32) error {
	if !p.min && !p.max && !p.all && !p.count {
		if p.save {
			return nil // SAVE alone asks for no response
		}
		p.all = true
	}
	e := s.untagged("ESEARCH (TAG ").quoted(c.tag).raw(")")
	if c.uid {
		e.raw(" UID")
	}
	if n := len(nums); n > 0 {
		if p.min {
			e.raw(" MIN ").number(int64(nums[0]))
		}
		if p.max {
			e.raw(" MAX ").number(int64(nums[n-1]))
		}
		if p.all {
			e.raw(" ALL " + formatNums(nums))
		}
	}
	if p.count {
		e.raw(" COUNT ").number(int64(len(nums)))
	}
	return s.send(e)
}
