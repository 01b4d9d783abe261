package quiz

import (
	"fmt"
	"strings"

	"mailwalk/sim/trace"
)

// recordType asks what a program asks the DNS for.
func recordType(s *scene) *Question {
	e := s.next(func(e *trace.Event) bool { return e.Kind == trace.Lookup && e.What == trace.Asked })
	if e == nil || e.Hop == "" || s.last(func(o *trace.Event) bool { return o.Hop == e.Hop }) == nil {
		return nil
	}
	b := e.Body.(*trace.LookupBody)
	says := map[string]string{
		"MX": "who takes a domain's mail (MX)", "A": "the IPv4 address of a host (A)", "AAAA": "the IPv6 address of a host (AAAA)",
		"NS": "the name servers of a domain (NS)", "TXT": "a text, such as a policy (TXT)", "PTR": "the name behind an address (PTR)",
	}
	right := says[b.Type]
	if right == "" {
		right = b.Type
	}
	q := answered(e, Choice, fmt.Sprintf("%s asks its resolver. What does it want to know?", e.Host), right,
		"What does it know already of where the mail goes: a domain, or a host?",
		fmt.Sprintf("It asks about %s.", strings.TrimSuffix(b.Name, ".")))
	return q.among(says["MX"], says["A"], says["NS"], says["TXT"])
}

// cached asks whether a resolver knows the answer already.
func cached(s *scene) *Question {
	asked := s.last(func(o *trace.Event) bool { return o.Kind == trace.Lookup })
	if asked == nil || asked.What != trace.Asked || asked.Lookup == "" {
		return nil
	}
	e := s.next(func(e *trace.Event) bool {
		return e.Lookup == asked.Lookup && (e.What == trace.CacheHit || e.What == trace.Query)
	})
	if e == nil {
		return nil
	}
	const known, unknown, nobody = "it knows the answer already, and asks nobody", "it asks a name server", "it sends the program to a name server itself"
	right, hint := unknown, "Has anybody asked it for this name and type before?"
	if e.What == trace.CacheHit {
		right = known
	}
	b := asked.Body.(*trace.LookupBody)
	q := answered(e, Choice, fmt.Sprintf("%s asks its resolver for %s %s. What does the resolver do?", asked.Host, strings.TrimSuffix(b.Name, "."), b.Type), right,
		hint, "What it has learnt it keeps for the time to live of the record.")
	return q.among(known, unknown, nobody)
}

// nameServer asks which name server is asked next.
func nameServer(s *scene) *Question {
	e := s.next(func(e *trace.Event) bool { return e.Kind == trace.Lookup && e.What == trace.Query })
	if e == nil || s.last(func(o *trace.Event) bool { return o.Lookup == e.Lookup }) == nil {
		return nil
	}
	b := e.Body.(*trace.LookupBody)
	right := strings.TrimSuffix(b.Server, ".")
	hint := fmt.Sprintf("It is a server of %s.", strings.TrimSuffix(b.Zone, "."))
	if b.Zone == "." {
		hint = "It is a server of the root."
	}
	q := answered(e, Choice, fmt.Sprintf("%s is to find %s %s. Which name server does it ask next?", e.Host, strings.TrimSuffix(b.Name, "."), b.Type), right,
		"How near to the name does it know servers already?", hint)
	return q.among(s.others(s.nameServers, "server/"+e.Key, e.Seq)...)
}
