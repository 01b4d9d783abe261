package smtp

// handler executes a command that is in its place and returns the reply. It
// returns an error only if the connection failed, and a nil reply if a hook has
// answered in its stead.
type handler func(s *session, arg string) (*Reply, error)

// handlers is commandTable's other half, apart from it because HELP reads the
// table. It is only ever looked up in.
var handlers = map[string]handler{
	"EHLO":     (*session).ehlo,
	"HELO":     (*session).helo,
	"STARTTLS": (*session).starttls,
	"AUTH":     (*session).auth,
	"MAIL":     (*session).mail,
	"RCPT":     (*session).rcpt,
	"DATA":     (*session).data,
	"BDAT":     (*session).bdat,
	"RSET":     (*session).rset,
	"VRFY":     (*session).vrfy,
	"HELP":     (*session).help,
	"NOOP":     (*session).noop,
	"QUIT":     (*session).quit,
}

// execute checks a command line against the table, once for all commands, and
// hands it to its handler.
func (s *session) execute(line []byte) (*Reply, error) {
	cmd, err := ParseCommand(line)
	if err != nil {
		return s.badCommand(line, NewReply(500, Enhanced{5, 5, 2}, "Syntax error, %v", err)), nil
	}
	s.verb = cmd.Verb
	info, known := LookupCommand(cmd.Verb)
	var r *Reply
	switch {
	case s.state == StateRefused && cmd.Verb != "QUIT":
		r = NewReply(503, Enhanced{5, 5, 1}, "Bad sequence of commands, no service here but QUIT") // RFC 5321 §3.1
	case !known:
		r = NewReply(500, Enhanced{5, 5, 1}, "Command not recognized") // RFC 5321 §4.2.4
	default:
		r = s.admit(info, cmd.Arg)
	}
	if r != nil && cmd.Verb == "BDAT" { // its octets follow all the same
		return s.takeChunk(cmd.Arg, r)
	}
	if r != nil {
		return r, nil
	}
	return handlers[cmd.Verb](s, cmd.Arg)
}

// admit returns the refusal of a command that may not be executed, or nil.
func (s *session) admit(info CommandInfo, arg string) *Reply {
	switch {
	case !info.Implemented:
		return NewReply(502, Enhanced{5, 5, 1}, "%s is not implemented", info.Verb) // RFC 5321 §4.2.4
	case s.srv.RequireTLS && !s.peer.TLS && !info.BeforeTLS:
		return NewReply(530, Enhanced{5, 7, 0}, "Must issue a STARTTLS command first") // RFC 3207 §4
	case info.NoArg && arg != "":
		return NewReply(501, Enhanced{5, 5, 4}, "%s takes no argument", info.Verb) // RFC 5321 §4.3.2
	case !info.States.Has(s.state):
		return s.outOfOrder(info)
	case info.Extension != "" && !s.peer.ESMTP:
		return NewReply(503, Enhanced{5, 5, 1}, "%s is an extension, send EHLO first", info.Verb)
	case info.Verb == "BDAT" && !s.srv.chunking():
		return NewReply(502, Enhanced{5, 5, 1}, "BDAT is not offered here") // RFC 5321 §4.2.4
	case info.NeedsAuth && s.srv.Mode == Submission && !s.peer.Authenticated:
		return NewReply(530, Enhanced{5, 7, 0}, "Authentication required") // RFC 6409 §4.3, RFC 4954 §6
	}
	return nil
}

// outOfOrder says what was to come first (RFC 5321 §4.1.4).
func (s *session) outOfOrder(info CommandInfo) *Reply {
	bad := func(why string) *Reply {
		return NewReply(503, Enhanced{5, 5, 1}, "Bad sequence of commands, %s", why)
	}
	switch {
	case s.state == StateStart:
		return bad("send EHLO first")
	case info.Verb == "MAIL":
		return bad("a transaction is open already")
	case info.Verb == "STARTTLS":
		return bad("no STARTTLS within a transaction")
	case info.Verb == "AUTH":
		return bad("no AUTH within a transaction") // RFC 4954 §4
	case s.state == StateChunk && info.Verb == "DATA":
		return bad("the content was begun with BDAT") // RFC 3030 §2
	case s.state == StateMail && (info.Verb == "DATA" || info.Verb == "BDAT"):
		return NewReply(554, Enhanced{5, 5, 1}, "No valid recipients") // RFC 5321 §3.3
	case info.Verb == "DATA" || info.Verb == "BDAT":
		return bad("send MAIL and RCPT first")
	case info.Verb == "RCPT" && s.state == StateChunk:
		return bad("the content was begun already")
	}
	return bad("send MAIL first") // to RCPT: all others are allowed or dealt with above
}
