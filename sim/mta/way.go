package mta

import (
	"context"
	"errors"
	"net"
	"slices"

	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"
)

// way is one try to get a mail to the hosts of a domain.
type way struct {
	entry   *entry
	job     *job
	content []byte
	left    []*recipient // who are still to be tried at the next host
	// from is the host that was tried last, and why what came of it.
	from, why string
	// put are those whom a host has put off, and last is why the others who are left
	// have no copy.
	put  []*recipient
	last *smtp.Reply
}

// note keeps why a host is no way for a mail. That it may be one later outweighs
// that it is none.
func (w *way) note(r *smtp.Reply) {
	if w.last == nil || r.Temporary() || !w.last.Temporary() {
		w.last = r
	}
	w.why = r.Text()
}

// next says that the next host is tried, the first of those that are equal.
func (s *Server) next(w *way, level []*exchanger) {
	var options []string
	for _, x := range level {
		options = append(options, x.host)
	}
	s.decide(trace.NextServer, w.job.domain, options[0], w.from+" is no way for now ("+w.why+"), and this one is next by preference", options...)
}

// tryHost tries the addresses of a host, one after the other, until nobody is left.
// Who was refused for now is tried at the next one too (RFC 5321 §5.1).
func (s *Server) tryHost(ctx context.Context, w *way, x *exchanger) error {
	w.from = x.host
	if x.why != nil {
		w.note(x.why)
		return nil
	}
	for i, a := range x.addrs {
		if i > 0 {
			s.decide(trace.NextAddress, x.host, a.String(), x.addrs[i-1].String()+" is no way for now ("+w.why+"), and this is the host's next address", texts(x.addrs[i:])...)
		}
		part := *w.job
		part.recipients = w.left
		spoke, err := s.send(ctx, w.entry, &part, x.host, a, w.content)
		switch {
		case errors.Is(err, wire.ErrHostDown):
			return err
		case !spoke:
			w.note(unreachable(x.host, err))
			w.why = plainly(err)
			continue
		case err != nil:
			return err
		}
		w.heard()
		if len(w.left) == 0 {
			return nil
		}
		if len(w.left) < len(part.recipients) {
			// A crash while the next address is tried must not undo this.
			if err := s.save(ctx, w.entry); err != nil {
				return err
			}
		}
	}
	return nil
}

// heard sorts out who needs no other host: who has a copy, or was refused for good.
func (w *way) heard() {
	var left []*recipient
	for _, r := range w.left {
		if !r.over() {
			left = append(left, r)
			w.why = plainly(r.Reply)
			w.put = append(w.put, r)
		}
	}
	w.left = left
}

// leave has those wait whom no host has taken, or fails them. What a host has said
// of somebody is more than that another one is out of reach.
func (s *Server) leave(w *way) {
	for _, r := range w.left {
		if slices.Contains(w.put, r) {
			s.deferred(w.entry, r)
		} else {
			s.verdict(w.entry, []*recipient{r}, w.last, "")
		}
	}
}

// plainly is what went wrong, without what was being done: that is told already.
func plainly(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	return err.Error()
}
