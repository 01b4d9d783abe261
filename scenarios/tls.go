package scenarios

// TLS is how the servers of a host encrypt. Every walk with such a host has a
// certification authority of its own, which all of its machines trust.
type TLS struct {
	// What its certificate is like: whether it passes the checks of who looks for the host by its name, or what is wrong with it.
	Certificate Certificate `yaml:"certificate" default:"valid"`
}

// Certificate is what a server's certificate is like.
type Certificate string

// The certificates.
const (
	Valid            Certificate = "valid"
	Expired          Certificate = "expired"           // until the day before the walk
	NotYet           Certificate = "not-yet"           // from 30 days after the walk's start
	WrongName        Certificate = "wrong-name"        // for another host
	SelfSigned       Certificate = "self-signed"       // nobody vouches for it but itself
	UnknownAuthority Certificate = "unknown-authority" // one whom nobody trusts vouches for it
)

func (Certificate) values() []string {
	return []string{string(Valid), string(Expired), string(NotYet), string(WrongName), string(SelfSigned), string(UnknownAuthority)}
}

// OutgoingTLS is what a mail server does about TLS when it hands mail on.
type OutgoingTLS string

// What a mail server does about TLS when it hands mail on.
const (
	Opportunistic OutgoingTLS = "opportunistic" // where it is to be had, whoever the server is
	TLSRequired   OutgoingTLS = "required"      // never in clear
	TLSVerified   OutgoingTLS = "verified"      // never in clear, nor to who does not prove to be the right one
	NoTLS         OutgoingTLS = "never"
)

func (OutgoingTLS) values() []string {
	return []string{string(Opportunistic), string(TLSRequired), string(TLSVerified), string(NoTLS)}
}

// Security is how a mail program connects to its servers.
type Security string

// How a mail program connects.
const (
	InClear     Security = "none"
	StartTLS    Security = "starttls" // in clear first, then under TLS on the same connection
	ImplicitTLS Security = "tls"      // under TLS from the first octet, on ports of its own
)

func (Security) values() []string {
	return []string{string(InClear), string(StartTLS), string(ImplicitTLS)}
}

// SpeaksTLS tells whether any server of the walk does.
func (s *Scenario) SpeaksTLS() bool {
	for _, h := range s.Hosts {
		if h.TLS != nil {
			return true
		}
	}
	return false
}
