package smtp

import "strings"

// rset forgets the transaction (RFC 5321 §4.1.1.5).
func (s *session) rset(string) (*Reply, error) {
	s.forget(true)
	return NewReply(250, Enhanced{2, 0, 0}, "OK"), nil
}

// noop does nothing, whatever its argument (RFC 5321 §4.1.1.9).
func (s *session) noop(string) (*Reply, error) {
	return NewReply(250, Enhanced{2, 0, 0}, "OK"), nil
}

// quit ends the session (RFC 5321 §4.1.1.10).
func (s *session) quit(string) (*Reply, error) {
	s.finish(nil)
	return NewReply(221, Enhanced{2, 0, 0}, "%s Service closing transmission channel", s.srv.hostname()), nil
}

// vrfy asks the backend. Without its word the answer is 252, which cannot be
// taken for yes or no, so that addresses cannot be tried out (RFC 5321 §7.3).
func (s *session) vrfy(arg string) (*Reply, error) {
	if arg == "" {
		return NewReply(501, Enhanced{5, 5, 4}, "VRFY needs a user name or a mailbox"), nil
	}
	if s.srv.SMTPUTF8 {
		arg = strings.TrimSuffix(arg, " SMTPUTF8") // RFC 6531 §3.1; no reply here needs it
	}
	v, ok := s.backend.(Verifier)
	if !ok {
		return NewReply(252, Enhanced{2, 0, 0}, "Cannot VRFY user, but will accept message and attempt delivery"), nil
	}
	r, err := v.Verify(s.ctx, arg)
	if err != nil {
		return s.refused(err, localError()), nil
	}
	if err := r.Check(); err != nil {
		return s.refused(step("VRFY", err), localError()), nil
	}
	return r, nil
}

// help lists the commands, or explains one (RFC 5321 §4.1.1.8).
func (s *session) help(arg string) (*Reply, error) {
	r := &Reply{Code: 214, Enhanced: Enhanced{2, 0, 0}}
	if arg == "" {
		r.Lines = append(r.Lines, "Commands, explained by HELP and the command's name:")
		for _, info := range commandTable {
			if s.helps(info) {
				r.Lines = append(r.Lines, info.Syntax)
			}
		}
		return r, nil
	}
	info, ok := LookupCommand(upper(arg))
	if !ok || !s.helps(info) {
		return NewReply(504, Enhanced{5, 5, 4}, "No help on that"), nil
	}
	r.Lines = []string{info.Syntax, info.Summary, "See " + printableSection(info.Section)}
	return r, nil
}

// helps tells whether a command can be used here at all.
func (s *session) helps(info CommandInfo) bool {
	return info.Implemented && (info.Extension == "" || s.extensions().Has(info.Extension))
}

// printableSection writes a section's sign in ASCII, which is all that a reply
// may hold (RFC 5321 §4.2).
func printableSection(s string) string {
	const sign = "§"
	for i := range len(s) - len(sign) + 1 {
		if s[i:i+len(sign)] == sign {
			return s[:i] + "section " + s[i+len(sign):]
		}
	}
	return s
}
