package smtp

import (
	"slices"
	"strconv"
	"strings"
)

// ehlo answers EHLO with the extensions (RFC 5321 §4.1.1.1).
func (s *session) ehlo(arg string) (*Reply, error) {
	if r := s.hello(arg, true); r != nil {
		return r, nil
	}
	r := NewReply(250, Enhanced{}, "%s greets %s", s.srv.hostname(), s.peer.Hello)
	for _, e := range s.extensions() {
		r.Lines = append(r.Lines, e.String())
	}
	return r, nil
}

// helo answers HELO, in one line (RFC 5321 §3.2).
func (s *session) helo(arg string) (*Reply, error) {
	if r := s.hello(arg, false); r != nil {
		return r, nil
	}
	return NewReply(250, Enhanced{}, "%s greets %s", s.srv.hostname(), s.peer.Hello), nil
}

// hello takes the client's name, or returns the refusal and leaves all as it was
// (RFC 5321 §4.1.4).
func (s *session) hello(arg string, esmtp bool) *Reply {
	name := helloName(arg)
	if err := CheckHello(name); err != nil {
		return NewReply(501, Enhanced{}, "Syntax error, %v", err)
	}
	peer := s.peer
	peer.Hello, peer.ESMTP = name, esmtp
	if g, ok := s.backend.(Greeter); ok {
		if r := s.refused(g.Hello(s.ctx, peer), localError()); r != nil && !r.Positive() {
			return r
		}
	}
	s.greeted(peer)
	return nil
}

// greeted puts an accepted name in force: as RSET does, it ends any transaction
// (RFC 5321 §4.1.4).
func (s *session) greeted(peer Peer) {
	s.forget(true)
	s.peer = peer
	s.to(StateReady)
}

// helloName drops what old clients say after an address literal (RFC 5321
// §4.1.1.1).
func helloName(arg string) string {
	if strings.HasPrefix(arg, "[") {
		arg, _, _ = strings.Cut(arg, " ")
	}
	return arg
}

// extensions are what the server offers to this client, at this moment.
func (s *session) extensions() Extensions {
	es := Extensions{
		{Keyword: "PIPELINING"},
		{Keyword: "SIZE", Params: strconv.FormatInt(s.srv.maxSize(), 10)},
		{Keyword: "8BITMIME"},
		{Keyword: "ENHANCEDSTATUSCODES"},
	}
	es = slices.DeleteFunc(es, func(e Extension) bool { return slices.Contains(s.srv.Without, e.Keyword) })
	es = append(es, s.srv.offers()...)
	if s.offersTLS() {
		es = append(es, Extension{Keyword: "STARTTLS"})
	}
	if s.offersAuth() {
		es = append(es, Extension{"AUTH", strings.Join(s.mechanisms(), " ")})
	}
	// RFC 5321 §4.1.1.1: commands that are not in the required subset of §4.5.1
	// are listed.
	return append(es, Extension{Keyword: "HELP"})
}
