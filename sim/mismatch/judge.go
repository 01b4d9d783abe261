package mismatch

import "mailwalk/sim/trace"

// Verdict is what can be said of a client after its first octets.
type Verdict int

// The verdicts. All but Unclear stand, whatever the client says after that.
const (
	Unclear Verdict = iota // more octets may tell
	Fits                   // it speaks what the port is for
	Foreign                // it speaks something else, and the Finding says what
	Unknown                // nothing sure can be said
)

func (v Verdict) String() string {
	switch v {
	case Unclear:
		return "unclear"
	case Fits:
		return "fits"
	case Foreign:
		return "foreign"
	default:
		return "unknown"
	}
}

// MaxHeard is how many octets of a client are looked at. A ClientHello is mostly
// shorter than half of it.
const MaxHeard = 4096

// Finding says that a client does not do what is expected at a port.
type Finding struct {
	// Service is the port's name, as trace.ServiceName has it.
	Service string
	// Heard is what the client seems to speak: several where protocols share the
	// command that was heard, none where nothing came.
	Heard []Protocol
	// Note says what it looks like, what the port expects, and what to do about it.
	Note trace.NoteBody
}

// Judge tells what a client speaks to the port of a service. heard is all that it
// sent since the connection was opened, of which the first MaxHeard octets are
// looked at; ended says that no more will come. The finding is set when the
// verdict is Foreign. Of a service that the package does not know, the verdict is
// Unknown.
func Judge(service string, heard []byte, ended bool) (Finding, Verdict) {
	p := ports[service]
	if p == nil {
		return Finding{}, Unknown
	}
	if len(heard) >= MaxHeard {
		heard, ended = heard[:MaxHeard], true
	}
	s, v := p.judge(heard, ended)
	switch {
	case v == Unclear && ended:
		return Finding{}, Unknown
	case v != Foreign:
		return Finding{}, v
	}
	return Finding{Service: service, Heard: s.protocols, Note: s.note(p)}, Foreign
}

// speech is what a client's first octets were recognised as.
type speech struct {
	protocols []Protocol
	what      string // what the client began with: a noun phrase, for a student
	octets    string // the evidence, for an engineer: a sentence
	remedy    string // more than the protocol's own, a sentence; mostly empty
	later     bool   // lines came before that prove nothing
	tagless   bool   // a command of IMAP without its tag
	hello     *clientHello
}

// certainty is what a recogniser makes of the beginning of a stream.
type certainty int

const (
	no certainty = iota
	maybe
	yes
)

// openings recognise protocols by their first octets. No stream is the beginning
// of two of them, once one of them is sure.
var openings = []func(heard []byte, ended bool) (speech, certainty){
	tlsOpening, ssl2Opening, proxyOpening, telnetOpening, ldapOpening, rdpOpening, smbOpening, dnsOpening, xmppOpening,
}

func (p *port) judge(heard []byte, ended bool) (speech, Verdict) {
	if len(heard) == 0 {
		return speech{}, Unclear
	}
	unsure := false
	for _, opening := range openings {
		switch s, c := opening(heard, ended); c {
		case yes:
			return p.verdict(s)
		case maybe:
			unsure = true
		}
	}
	if unsure && !ended {
		return speech{}, Unclear
	}
	if p.speaks == DNS {
		switch c := messageOpening(heard); {
		case c == yes:
			return speech{}, Fits
		case c == maybe && !ended:
			return speech{}, Unclear
		}
	}
	return p.lines(heard, ended)
}

// verdict compares what was recognised by its first octets with what the port is
// for.
func (p *port) verdict(s speech) (speech, Verdict) {
	switch {
	case p.tls && s.hello != nil:
		return s.inside(p)
	case !p.tls && s.protocols[0] == p.speaks:
		return speech{}, Fits
	}
	return s, Foreign
}
