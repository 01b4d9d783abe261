package scenarios

import (
	"net/netip"
	"time"
)

// Link is an Ethernet segment.
type Link struct {
	Name string   `yaml:"-"`
	Pos  Position `yaml:"-"`
	// The address ranges of the segment: one IPv4 prefix, one IPv6 prefix, or both.
	Prefixes []netip.Prefix `yaml:"prefix,required"`
	// How long a frame is under way from one end to the other.
	Latency time.Duration `yaml:"latency" default:"1ms"`
	// How much the latency varies: each frame's is drawn evenly from latency - jitter to latency + jitter, from the seed. At most as long as latency.
	Jitter time.Duration `yaml:"jitter" default:"0s"`
	// Whether a frame that travels faster than those before it overtakes them. With no it waits for them, as one cable keeps the order.
	Reorder bool `yaml:"reorder" default:"no"`
	// How many bits a second each machine can put on the link.
	Bandwidth Bandwidth `yaml:"bandwidth" default:"100Mbit/s"`
	// How many frames may wait at each machine while one is being put on the link; 0 is without limit. A frame that comes when the queue is full is lost.
	Queue int `yaml:"queue" default:"0"`
	// How much of what is sent is lost, drawn from the seed for each frame: 2%, or with one decimal 0.5%.
	Loss Share `yaml:"loss" default:"0%"`
	// The largest IP packet the link carries, in octets. Default: the wire's.
	MTU int `yaml:"mtu"`
}

// Router is a machine that joins links.
type Router struct {
	Name string   `yaml:"-"`
	Pos  Position `yaml:"-"`
	// What it is called when spoken of.
	Label string `yaml:"label"`
	// The links, and the router's addresses on each.
	Joins []*Interface `yaml:"joins,named,required"`
}

// Interface is a router's end of a link. In a file it is written as the address,
// or the list of addresses, behind the link's name.
type Interface struct {
	Link string   `yaml:"-"`
	Pos  Position `yaml:"-"`
	// The addresses: one for each prefix of the link at most.
	Addresses []netip.Addr `yaml:",inline"`
}

// Host is a machine that programs run on.
type Host struct {
	Name string   `yaml:"-"`
	Pos  Position `yaml:"-"`
	// What it is called when spoken of: Alice's laptop.
	Label string `yaml:"label"`
	// The link it is on.
	Link string `yaml:"link,required"`
	// Its addresses on that link: one or a list, IPv4 and IPv6. It sends from the first of a family unless a program chooses.
	Addresses []netip.Addr `yaml:"address,required"`
	// The router that takes what goes beyond the link. Default: the first router that joins the link, if there is one.
	Gateway string `yaml:"gateway"`
	// The host whose resolver its programs ask. Needed for whatever looks up names.
	Resolver string `yaml:"resolver"`
	// Whether its mail server and mailboxes speak TLS, and with what certificate; yes means a valid one. They then offer STARTTLS (in POP3, STLS) and listen on the ports where TLS begins at once.
	TLS *TLS `yaml:"tls"`
	// The server programs that run on it.
	Runs Programs `yaml:"runs"`
}

// Programs are the server programs of a host. A program that is nil does not
// run; in a file, yes stands for a program with its defaults.
type Programs struct {
	// A name server that answers for zones of its own.
	DNS *DNS `yaml:"dns"`
	// A resolver: it asks name servers, from the root on, on behalf of others, and remembers.
	Resolver *Resolver `yaml:"resolver"`
	// A mail server: it takes mail by SMTP and hands it on.
	MTA *MTA `yaml:"mta"`
	// The mailboxes, with the servers through which their owners reach them.
	Mailboxes *Mailboxes `yaml:"mailboxes"`
}

// DNS is an authoritative name server.
type DNS struct {
	// The zones it answers for.
	Zones []string `yaml:"zones,required"`
}

// Resolver is a recursive resolver.
type Resolver struct {
	// The hosts it believes to serve the root zone. Default: the hosts that do.
	Roots []string `yaml:"roots"`
}

// MTA is a mail server.
type MTA struct {
	// The name it greets with. Default: the host's name.
	Hostname string `yaml:"hostname"`
	// The domains whose mail has arrived when it is here: it goes into this host's mailboxes.
	Domains []string `yaml:"domains"`
	// Domains whose mail it takes from anybody, to hand it on as transport says. Of these it takes only mail to addresses that have an account in the walk.
	RelayDomains []string `yaml:"relay-domains"`
	// The next host for a domain, instead of the one that the domain's MX record names.
	Transport []*Route `yaml:"transport,named"`
	// The host to which all goes that is neither for domains nor in transport.
	Smarthost string `yaml:"smarthost"`
	// Who may send through it to anywhere without a password: hosts, or address ranges.
	Trusts []string `yaml:"trusts"`
	// Whether it relays for anybody to anywhere, as no mail server should.
	Open bool `yaml:"open-relay" default:"no"`
	// Whether it sends to a host that an MX record names by an alias, as many servers do and none should have to (RFC 2181 §10.3). With no it passes over the host.
	FollowAliases bool `yaml:"follow-aliases" default:"no"`
	// Whether it looks up the domain of a sender when it does not know the client, and refuses one that could not be answered: 550 5.7.27 where the domain has a null MX, 550 5.1.8 where there is no such domain.
	CheckSender bool `yaml:"check-sender" default:"no"`
	// Addresses that stand for others, in this host's domains: one address or a list behind each. One that stands for itself too keeps a copy.
	Forward []*Forward `yaml:"forward,named"`
	// Whether it puts off clients that it does not know, and for how long; yes means 15 minutes.
	Greylist *Greylist `yaml:"greylist"`
	// How many mails it takes from a client that it does not know.
	Limit *Limit `yaml:"limit"`
	// When it tries again what it could not hand on.
	Retry *Retry `yaml:"retry"`
	// With how many Received lines a mail is refused, because it goes round in a circle.
	Hops int `yaml:"hops" default:"100"`
	// Whether it listens on port 25, for other mail servers.
	SMTP bool `yaml:"smtp" default:"yes"`
	// Whether it listens on port 587, for the mail programs of its own people, who log in.
	Submission bool `yaml:"submission" default:"no"`
	// How they log in: the SASL mechanisms that it offers, in its order. Default: PLAIN and LOGIN.
	Auth []Mechanism `yaml:"auth"`
	// The extensions of SMTP that it offers, beside enhanced status codes and what session and logging in bring. Default: pipelining, size and 8bitmime.
	Extensions []Extension `yaml:"extensions"`
	// How much it lets a client do in one session, which it announces by LIMITS.
	Session *SessionLimits `yaml:"session"`
	// Whether it listens on port 465, for the same with TLS from the start. Default: yes with submission on a host with tls.
	Submissions bool `yaml:"submissions"`
	// What it does about TLS when it hands mail on: take it where it is offered, whoever the server is; demand it; demand it and a certificate that passes the checks; or do without. In a walk without tls nobody speaks of it.
	OutgoingTLS OutgoingTLS `yaml:"outgoing-tls" default:"opportunistic"`
	// The largest mail it takes.
	Size Size `yaml:"size" default:"25MB"`

	// Trusted are the address ranges that Trusts comes to.
	Trusted []netip.Prefix `yaml:"-"`
}

// Forward is an address that stands for others. In a file it is written as the
// address, or the list of addresses, behind it.
type Forward struct {
	Address string   `yaml:"-"`
	Pos     Position `yaml:"-"`
	// Who gets the mail.
	To []string `yaml:",inline"`
}

// Greylist is how a mail server puts off clients that it does not know, by their
// address, the sender and the recipient.
type Greylist struct {
	// How long a client has to wait after its first try.
	Wait time.Duration `yaml:"wait" default:"15m"`
	// How long after its first try it is waited for; later it begins anew.
	Window time.Duration `yaml:"window" default:"2d"`
	// How long one that came back is remembered after its last mail.
	Keep time.Duration `yaml:"keep" default:"36d"`
}

// Limit is how many mails a mail server takes from a client that it does not know.
type Limit struct {
	// How many.
	Mails int `yaml:"mails,required"`
	// Within which time.
	Per time.Duration `yaml:"per" default:"1h"`
}

// Retry is when a mail server tries again what it could not hand on.
type Retry struct {
	// How long it waits after the first try; each further wait is twice as long.
	First time.Duration `yaml:"first" default:"15m"`
	// How long it waits at most.
	Most time.Duration `yaml:"most" default:"4h"`
	// After how long the sender is told, once, that the mail still waits.
	Notice time.Duration `yaml:"notice" default:"4h"`
	// After how long the mail is given up and the sender is told.
	GiveUp time.Duration `yaml:"give-up" default:"5d"`
}

// Route is where mail for a domain goes next. In a file it is written as the
// host behind the domain.
type Route struct {
	Domain string   `yaml:"-"`
	Pos    Position `yaml:"-"`
	// The next host.
	Host string `yaml:",inline"`
}

// Mailboxes is the mailbox store of a host.
type Mailboxes struct {
	// Whether POP3 is served, on port 110.
	POP3 bool `yaml:"pop3" default:"yes"`
	// Whether IMAP is served, on port 143.
	IMAP bool `yaml:"imap" default:"yes"`
	// Whether POP3 is served with TLS from the start, on port 995. Default: yes with pop3 on a host with tls.
	POP3S bool `yaml:"pop3s"`
	// Whether IMAP is served with TLS from the start, on port 993. Default: yes with imap on a host with tls.
	IMAPS bool `yaml:"imaps"`
}

// Zone is a part of the DNS that one party answers for. In a file it is written
// as a text block behind the zone's name.
type Zone struct {
	// Name is absolute and in lower case: "globex.test.", ".".
	Name string   `yaml:"-"`
	Pos  Position `yaml:"-"`
	// The records, as a master file whose origin is the zone's name.
	Text string `yaml:",inline"`

	field string
}

func (l *Link) key() string      { return l.Name }
func (r *Router) key() string    { return r.Name }
func (i *Interface) key() string { return i.Link }
func (h *Host) key() string      { return h.Name }
func (r *Route) key() string     { return r.Domain }
func (f *Forward) key() string   { return f.Address }
func (z *Zone) key() string      { return z.Name }
