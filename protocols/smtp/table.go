package smtp

import "slices"

// CommandInfo describes a command. The server checks each command against it
// before anything is done; explanations and documentation are made from it.
type CommandInfo struct {
	Verb    string // in upper case
	Syntax  string // as in the RFC, without the CRLF
	Summary string // one line, for a reader who is new to SMTP
	Section string // where it is defined: "RFC 5321 §4.1.1.2"
	// States are those in which the command is allowed.
	States States
	// Extension is the EHLO keyword that brings the command, "" for a command of
	// plain SMTP. It needs EHLO: HELO asks for no extensions.
	Extension string
	// BeforeTLS says that a server that demands TLS allows the command before (RFC
	// 3207 §4).
	BeforeTLS bool
	// NeedsAuth says that a submission server demands AUTH before (RFC 6409
	// §4.3).
	NeedsAuth bool
	// NoArg says that the command is refused if anything follows the verb.
	NoArg bool
	// EndsGroup says that the client has to wait for the answer before it sends
	// more, even where commands are pipelined (RFC 2920 §3.1).
	EndsGroup bool
	// Implemented is false for a command that is known and answered with 502.
	Implemented bool
}

var (
	inSession = statesOf(StateStart, StateReady, StateMail, StateRcpt, StateChunk)
	greeted   = statesOf(StateReady, StateMail, StateRcpt, StateChunk)
)

// commandTable is in the order in which a session would use the commands.
var commandTable = []CommandInfo{
	{
		Verb: "EHLO", Syntax: "EHLO ( Domain / address-literal )", Section: "RFC 5321 §4.1.1.1",
		Summary: "The client says its name and asks which extensions the server offers.",
		States:  inSession, BeforeTLS: true, EndsGroup: true, Implemented: true,
	},
	{
		Verb: "HELO", Syntax: "HELO Domain", Section: "RFC 5321 §4.1.1.1",
		Summary: "The client says its name and wants plain SMTP without extensions.",
		States:  inSession, EndsGroup: true, Implemented: true,
	},
	{
		Verb: "STARTTLS", Syntax: "STARTTLS", Section: "RFC 3207 §4",
		Summary: "The client asks to go on under TLS encryption.",
		States:  statesOf(StateReady), Extension: "STARTTLS", BeforeTLS: true, NoArg: true, EndsGroup: true, Implemented: true,
	},
	{
		Verb: "AUTH", Syntax: "AUTH mechanism [ initial-response ]", Section: "RFC 4954 §4",
		Summary: "The client proves who it is, most often with a user name and a password.",
		States:  statesOf(StateReady), Extension: "AUTH", EndsGroup: true, Implemented: true,
	},
	{
		Verb: "MAIL", Syntax: "MAIL FROM:<reverse-path> [ parameters ]", Section: "RFC 5321 §4.1.1.2",
		Summary: "Begins a mail and says where a notice of failure is to go.",
		States:  statesOf(StateReady), NeedsAuth: true, Implemented: true,
	},
	{
		Verb: "RCPT", Syntax: "RCPT TO:<forward-path> [ parameters ]", Section: "RFC 5321 §4.1.1.3",
		Summary: "Names one recipient; the server accepts or refuses each by itself.",
		States:  statesOf(StateMail, StateRcpt), NeedsAuth: true, Implemented: true,
	},
	{
		Verb: "DATA", Syntax: "DATA", Section: "RFC 5321 §4.1.1.4",
		Summary: "Announces the content: lines up to one that holds a single dot.",
		States:  statesOf(StateRcpt), NeedsAuth: true, NoArg: true, EndsGroup: true, Implemented: true,
	},
	{
		Verb: "BDAT", Syntax: "BDAT chunk-size [ LAST ]", Section: "RFC 3030 §2",
		Summary:   "Sends a counted piece of the content.",
		States:    statesOf(StateRcpt, StateChunk),
		Extension: "CHUNKING", NeedsAuth: true, Implemented: true,
	},
	{
		Verb: "RSET", Syntax: "RSET", Section: "RFC 5321 §4.1.1.5",
		Summary: "Forgets the mail that was begun.",
		States:  inSession, NoArg: true, Implemented: true,
	},
	{
		Verb: "VRFY", Syntax: "VRFY String", Section: "RFC 5321 §4.1.1.6",
		Summary: "Asks whether a user or mailbox exists; most servers will not say.",
		States:  inSession, EndsGroup: true, Implemented: true,
	},
	{
		Verb: "EXPN", Syntax: "EXPN String", Section: "RFC 5321 §4.1.1.7",
		Summary: "Asks who is on a mailing list.",
		States:  inSession, EndsGroup: true,
	},
	{
		Verb: "HELP", Syntax: "HELP [ String ]", Section: "RFC 5321 §4.1.1.8",
		Summary: "Asks for help, for a person who types the commands.",
		States:  inSession, EndsGroup: true, Implemented: true,
	},
	{
		Verb: "NOOP", Syntax: "NOOP [ String ]", Section: "RFC 5321 §4.1.1.9",
		Summary: "Does nothing, and shows that the server is still there.",
		States:  inSession, BeforeTLS: true, EndsGroup: true, Implemented: true,
	},
	{
		Verb: "ETRN", Syntax: "ETRN node-name", Section: "RFC 1985 §5",
		Summary: "Asks the server to send the mail that it holds for a host.",
		States:  greeted, Extension: "ETRN", EndsGroup: true,
	},
	{
		Verb: "TURN", Syntax: "TURN", Section: "RFC 5321 §F.1",
		Summary: "Asks client and server to change places; given up as unsafe.",
		States:  greeted, EndsGroup: true,
	},
	{
		Verb: "SEND", Syntax: "SEND FROM:<reverse-path>", Section: "RFC 5321 §F.6",
		Summary: "Would show a message on a user's terminal; given up.",
		States:  statesOf(StateReady),
	},
	{
		Verb: "SOML", Syntax: "SOML FROM:<reverse-path>", Section: "RFC 5321 §F.6",
		Summary: "Would send to the terminal or else mail; given up.",
		States:  statesOf(StateReady),
	},
	{
		Verb: "SAML", Syntax: "SAML FROM:<reverse-path>", Section: "RFC 5321 §F.6",
		Summary: "Would send to the terminal and mail; given up.",
		States:  statesOf(StateReady),
	},
	{
		Verb: "QUIT", Syntax: "QUIT", Section: "RFC 5321 §4.1.1.10",
		Summary: "Ends the session; the server answers and closes the connection.",
		States:  inSession | statesOf(StateRefused), BeforeTLS: true, NoArg: true, EndsGroup: true, Implemented: true,
	},
}

// Commands returns the table of all commands that the server knows, in the order
// in which a session would use them.
func Commands() []CommandInfo { return slices.Clone(commandTable) }

// LookupCommand returns the description of a verb, given in upper case.
func LookupCommand(verb string) (CommandInfo, bool) {
	for _, info := range commandTable {
		if info.Verb == verb {
			return info, true
		}
	}
	return CommandInfo{}, false
}
