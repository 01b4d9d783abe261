package scenarios

// Extension is an extension of SMTP that a mail server offers, in lower case.
type Extension string

// The extensions. Binary content needs chunking as well (RFC 3030 §3).
const (
	Pipelining Extension = "pipelining" // RFC 2920
	SizeOffer  Extension = "size"       // RFC 1870
	EightBit   Extension = "8bitmime"   // RFC 6152
	Chunking   Extension = "chunking"   // RFC 3030
	Binary     Extension = "binarymime" // RFC 3030
	UTF8       Extension = "smtputf8"   // RFC 6531
	DSN        Extension = "dsn"        // RFC 3461
)

func (Extension) values() []string {
	return []string{string(Pipelining), string(SizeOffer), string(EightBit), string(Chunking), string(Binary), string(UTF8), string(DSN)}
}

// usualExtensions are those of a mail server of which the walk says nothing.
var usualExtensions = []Extension{Pipelining, SizeOffer, EightBit}

// SessionLimits is how much a mail server lets a client do in one session (RFC
// 9422). 0 is without limit.
type SessionLimits struct {
	// How many mails it takes in one session.
	Mails int `yaml:"mails" default:"0"`
	// How many recipients a mail may have.
	Recipients int `yaml:"recipients" default:"0"`
	// How many different domains the recipients of one session may have.
	Domains int `yaml:"domains" default:"0"`
}
