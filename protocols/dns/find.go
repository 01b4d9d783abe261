package dns

import "github.com/miekg/dns"

// match is where a name led inside one zone.
type match struct {
	node     *node  // the name's own node, or the wildcard that stands for it
	cut      *rrset // the NS records of a zone cut at or above the name: a referral
	cutName  string // canonical owner of cut
	wildcard bool   // node is a wildcard
	// neither node nor cut: the name does not exist
}

// find goes down from the zone's origin to name, which must be in the zone and
// canonical, one label at a time.
//
// RFC 1034 §4.3.2, step 3.
func (z *Zone) find(name string, qtype uint16) match {
	var path []string // from name up to below the origin
	for up := name; up != z.origin; up = parent(up) {
		path = append(path, up)
	}
	for i := len(path) - 1; i >= 0; i-- {
		n := z.nodes[path[i]]
		if n == nil {
			// Step 3c. RFC 4592 §3.3.1: only the wildcard right under the closest
			// encloser counts, so a name that exists hides the wildcard from all
			// that is below it.
			if wild := z.nodes[wildcardOf(parent(path[i]))]; wild != nil {
				return match{node: wild, wildcard: true}
			}
			return match{}
		}
		// Step 3b. RFC 4035 §3.1.4.1: the DS of a delegation is the parent's data.
		if cut := n.set(dns.TypeNS); cut != nil && (i > 0 || qtype != dns.TypeDS) {
			return match{cut: cut, cutName: path[i]}
		}
	}
	return match{node: z.nodes[name]} // step 3a
}

// owned copies the records of a set, under the owner name as the asker wrote it.
// A copy, because what is handed out may be changed by a hook.
func owned(s *rrset, name string) []dns.RR {
	out := make([]dns.RR, len(s.rrs))
	for i, rr := range s.rrs {
		out[i] = dns.Copy(rr)
		if name != "" {
			out[i].Header().Name = name
		}
	}
	return out
}
