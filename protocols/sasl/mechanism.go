package sasl

import "slices"

// The names of the mechanisms.
const (
	Plain       = "PLAIN"
	Login       = "LOGIN"
	CRAMMD5     = "CRAM-MD5"
	SCRAMSHA256 = "SCRAM-SHA-256"
)

// Mechanism describes one way to authenticate.
type Mechanism struct {
	Name    string // in upper case (RFC 4422 §3.1)
	Summary string // one line, for a reader who is new to it
	Section string // where it is defined; "" for LOGIN, which no RFC defines
	// ClientFirst says that the client speaks first, so that its first response can
	// be sent with the request.
	ClientFirst bool
	// HasIdentity says that a client can ask to act on another's behalf.
	HasIdentity bool
	// ShowsPassword says that the server, and who reads along, gets the password.
	ShowsPassword bool
	// ProvesServer says that the server has to prove that it knows the password, or
	// what is made of it.
	ProvesServer bool
}

// mechanisms has the one that gives away least first.
var mechanisms = []Mechanism{
	{
		Name: SCRAMSHA256, Section: "RFC 7677 §3", ClientFirst: true, HasIdentity: true, ProvesServer: true,
		Summary: "Client and server prove to each other that they know the password, which the server need not keep.",
	},
	{
		Name: CRAMMD5, Section: "RFC 2195 §2",
		Summary: "The client answers a challenge with a digest that is made with the password.",
	},
	{
		Name: Plain, Section: "RFC 4616 §2", ClientFirst: true, HasIdentity: true, ShowsPassword: true,
		Summary: "The client sends user name and password as they are.",
	},
	{
		Name: Login, ShowsPassword: true,
		Summary: "The server asks for user name and password, and the client sends them as they are.",
	},
}

// Mechanisms returns all that are known, those that do not show the password
// first. A client takes the first that both sides have.
func Mechanisms() []Mechanism { return slices.Clone(mechanisms) }

// Lookup returns the mechanism of a name, given in upper case.
func Lookup(name string) (Mechanism, bool) {
	for _, m := range mechanisms {
		if m.Name == name {
			return m, true
		}
	}
	return Mechanism{}, false
}
