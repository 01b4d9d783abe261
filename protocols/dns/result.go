package dns

import (
	"errors"
	"fmt"
	"net"

	"github.com/miekg/dns"
)

// Kind is what a response, or the end of a look-up, means.
type Kind string

// The first three end a look-up; the others lead on, or to another server.
const (
	KindAnswer    Kind = "answer"    // the records asked for
	KindNoData    Kind = "nodata"    // the name exists, but has none of that type (RFC 2308 §2.2)
	KindNXDomain  Kind = "nxdomain"  // no such name (RFC 2308 §2.1)
	KindAlias     Kind = "alias"     // a CNAME: the search goes on at its target
	KindReferral  Kind = "referral"  // ask the servers of a zone further down
	KindLame      Kind = "lame"      // the server is no authority for the zone it was named for
	KindTruncated Kind = "truncated" // too big for UDP: ask by TCP
	KindError     Kind = "error"     // the server could not answer
)

// Errors that look-ups end with; [LookupError] wraps them.
var (
	ErrNoData   = errors.New("no records of this type")
	ErrNXDomain = errors.New("no such name")
	// ErrServFail is any failure to find out: the answer may be had later.
	ErrServFail = errors.New("server failure")
	// ErrBadQuestion is a name or a type that cannot be asked for.
	ErrBadQuestion = errors.New("not a domain name, or not a type of data")
)

// Reasons of an ErrServFail.
var (
	ErrTimeout   = errors.New("no answer in time")
	ErrLame      = errors.New("lame delegation")
	ErrNoServers = errors.New("no server left to ask")
	ErrLoop      = errors.New("names lead round in a circle")
	ErrLimit     = errors.New("too many steps")
	ErrCached    = errors.New("failed a moment ago")
)

// Result is what a look-up found out. It is the asker's own copy.
type Result struct {
	Name string // as asked
	Type uint16
	Kind Kind // KindAnswer, KindNoData or KindNXDomain
	// Answer holds the aliases passed, in their order, and then the records. Each
	// TTL is the seconds for which the record is still good.
	Answer []dns.RR
	// SOA of a negative result says how long to believe it, by its TTL. It may be
	// nil.
	SOA *dns.SOA
	// Cached says that no server had to be asked.
	Cached bool
}

// Target is the name that the records belong to: the end of the aliases.
func (r *Result) Target() string {
	name := r.Name
	for _, rr := range r.Answer {
		if c, ok := rr.(*dns.CNAME); ok && r.Type != dns.TypeCNAME && sameName(c.Hdr.Name, name) {
			name = c.Target
		}
	}
	return name
}

// Err is nil for an answer; for a negative result it is a *[LookupError] that
// matches [ErrNoData] or [ErrNXDomain].
func (r *Result) Err() error {
	switch r.Kind {
	case KindNoData:
		return &LookupError{Name: r.Name, Type: r.Type, Err: ErrNoData}
	case KindNXDomain:
		return &LookupError{Name: r.Name, Type: r.Type, Err: ErrNXDomain}
	}
	return nil
}

// LookupError tells which look-up went wrong, at which step and why.
type LookupError struct {
	Name string
	Type uint16
	Step string // what was being done, "" if the whole says it
	Err  error
}

func (e *LookupError) Error() string {
	s := fmt.Sprintf("%s %s: ", e.Name, typeName(e.Type))
	if e.Step != "" {
		s += e.Step + ": "
	}
	return s + e.Err.Error()
}

func (e *LookupError) Unwrap() error { return e.Err }

// Is makes every error that is not a definite answer match [ErrServFail].
func (e *LookupError) Is(target error) bool { return target == ErrServFail && e.Temporary() }

// Temporary tells whether asking later may help: it may not when the answer was
// that there is none, or the question is none.
func (e *LookupError) Temporary() bool {
	return !errors.Is(e.Err, ErrNoData) && !errors.Is(e.Err, ErrNXDomain) && !errors.Is(e.Err, ErrBadQuestion)
}

// isTimeout tells whether a connection's deadline passed.
func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}
