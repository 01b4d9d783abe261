package trace

import (
	"net/netip"
	"time"

	"mailwalk/protocols/dialog"
)

// Steps of packet events.
const (
	Sent       = "sent"       // put on a link by an interface
	Delivered  = "delivered"  // taken off the link by an interface
	Dropped    = "dropped"    // lost: by a fault, a full queue, or a receiver that was off
	Duplicated = "duplicated" // put on the link once more, by a fault
	Delayed    = "delayed"    // held back, by a fault
	Reordered  = "reordered"  // held back until the next has passed it, by a fault
	Corrupted  = "corrupted"  // changed on the link, by a fault
)

// PacketBody is a frame at one moment of its way over one link. A packet that
// crosses two links is two frames.
type PacketBody struct {
	// Frame numbers the frames of a walk from 1; sent and delivered share it.
	Frame uint64 `json:"frame"`
	Link  string `json:"link"`
	// From and To are interfaces: host/eth0.
	From string `json:"from"`
	To   string `json:"to,omitempty"`
	// Data is the frame from its Ethernet header on. It must not be changed.
	Data []byte `json:"data"`
	// Head is what the frame's headers say.
	Head Head `json:"head"`
	// Range is the part of the connection's byte stream that a TCP segment
	// carries; nil when it carries none.
	Range *Range `json:"range,omitempty"`
	// Why says in plain words why a frame was dropped, delayed or changed. In the event
	// of its sending it says that a fault has forged the frame, and why: From is then
	// the interface in whose name, which has sent nothing.
	Why string `json:"why,omitempty"`
	// Analysis is what the segments before it make of a TCP segment, where the host
	// that sends it puts it on a link; empty for most, and for what a router passes
	// on.
	Analysis string `json:"analysis,omitempty"`
	// LinkAnalysis is what the segments before it on the same link make of a TCP
	// segment that its sender, a router or a fault puts there: all that holds. First
	// why it does not carry on, then what was not seen before it, then what it says
	// without data.
	LinkAnalysis []string `json:"linkAnalysis,omitempty"`
}

// Range is a part [From, To) of one direction of a connection's byte stream,
// counted from its first byte.
type Range struct {
	FromServer bool  `json:"fromServer"`
	From       int64 `json:"from"`
	To         int64 `json:"to"`
}

// Overlaps tells whether two ranges of the same connection share a byte.
func (r Range) Overlaps(o Range) bool {
	return r.FromServer == o.FromServer && r.From < o.To && o.From < r.To
}

// Head is the gist of a frame's headers, of whatever layers it has.
type Head struct {
	// Proto is the innermost protocol known: ARP, ICMP, ICMPv6, UDP, TCP; IPv4 or
	// IPv6 for a later fragment and for a header that is cut short; else the
	// EtherType or IP protocol number in hex.
	Proto string     `json:"proto"`
	Src   netip.Addr `json:"src,omitzero"`
	Dst   netip.Addr `json:"dst,omitzero"`
	// TTL is the IPv4 time to live or the IPv6 hop limit.
	TTL     uint8  `json:"ttl,omitempty"`
	SrcPort uint16 `json:"srcPort,omitempty"`
	DstPort uint16 `json:"dstPort,omitempty"`
	// Flags of TCP, in the order "SFRPAUEC".
	Flags  string `json:"flags,omitempty"`
	Seq    uint32 `json:"tcpSeq,omitempty"`
	Ack    uint32 `json:"tcpAck,omitempty"`
	Window uint16 `json:"window,omitempty"`
	// MSS is the maximum segment size that a SYN segment names.
	MSS uint16 `json:"mss,omitempty"`
	// Len is the number of payload octets behind the innermost header.
	Len int `json:"len"`
	// Type and Code of ICMP; Type is the operation of ARP.
	Type uint8 `json:"type,omitempty"`
	Code uint8 `json:"code,omitempty"`
	// MTU is that of the link for which a packet is too big, as ICMP tells it.
	MTU uint32 `json:"mtu,omitempty"`
}

// Kind implements Body.
func (*PacketBody) Kind() Kind { return Packet }

// Values of a packet's Analysis, in the words of Wireshark. Of several that fit, the
// first in this list holds.
//
// In a LinkAnalysis, too, the first three are what its sender has done, wherever the
// segment is seen. A window update and a duplicate ACK compare with the sender's segment
// before that the link has seen, and carry on from what it has seen.
const (
	// KeepAlive has one octet at most and the sequence number of one that the other
	// end has acknowledged: it is to make that end answer. Probes of a zero window
	// look the same.
	KeepAlive = "keep-alive"
	// Retransmission sends again octets, a SYN or a FIN that the host has sent
	// before, since a timer has run out or an ICMP error has come.
	Retransmission = "retransmission"
	// FastRetransmission does so since the ACKs that arrive tell of a loss, before
	// the timer has run out (RFC 5681 §3.2, RFC 6675 §5).
	FastRetransmission = "fast-retransmission"
	// ZeroWindow says that the host has no room.
	ZeroWindow = "zero-window"
	// WindowUpdate has no data, and of the host's segment before the acknowledgment
	// number, but not the window.
	WindowUpdate = "window-update"
	// DuplicateACK has no data, and the acknowledgment number and the window of the
	// host's segment before (RFC 5681 §2); it does not answer a keep-alive.
	DuplicateACK = "duplicate-ack"
)

// Values that only a LinkAnalysis has.
const (
	// Duplicate is the same packet once more, which its sender sent once: the network
	// has made a copy of it.
	Duplicate = "duplicate"
	// OutOfOrder has octets, a SYN or a FIN before those that were seen already, and
	// its sender sends them for the first time: others have overtaken it.
	OutOfOrder = "out-of-order"
	// PreviousUnseen has a sequence number beyond the next one: what comes before was
	// lost on an earlier link, or is late.
	PreviousUnseen = "previous-unseen"
	// AckedUnseen acknowledges what was not seen.
	AckedUnseen = "acked-unseen"
)

// Steps of socket events.
const (
	Wrote = "wrote" // the kernel took octets
	Read  = "read"  // the kernel gave octets
	Info  = "info"  // what the kernel counts for a connection
)

// Steps of connection events.
const (
	Opening  = "opening"  // the client asked for it
	Opened   = "opened"   // the client's end is established
	Accepted = "accepted" // the server's program took it
	Refused  = "refused"  // a RST answered the SYN
	Failed   = "failed"   // it could not be opened for another reason
	Closed   = "closed"   // a program closed its end
	Reset    = "reset"    // it was torn down
	// What TLS does over it, as one end sees it.
	Secured    = "tls"        // a handshake has succeeded
	NotSecured = "tls-failed" // a handshake has failed
	Sealed     = "tls-record" // what programs say, in one record
)

// ConnectionBody is a TCP connection.
type ConnectionBody struct {
	Client     string         `json:"client"` // host
	Server     string         `json:"server"` // host
	ClientAddr netip.AddrPort `json:"clientAddr,omitzero"`
	ServerAddr netip.AddrPort `json:"serverAddr"`
	// Service is the port's name: smtp, submission, pop3, imap, domain.
	Service string `json:"service"`
	// Error says why it was refused, failed or reset.
	Error string `json:"error,omitempty"`
	// KernelClient and KernelServer are the machine's own addresses of the two ends,
	// as far as they are known, where the connection is one of its kernel.
	KernelClient netip.AddrPort `json:"kernelClient,omitzero"`
	KernelServer netip.AddrPort `json:"kernelServer,omitzero"`
	// TLS is what a handshake has come to, Record a record with what programs say; nil
	// in other steps.
	TLS    *TLS       `json:"tls,omitempty"`
	Record *TLSRecord `json:"record,omitempty"`
}

// Kind implements Body.
func (*ConnectionBody) Kind() Kind { return Connection }

// Steps of line events: Sent, and
const (
	Received = "received" // read whole by the other end
	// What was done to a line on its way from a program to its connection: Dropped,
	// Delayed, Duplicated, Corrupted, and
	Held     = "held"     // not said until it is let go
	Replaced = "replaced" // another answer is given in its place
	Answered = "answered" // a server's program does not hear it: it is answered in its stead
)

// LineBody is one unit of a dialogue: as the program at one end said or heard it,
// or as a program meant to say it, where something was done to it first. The range
// of what was not said, or not yet, is empty and lies where it would have begun.
type LineBody struct {
	// Service is the port's name: smtp, submission, pop3, imap.
	Service string      `json:"service"`
	Role    dialog.Role `json:"role"`
	Range
	// Text is the line without its CRLF.
	Text string `json:"text,omitempty"`
	// Verb is the command's, in upper case; for a reply that of the command
	// answered.
	Verb string `json:"verb,omitempty"`
	// Code is a reply's: "250", "+OK", "OK", "NO".
	Code string `json:"code,omitempty"`
	// Content is what a body means: dots unstuffed.
	Content *Content `json:"content,omitempty"`
	Secret  bool     `json:"secret,omitempty"`
	// Outside says that the other end is a program from outside of the walk: it was
	// not seen to say the line, only heard.
	Outside bool `json:"outside,omitempty"`
	// Meant and MeantContent are what the program that says it believes to say, where
	// that is something else.
	Meant        string   `json:"meant,omitempty"`
	MeantContent *Content `json:"meantContent,omitempty"`
	// Why says in plain words why something was done to it.
	Why string `json:"why,omitempty"`
	// Exchange is where in a SASL exchange a challenge or a response stands.
	Exchange *SASLStep `json:"sasl,omitempty"`
}

// Kind implements Body.
func (*LineBody) Kind() Kind { return Line }

// Spoken tells whether a step of a line is its saying or its hearing, and not what
// was done to it before.
func Spoken(what string) bool { return what == Sent || what == Received }

// Steps of look-up events.
const (
	Asked     = "asked"     // a program asked its resolver
	Query     = "query"     // a query was sent to a name server
	Referral  = "referral"  // the server named servers nearer to the answer
	Answer    = "answer"    // the server answered
	NoData    = "no-data"   // the name exists, but not with this type
	NXDomain  = "nxdomain"  // the name does not exist
	Lame      = "lame"      // the server does not know the zone it was named for
	Truncated = "truncated" // the answer does not fit in a datagram

	ServerError = "server-error" // the server could or would not answer
	Timeout     = "timeout"      // no answer came
	CacheHit    = "cache-hit"    // known already
	Cached      = "cached"       // learnt, and kept for its TTL
	Expired     = "expired"      // kept long enough
	Resolved    = "resolved"     // the program got its answer
	NotFound    = "not-found"    // the program got a definite no
	Unsolved    = "unsolved"     // the program got no answer: to be tried again
)

// LookupBody is a step of finding something in the DNS.
type LookupBody struct {
	// Name and Type are what the step asks for; names are absolute.
	Name string `json:"name"`
	Type string `json:"type"`
	// Server is the name server asked, with its address and port.
	Server     string         `json:"server,omitempty"`
	ServerAddr netip.AddrPort `json:"serverAddr,omitzero"`
	// Transport is udp or tcp.
	Transport string `json:"transport,omitempty"`
	// Zone is the zone whose servers a referral names, or the zone asked.
	Zone string `json:"zone,omitempty"`
	// RCode is the response code: NOERROR, NXDOMAIN, SERVFAIL, REFUSED.
	RCode         string `json:"rcode,omitempty"`
	Authoritative bool   `json:"authoritative,omitempty"`
	// Records are the answer, then the authority and additional sections.
	Records    []Record `json:"records,omitempty"`
	Authority  []Record `json:"authority,omitempty"`
	Additional []Record `json:"additional,omitempty"`
	// Until is when a cached record set expires, since the walk's start.
	Until time.Duration `json:"until,omitempty"`
	Error string        `json:"error,omitempty"`
}

// Record is a resource record in presentation format.
type Record struct {
	Name string `json:"name"`
	TTL  uint32 `json:"ttl"`
	Type string `json:"type"`
	Data string `json:"data"`
}

// Kind implements Body.
func (*LookupBody) Kind() Kind { return Lookup }

// Steps of decision events.
const (
	CutDomain       = "domain"           // the domain was taken from an address
	Local           = "local"            // the domain is the server's own
	Remote          = "remote"           // the domain is somebody else's
	ChoseMX         = "mx"               // which mail exchanger comes first
	ImplicitMX      = "implicit-mx"      // no MX: the domain's own address
	NullMX          = "null-mx"          // the domain takes no mail
	ChoseSmarthost  = "smarthost"        // a fixed next server
	ChoseTransport  = "transport"        // the next server by a table
	AcceptRecipient = "accept-recipient" // a recipient is the server's business
	RefuseRecipient = "refuse-recipient" // it is not
	AcceptSender    = "accept-sender"    // a sender could be answered
	RefuseSender    = "refuse-sender"    // it could not
	AcceptLogin     = "accept-login"
	RefuseLogin     = "refuse-login"
	ChoseAddress    = "address"        // which address of a server comes first
	Retry           = "retry"          // try later
	GiveUp          = "give-up"        // do not try again
	NextServer      = "next-server"    // this one does not take it now: the next is tried
	NextAddress     = "next-address"   // the same of a server's addresses
	NextMail        = "next-mail"      // over a session that is open
	KnownDown       = "known-down"     // an address that another mail could not reach
	SkippedMX       = "skipped-mx"     // a mail exchanger to which nothing can be sent
	FollowedAlias   = "followed-alias" // a mail exchanger named by an alias
	NoDomain        = "no-domain"      // the domain does not exist
	NoAnswer        = "no-answer"      // the DNS does not say: it is asked again later
	Forward         = "forward"        // an address stands for others
	NoReport        = "no-report"      // nobody is told of what has become of a mail
	ALabels         = "a-labels"       // how the DNS spells a domain beyond ASCII
	Split           = "split"          // a mail goes in several transactions
	NewSession      = "new-session"    // a session is used up: another is opened
	NoDSN           = "no-dsn"         // a server is not told what the sender wants reports of
	ComeLater       = "come-later"     // not now: the client is to come again
	KnownCopy       = "known-copy"     // a mailbox has had it before a crash
	FoundReport     = "found-report"   // the sender was told before a crash
	ChoseMechanism  = "mechanism"      // by which SASL mechanism a client logs in
	DelayLogin      = "delay-login"    // a refusal of a login is put off
	AskAgain        = "ask-again"      // a password was refused: another is asked for
	ChoseTLS        = "tls"            // whether a client goes on under TLS
	JudgeCert       = "certificate"    // what a client makes of a server's certificate
	FallBack        = "fall-back"      // what it does when TLS has failed
)

// Steps of decision events by which a server tells what a client tries that no client
// does in earnest.
const (
	Smuggling      = "smuggling"       // a content has a false end
	BareLineEnd    = "bare-line-end"   // a CR or an LF stands alone
	ControlOctet   = "control-octet"   // a control character stands where none may
	EightBit       = "eight-bit"       // a command is not ASCII
	LongLine       = "long-line"       // a command is too long
	Injection      = "injection"       // commands came behind STARTTLS
	ManyRecipients = "many-recipients" // more than a transaction may have
	ManyErrors     = "many-errors"     // more mistakes than are put up with
	Slow           = "slow"            // a client does not finish what it says
)

// DecisionBody is a choice, with what it was made from.
type DecisionBody struct {
	// Subject is what the choice is about: an address, a domain.
	Subject string `json:"subject"`
	// Choice is what was chosen.
	Choice string `json:"choice"`
	// Options are what there was to choose from, the best first.
	Options []string `json:"options,omitempty"`
	// Because is the rule, in plain words.
	Because string `json:"because"`
}

// Kind implements Body.
func (*DecisionBody) Kind() Kind { return Decision }

// Steps of mail events.
const (
	Composed  = "composed"  // written by a person's mail program
	Changed   = "changed"   // a mail program changed it before sending, and says how
	Unsent    = "unsent"    // it could not be handed to any server
	HopStarts = "hop"       // a leg of the way begins
	Accept    = "accepted"  // a server took responsibility for it
	Queued    = "queued"    // it waits in a server's queue
	Relayed   = "relayed"   // the next server took responsibility
	Deferred  = "deferred"  // not now: it stays in the queue
	Stored    = "stored"    // it lies in the recipient's mailbox
	Fetched   = "fetched"   // a device has a copy
	Deleted   = "deleted"   // it is not in the mailbox any more
	Bounced   = "bounced"   // its sender is told that it could not be delivered
	Warned    = "warned"    // its sender is told that it still waits
	Confirmed = "confirmed" // its sender is told that it was delivered, or handed on
	// Undeliverable says that the postmaster is told that it could not be delivered, as
	// it has no sender.
	Undeliverable = "undeliverable"
	Compared      = "compared"   // what arrived against what was sent
	NoneFound     = "none-found" // a person looked and there was none
)

// Purposes of a leg.
const (
	Submission = "submission" // from a mail program to its provider
	Relay      = "relay"      // from server to server
	Delivery   = "delivery"   // inside a server, to the mailbox
	Retrieval  = "retrieval"  // from the mailbox to a device
)

// MailBody is a mail at one moment of its way.
type MailBody struct {
	// ReversePath and Recipients are the envelope, not the header.
	ReversePath string   `json:"reversePath"`
	Recipients  []string `json:"recipients,omitempty"`
	MessageID   string   `json:"messageId,omitempty"`
	Subject     string   `json:"subject,omitempty"`
	// Content is the mail as it is at this moment.
	Content *Content `json:"content,omitempty"`
	// Added are header fields that were put in front at this step, folded lines
	// unfolded.
	Added []string `json:"added,omitempty"`
	// Mailbox is user@domain/folder, UID the mail's number in it.
	Mailbox string `json:"mailbox,omitempty"`
	UID     uint32 `json:"uid,omitempty"`
	// Purpose, From and Toward describe a leg that begins: its two hosts, or the
	// domain as long as the host is not known.
	Purpose string `json:"purpose,omitempty"`
	From    string `json:"from,omitempty"`
	Toward  string `json:"toward,omitempty"`
	// Changes are what a mail program changed before sending, line by line.
	Changes []string `json:"changes,omitempty"`
	// SentHash and ArrivedHash are SHA-256 of what was sent and of what arrived
	// below the fields added on the way; Same says that they are equal.
	SentHash    string `json:"sentSha256,omitempty"`
	ArrivedHash string `json:"arrivedSha256,omitempty"`
	Same        bool   `json:"same,omitempty"`
	// Reason says why it was deferred, bounced or not sent.
	Reason string `json:"reason,omitempty"`
}

// Kind implements Body.
func (*MailBody) Kind() Kind { return Mail }

// What a state event is about.
const (
	QueueState   = "queue"
	MailboxState = "mailbox"
	SessionState = "session"
	DiskState    = "disk"
	HostState    = "host"
	TimerState   = "timer"
)

// What has become of a file, as what comes after in a state event of a disk.
const (
	FileWritten = "written" // programs see it so; the disk need not have it
	FileSynced  = "synced"
	FileRenamed = "renamed"
	FileRemoved = "removed"
	FileTorn    = "torn" // a crash has left a part of it, or what it was before
	FileLost    = "lost" // a crash has left nothing of it
	FileBack    = "back" // a crash has brought it back
)

// StateBody is a change of something that lasts.
type StateBody struct {
	// Name is whose state it is: a queue entry, user@domain/folder, a connection,
	// a file.
	Name string `json:"name"`
	// Before and After are the states' names; Before is empty when it begins,
	// After when it ends.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Recipients are those a queue entry still waits for.
	Recipients []string `json:"recipients,omitempty"`
	// UID, Flags and Size are of a mail in a mailbox.
	UID   uint32   `json:"uid,omitempty"`
	Flags []string `json:"flags,omitempty"`
	Size  int64    `json:"size,omitempty"`
	// Due is when a timer fires or a queue entry is tried next, since the walk's
	// start.
	Due time.Duration `json:"due,omitempty"`
	// Detail says more in plain words.
	Detail string `json:"detail,omitempty"`
}

// Kind implements Body.
func (*StateBody) Kind() Kind { return State }

// Acts of a visitor, who is a program from outside of the walk.
const (
	Visit  = "visit"   // comes to a door
	Say    = "say"     // sends octets, or one datagram
	Drain  = "drain"   // has taken octets that were sent to it
	Finish = "finish"  // says that it will send nothing more
	HangUp = "hang-up" // is gone
)

// ActBody is something done from outside the programs: by a person of the
// walk, the walk itself, the learner, or a visitor. Its What is the verb.
type ActBody struct {
	// By is a person's name, "walk", "learner" or "visitor".
	By string `json:"by"`
	// Target is what it is done to: a mail's number, a host, a link, "frame 12", "line "
	// and a line's key,
	// "visitor 3", or the door to which a visitor comes, "mail.acme.test:25/tcp".
	Target string `json:"target,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Turn is set when it came from outside of the walk: before that entry of the
	// walk's queue, counted from 1, while all was at rest. It can be done again at
	// that place.
	Turn uint64 `json:"turn,omitempty"`
	// Input are the octets that a visitor sent, or what a learner puts in place of
	// a zone's records, a part of a mail or a server's answer.
	Input []byte `json:"input,omitempty"`
	// Octets is how many a visitor has taken off what was sent to it.
	Octets int64 `json:"octets,omitempty"`
	// Delay is by how much a packet or line was put off.
	Delay time.Duration `json:"delay,omitempty"`
}

// Kind implements Body.
func (*ActBody) Kind() Kind { return Act }

// NoteBody is narration, in three depths. Its What is "narration" or "warning".
type NoteBody struct {
	Newcomer string `json:"newcomer"`
	Student  string `json:"student,omitempty"`
	Engineer string `json:"engineer,omitempty"`
}

// Kind implements Body.
func (*NoteBody) Kind() Kind { return Note }

// Steps of note events.
const (
	Narration = "narration"
	Warning   = "warning"
)
