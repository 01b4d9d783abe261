package mismatch

// Listener hears what a client sends to the port of a service, and finds out once
// whether it speaks what the port is for. It keeps at most MaxHeard octets, and
// none when it knows. It is not safe for concurrent use.
type Listener struct {
	// Service is the port's name. It must not be changed after the first Hear.
	Service string

	heard []byte
	done  bool
}

// Hear takes what came next. The finding comes once, with true.
func (l *Listener) Hear(b []byte) (Finding, bool) {
	if l.done || len(b) == 0 {
		return Finding{}, false
	}
	l.heard = append(l.heard, b[:min(len(b), MaxHeard-len(l.heard))]...)
	return l.judge(false)
}

// End says that nothing more will come. It gives a finding that waited for more.
func (l *Listener) End() (Finding, bool) {
	if l.done {
		return Finding{}, false
	}
	return l.judge(true)
}

func (l *Listener) judge(ended bool) (Finding, bool) {
	f, v := Judge(l.Service, l.heard, ended)
	if v == Unclear {
		return Finding{}, false
	}
	l.done, l.heard = true, nil
	return f, v == Foreign
}
