package mta

import (
	"strings"

	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
)

// job is a part of an entry that goes one way.
type job struct {
	recipients []*recipient
	local      bool
	domain     string
	// next is the host that configuration names; empty means that the DNS decides.
	next string
}

// route sorts the recipients who wait by where their copies go.
func (s *Server) route(e *entry) []*job {
	var jobs []*job
	for _, r := range e.waiting() {
		if r.over() {
			continue // the sender is still to be told
		}
		j := s.routeOne(r, e.Tries == 1)
		i := 0
		for i < len(jobs) && !(jobs[i].local == j.local && jobs[i].next == j.next && (j.next != "" || strings.EqualFold(jobs[i].domain, j.domain))) {
			i++
		}
		if i == len(jobs) {
			jobs = append(jobs, j)
		}
		jobs[i].recipients = append(jobs[i].recipients, r)
	}
	return jobs
}

// routeOne decides for one recipient, and says so the first time.
func (s *Server) routeOne(r *recipient, say bool) *job {
	path, _ := smtp.ParseMailbox(r.Address) // it was parsed when the mail came
	decide := func(what, subject, choice, because string) {
		if say {
			s.decide(what, subject, choice, because)
		}
	}
	d := path.Domain
	decide(trace.CutDomain, r.Address, d, "the part behind the @ says which domain the mail goes to; the part before it means something only there")
	if s.isLocal(d) {
		decide(trace.Local, d, "deliver here", d+" is this server's own domain")
		return &job{local: true, domain: d}
	}
	decide(trace.Remote, d, "hand on", d+" is not this server's own domain")
	if next, ok := s.transport(d); ok {
		decide(trace.ChoseTransport, d, next, "the transport table names the next host for "+d)
		return &job{domain: d, next: next}
	}
	if s.Smarthost != "" {
		decide(trace.ChoseSmarthost, d, s.Smarthost, "this server hands everything that is not its own to its smarthost")
		return &job{domain: d, next: s.Smarthost}
	}
	return &job{domain: d}
}
