package smtp

import "strings"

// mail begins a transaction (RFC 5321 §4.1.1.2).
func (s *session) mail(arg string) (*Reply, error) {
	from, params, r := s.parseMail(arg)
	if r != nil {
		return r, nil
	}
	// RFC 1870 §6.1: refused before a byte of it is sent.
	if params.Size > s.srv.maxSize() {
		return tooLarge(), nil
	}
	if r := s.used.mail(s.srv.Limits); r != nil {
		s.forgiving = true
		return r, nil
	}
	ok := NewReply(250, Enhanced{2, 1, 0}, "OK")
	if r := s.refused(s.backend.Mail(s.ctx, from, params), localError()); r != nil {
		if !r.Positive() {
			return r, nil
		}
		ok = r
	}
	s.began(from, params)
	return ok, nil
}

// began opens the transaction.
func (s *session) began(from Path, params MailParams) {
	s.used.mails++
	s.env = Envelope{From: from, Params: params}
	s.to(StateMail)
}

func (s *session) parseMail(arg string) (from Path, m MailParams, r *Reply) {
	path, r := afterColon("MAIL", "FROM", arg)
	if r != nil {
		return Path{}, m, r
	}
	from, rest, err := CutReversePath(path)
	if err != nil {
		return Path{}, m, NewReply(501, Enhanced{5, 1, 7}, "Syntax error in reverse-path, %v", err)
	}
	params, r := s.parseParams(rest)
	if r != nil {
		return Path{}, m, r
	}
	for _, p := range params {
		known := findMailParam(p.Keyword)
		if known == nil || !s.extensions().Has(known.extension) {
			return Path{}, m, unknownParam(p)
		}
		if err := known.set(&m, p); err != nil {
			return Path{}, m, NewReply(501, Enhanced{5, 5, 4}, "Syntax error, %v", err)
		}
	}
	if m.Body == BodyBinaryMIME && !s.srv.BinaryMIME {
		return Path{}, m, NewReply(501, Enhanced{5, 5, 4}, "Syntax error, BINARYMIME is not offered here")
	}
	if !from.IsASCII() && !m.UTF8 {
		return Path{}, m, NewReply(550, Enhanced{5, 6, 7}, "An address that is not ASCII needs SMTPUTF8") // RFC 6531 §3.5
	}
	if m.Auth != nil && !s.peer.Authenticated {
		m.Auth = &Path{} // RFC 4954 §5: who is unknown speaks for nobody
	}
	return from, m, nil
}

// rcpt adds a recipient (RFC 5321 §4.1.1.3).
func (s *session) rcpt(arg string) (*Reply, error) {
	to, params, r := s.parseRcpt(arg)
	if r != nil {
		return r, nil
	}
	if len(s.env.Recipients) >= orDefault(s.srv.MaxRecipients, DefaultMaxRecipients) {
		if !s.crowded {
			s.odd(ManyRecipients, nil)
		}
		s.crowded, s.forgiving = true, true                                 // the client is to send the rest in another transaction
		return NewReply(452, Enhanced{4, 5, 3}, "Too many recipients"), nil // RFC 5321 §4.5.3.1.10
	}
	if r := s.used.rcpt(s.srv.Limits, len(s.env.Recipients), to.Domain); r != nil {
		s.forgiving = true
		return r, nil
	}
	ok := NewReply(250, Enhanced{2, 1, 5}, "OK")
	if r := s.refused(s.backend.Rcpt(s.ctx, to, params), localError()); r != nil {
		if !r.Positive() {
			s.forgiving = true
			return r, nil
		}
		ok = r
	}
	s.addressed(to, params)
	return ok, nil
}

// addressed puts a recipient into the envelope.
func (s *session) addressed(to Path, params RcptParams) {
	s.used.domain(s.srv.Limits, to.Domain)
	s.env.Recipients = append(s.env.Recipients, Recipient{To: to, Params: params})
	s.to(StateRcpt)
}

func (s *session) parseRcpt(arg string) (to Path, p RcptParams, r *Reply) {
	path, r := afterColon("RCPT", "TO", arg)
	if r != nil {
		return Path{}, p, r
	}
	to, rest, err := CutForwardPath(path)
	if err != nil {
		return Path{}, p, NewReply(501, Enhanced{5, 1, 3}, "Syntax error in forward-path, %v", err)
	}
	params, r := s.parseParams(rest)
	if r != nil {
		return Path{}, p, r
	}
	for _, param := range params {
		known := findRcptParam(param.Keyword)
		if known == nil || !s.extensions().Has(known.extension) {
			return Path{}, p, unknownParam(param)
		}
		if err := known.set(&p, param); err != nil {
			return Path{}, p, NewReply(501, Enhanced{5, 5, 4}, "Syntax error, %v", err)
		}
	}
	if !to.IsASCII() && !s.env.Params.UTF8 {
		return Path{}, p, NewReply(553, Enhanced{5, 6, 7}, "An address that is not ASCII needs SMTPUTF8") // RFC 6531 §3.5
	}
	return to, p, nil
}

// afterColon takes "FROM:" or "TO:" off an argument, in any case. No space may
// stand before or after the colon (RFC 5321 §3.3).
func afterColon(verb, word, arg string) (rest string, r *Reply) {
	before, rest, ok := strings.Cut(arg, ":")
	switch {
	case !ok || upper(strings.TrimRight(before, " ")) != word:
		return "", NewReply(501, Enhanced{5, 5, 4}, "Syntax error, say %s %s:<mailbox>", verb, word)
	case before != strings.TrimRight(before, " ") || strings.HasPrefix(rest, " "):
		return "", NewReply(501, Enhanced{5, 5, 4}, "Syntax error, no space may stand beside the colon")
	}
	return rest, nil
}

// parseParams parses what follows a path. Parameters come with extensions, and
// those with EHLO (RFC 5321 §4.1.1.2).
func (s *session) parseParams(rest string) ([]Param, *Reply) {
	if rest == "" {
		return nil, nil
	}
	if rest[0] != ' ' {
		return nil, NewReply(501, Enhanced{5, 5, 4}, "Syntax error, a space stands between path and parameters")
	}
	params, err := ParseParams(rest)
	if err != nil {
		return nil, NewReply(501, Enhanced{5, 5, 4}, "Syntax error, %v", err)
	}
	if len(params) > 0 && !s.peer.ESMTP {
		return nil, NewReply(555, Enhanced{5, 5, 4}, "Parameters need EHLO")
	}
	return params, nil
}

// unknownParam: RFC 5321 §4.1.1.11.
func unknownParam(p Param) *Reply {
	return NewReply(555, Enhanced{5, 5, 4}, "Parameter %s is not recognized", p.Keyword)
}

// tooLarge: RFC 1870 §6.1 and §6.3.
func tooLarge() *Reply {
	return NewReply(552, Enhanced{5, 3, 4}, "Message size exceeds fixed maximum message size")
}
