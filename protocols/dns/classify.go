package dns

import (
	"fmt"
	"time"

	"github.com/miekg/dns"
)

const (
	maxServers   = 20 // servers taken from one referral
	maxAddresses = 8  // addresses taken for one server
)

// learnt is an RRset, or the absence of one, that a response may be believed for.
type learnt struct {
	name   string
	rrtype uint16
	kind   Kind
	rank   Rank
	data   []dns.RR
	ttl    time.Duration
}

// meaning is what a response says to a question.
type meaning struct {
	kind   Kind
	rcode  int
	reason string   // why a response is lame or an error
	first  *learnt  // the answer, the alias, or the absence
	more   []learnt // what came along
	cut    string   // where a referral leads, canonical
	target string   // where an alias leads
}

// classify reads a response of a server that was asked for name as an authority
// of zone. Records of names outside the zone are passed over: the server has no
// say there (RFC 5452 §6).
//
// RFC 1034 §5.3.3, step 4.
func classify(zone, name string, qtype uint16, m *dns.Msg) meaning {
	switch {
	case m.Truncated:
		return meaning{kind: KindTruncated, rcode: m.Rcode, reason: "a message cut off"}
	case m.Rcode == dns.RcodeRefused || m.Rcode == dns.RcodeNotAuth:
		return meaning{kind: KindLame, rcode: m.Rcode, reason: dns.RcodeToString[m.Rcode]}
	case m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError:
		return meaning{kind: KindError, rcode: m.Rcode, reason: rcodeName(m.Rcode)}
	}
	out, last := readAnswer(zone, name, qtype, m)
	out.rcode = m.Rcode
	if out.kind == KindAnswer || out.kind == KindError {
		return out
	}
	if out.kind == KindAlias {
		// The code (RFC 6604 §3) and the SOA (RFC 2308 §2) are about the end of the aliases.
		if last != "" && (m.Rcode == dns.RcodeNameError || hasSOA(zone, last, m)) {
			out.more = append(out.more, absence(zone, last, qtype, m))
		}
		return out
	}
	return readNoAnswer(zone, name, qtype, m)
}

func rcodeName(rcode int) string {
	if s := dns.RcodeToString[rcode]; s != "" {
		return s
	}
	return fmt.Sprintf("RCODE%d", rcode)
}

// readAnswer follows the answer section from name. last is the end of its
// aliases if that is in the zone and has no data in the message, else "".
func readAnswer(zone, name string, qtype uint16, m *dns.Msg) (out meaning, last string) {
	rank := RankNonAuthoritative
	if m.Authoritative {
		rank = RankAnswer
	}
	seen := map[string]bool{}
	for key := canonical(name); within(zone, key) && !seen[key]; {
		seen[key] = true
		found := pick(m.Answer, key, qtype)
		if len(found) > 0 {
			out.add(KindAnswer, learnt{name: key, rrtype: qtype, kind: KindAnswer, rank: rank, data: found, ttl: lowestTTL(found)})
			return out, ""
		}
		alias := pick(m.Answer, key, dns.TypeCNAME)
		if len(alias) == 0 {
			return out, key
		}
		cname, ok := alias[0].(*dns.CNAME)
		if !ok || len(alias) > 1 { // RFC 2181 §10.1
			return meaning{kind: KindError, reason: "more than one CNAME at " + key}, ""
		}
		out.add(KindAlias, learnt{name: key, rrtype: dns.TypeCNAME, kind: KindAnswer, rank: rank, data: alias, ttl: lowestTTL(alias)})
		if out.target == "" {
			out.target = cname.Target
		}
		// RFC 2181 §5.4.1: AA vouches for the first name alone.
		rank = RankNonAuthoritative
		key = canonical(cname.Target)
	}
	return out, ""
}

// add notes what the message says next; the first decides its kind.
func (m *meaning) add(kind Kind, l learnt) {
	if m.first == nil {
		m.kind, m.first = kind, &l
		return
	}
	m.more = append(m.more, l)
}

// readNoAnswer tells a referral from "there is none", and both from a server
// that does not know the zone.
func readNoAnswer(zone, name string, qtype uint16, m *dns.Msg) meaning {
	soa := hasSOA(zone, name, m)
	if m.Rcode == dns.RcodeNameError {
		if !m.Authoritative && !soa {
			return meaning{kind: KindLame, rcode: m.Rcode, reason: "NXDOMAIN from no authority"}
		}
		none := absence(zone, name, qtype, m)
		return meaning{kind: KindNXDomain, rcode: m.Rcode, first: &none}
	}
	if soa {
		none := absence(zone, name, qtype, m)
		return meaning{kind: KindNoData, first: &none}
	}
	for _, rr := range m.Ns {
		ns, ok := rr.(*dns.NS)
		if !ok || ns.Hdr.Class != dns.ClassINET {
			continue
		}
		if below(zone, ns.Hdr.Name) && within(ns.Hdr.Name, name) {
			return referral(zone, canonical(ns.Hdr.Name), m)
		}
		if !m.Authoritative {
			// RFC 1034 §5.3.3: a delegation that is no closer is bogus.
			return meaning{kind: KindLame, reason: "refers to " + ns.Hdr.Name + ", which is no closer"}
		}
	}
	if !m.Authoritative {
		return meaning{kind: KindLame, reason: "knows nothing of the zone"}
	}
	// RFC 2308 §2.2, type 3. Without an SOA it is not kept (§5).
	return meaning{kind: KindNoData, first: &learnt{name: canonical(name), rrtype: qtype, kind: KindNoData, rank: RankAuthority}}
}

// referral takes the servers of a cut and such of their addresses as the zone
// that was asked can know.
func referral(zone, cut string, m *dns.Msg) meaning {
	servers := pick(m.Ns, cut, dns.TypeNS)
	if len(servers) > maxServers {
		servers = servers[:maxServers]
	}
	out := meaning{kind: KindReferral, cut: cut}
	out.first = &learnt{name: cut, rrtype: dns.TypeNS, kind: KindAnswer, rank: RankAdditional, data: servers, ttl: lowestTTL(servers)}
	done := map[string]bool{}
	for _, rr := range servers {
		ns, ok := rr.(*dns.NS)
		if !ok || done[canonical(ns.Ns)] || !within(zone, ns.Ns) {
			continue
		}
		key := canonical(ns.Ns)
		done[key] = true
		for _, t := range []uint16{dns.TypeA, dns.TypeAAAA} {
			glue := pick(m.Extra, key, t)
			if len(glue) > maxAddresses {
				glue = glue[:maxAddresses]
			}
			if len(glue) > 0 {
				out.more = append(out.more, learnt{name: key, rrtype: t, kind: KindAnswer, rank: RankAdditional, data: glue, ttl: lowestTTL(glue)})
			}
		}
	}
	return out
}

// authoritySOA is the SOA of a zone that name is in and the server may speak for.
func authoritySOA(zone, name string, m *dns.Msg) *dns.SOA {
	for _, rr := range m.Ns {
		soa, ok := rr.(*dns.SOA)
		if ok && soa.Hdr.Class == dns.ClassINET && within(zone, soa.Hdr.Name) && within(soa.Hdr.Name, name) {
			return soa
		}
	}
	return nil
}

func hasSOA(zone, name string, m *dns.Msg) bool { return authoritySOA(zone, name, m) != nil }

// absence is what a negative answer teaches about name. It is kept for the
// lesser of the SOA's TTL and its last field (RFC 2308 §5); without SOA not at
// all.
func absence(zone, name string, qtype uint16, m *dns.Msg) learnt {
	l := learnt{name: canonical(name), rrtype: qtype, kind: KindNoData, rank: RankAuthority}
	if m.Rcode == dns.RcodeNameError {
		l.kind, l.rrtype = KindNXDomain, dns.TypeNone
	}
	if soa := authoritySOA(zone, name, m); soa != nil {
		soa = dns.Copy(soa).(*dns.SOA) // a copy has the type of what was copied
		soa.Hdr.Ttl = min(seconds(soa.Hdr.Ttl), seconds(soa.Minttl))
		l.data = []dns.RR{soa}
		l.ttl = min(time.Duration(soa.Hdr.Ttl)*time.Second, maxNegativeTTL)
	}
	return l
}

// pick copies the records of one RRset out of a section, without repetitions and
// with one TTL.
func pick(section []dns.RR, key string, rrtype uint16) []dns.RR {
	var out []dns.RR
next:
	for _, rr := range section {
		h := rr.Header()
		if h.Rrtype != rrtype || h.Class != dns.ClassINET || canonical(h.Name) != key {
			continue
		}
		for _, other := range out {
			if dns.IsDuplicate(rr, other) {
				continue next
			}
		}
		out = append(out, dns.Copy(rr))
	}
	low := uint32(lowestTTL(out) / time.Second)
	for _, rr := range out {
		rr.Header().Ttl = low
	}
	return out
}

// lowestTTL is the TTL of an RRset (RFC 2181 §5.2), no longer than maxTTL.
func lowestTTL(rrs []dns.RR) time.Duration {
	low := maxTTL
	for _, rr := range rrs {
		low = min(low, time.Duration(seconds(rr.Header().Ttl))*time.Second)
	}
	return low
}

// seconds reads a TTL; one with the highest bit set counts as zero (RFC 2181 §8).
func seconds(ttl uint32) uint32 {
	if ttl > 1<<31-1 {
		return 0
	}
	return ttl
}
