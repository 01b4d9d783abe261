package trace

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// fields is one way to go over the fields of a body: to write or to read it, in
// JSON or in the file's own form. Each body says once, in its fields method,
// what it is made of; the four ways share that. The names are the JSON tags. In
// the file's form the order counts: a new field goes to the end of its body.
type fields interface {
	str(name string, p presence, v *string)
	strs(name string, v *[]string)
	flag(name string, p presence, v *bool)
	num(name string, p presence, v *int64)
	octet(name string, p presence, v *uint8)
	port(name string, p presence, v *uint16)
	word(name string, p presence, v *uint32)
	long(name string, p presence, v *uint64)
	moment(name string, p presence, v *time.Duration)
	bytes(name string, v *[]byte)
	addr(name string, p presence, v *netip.Addr)
	addrPort(name string, p presence, v *netip.AddrPort)
	// frame and head are a packet's: the head need not be kept where it can be
	// read from the frame again.
	frame(name string, v *[]byte)
	head(name string, v *Head, frame []byte)
	// open begins the fields of something inside, if it is there, which is what it
	// returns. have says so when writing. shut ends them.
	open(name string, have bool) bool
	shut()
	// list begins a list of n things, or of as many as it returns when reading;
	// next goes to each of them.
	list(name string, n int) int
	next(i int)
	endList()
}

// presence says whether a field is written when it is empty.
type presence bool

const (
	must presence = true
	may  presence = false
)

// described is a body that says what it is made of.
type described interface {
	Body
	fields(f fields)
}

// errBody tells of an event whose body is none of this package's.
var errBody = errors.New("the body has no known type")

// describe is an event's body, nil when it has none.
func describe(e *Event) (described, error) {
	if e.Body == nil {
		return nil, nil
	}
	body, ok := e.Body.(described)
	if !ok || body.Kind() != e.Kind {
		return nil, fmt.Errorf("event %d, of kind %q: %w: %T", e.Seq, e.Kind, errBody, e.Body)
	}
	return body, nil
}

// newBody makes an empty body of a kind, nil for a kind that is not known.
func newBody(k Kind) described {
	switch k {
	case Packet:
		return new(PacketBody)
	case Socket:
		return new(SocketBody)
	case Connection:
		return new(ConnectionBody)
	case Line:
		return new(LineBody)
	case Lookup:
		return new(LookupBody)
	case Decision:
		return new(DecisionBody)
	case Mail:
		return new(MailBody)
	case State:
		return new(StateBody)
	case Act:
		return new(ActBody)
	case Note:
		return new(NoteBody)
	}
	return nil
}

func (b *PacketBody) fields(f fields) {
	f.long("frame", must, &b.Frame)
	f.str("link", must, &b.Link)
	f.str("from", must, &b.From)
	f.str("to", may, &b.To)
	f.frame("data", &b.Data)
	f.head("head", &b.Head, b.Data)
	if f.open("range", b.Range != nil) {
		if b.Range == nil {
			b.Range = new(Range)
		}
		b.Range.fields(f)
		f.shut()
	}
	f.str("why", may, &b.Why)
	f.str("analysis", may, &b.Analysis)
	f.strs("linkAnalysis", &b.LinkAnalysis)
}

func (r *Range) fields(f fields) {
	f.flag("fromServer", must, &r.FromServer)
	f.num("from", must, &r.From)
	f.num("to", must, &r.To)
}

func (h *Head) fields(f fields) {
	f.str("proto", must, &h.Proto)
	f.addr("src", may, &h.Src)
	f.addr("dst", may, &h.Dst)
	f.octet("ttl", may, &h.TTL)
	f.port("srcPort", may, &h.SrcPort)
	f.port("dstPort", may, &h.DstPort)
	f.str("flags", may, &h.Flags)
	f.word("tcpSeq", may, &h.Seq)
	f.word("tcpAck", may, &h.Ack)
	f.port("window", may, &h.Window)
	n := int64(h.Len)
	f.num("len", must, &n)
	if h.Len != int(n) { // others may be reading an event that is written
		h.Len = int(n)
	}
	f.octet("type", may, &h.Type)
	f.octet("code", may, &h.Code)
	f.port("mss", may, &h.MSS)
	f.word("mtu", may, &h.MTU)
}

func (b *ConnectionBody) fields(f fields) {
	f.str("client", must, &b.Client)
	f.str("server", must, &b.Server)
	f.addrPort("clientAddr", may, &b.ClientAddr)
	f.addrPort("serverAddr", must, &b.ServerAddr)
	f.str("service", must, &b.Service)
	f.str("error", may, &b.Error)
	f.addrPort("kernelClient", may, &b.KernelClient)
	f.addrPort("kernelServer", may, &b.KernelServer)
	tlsField(f, "tls", &b.TLS)
	if f.open("record", b.Record != nil) {
		if b.Record == nil {
			b.Record = new(TLSRecord)
		}
		b.Record.fields(f)
		f.shut()
	}
}

func (b *LineBody) fields(f fields) {
	f.str("service", must, &b.Service)
	f.str("role", must, (*string)(&b.Role))
	b.Range.fields(f)
	f.str("text", may, &b.Text)
	f.str("verb", may, &b.Verb)
	f.str("code", may, &b.Code)
	contentField(f, "content", &b.Content)
	f.flag("secret", may, &b.Secret)
	f.flag("outside", may, &b.Outside)
	f.str("meant", may, &b.Meant)
	contentField(f, "meantContent", &b.MeantContent)
	f.str("why", may, &b.Why)
	saslField(f, &b.Exchange)
}

func contentField(f fields, name string, c **Content) {
	if f.open(name, *c != nil) {
		if *c == nil {
			*c = new(Content)
		}
		f.str("sha256", must, (*string)(&(*c).ID))
		f.num("size", must, &(*c).Size)
		f.shut()
	}
}

func (b *LookupBody) fields(f fields) {
	f.str("name", must, &b.Name)
	f.str("type", must, &b.Type)
	f.str("server", may, &b.Server)
	f.addrPort("serverAddr", may, &b.ServerAddr)
	f.str("transport", may, &b.Transport)
	f.str("zone", may, &b.Zone)
	f.str("rcode", may, &b.RCode)
	f.flag("authoritative", may, &b.Authoritative)
	recordsField(f, "records", &b.Records)
	recordsField(f, "authority", &b.Authority)
	recordsField(f, "additional", &b.Additional)
	f.moment("until", may, &b.Until)
	f.str("error", may, &b.Error)
}

func recordsField(f fields, name string, v *[]Record) {
	n := f.list(name, len(*v))
	if n == 0 {
		return
	}
	if len(*v) == 0 {
		*v = make([]Record, n)
	}
	for i := range *v {
		f.next(i)
		r := &(*v)[i]
		f.str("name", must, &r.Name)
		f.word("ttl", must, &r.TTL)
		f.str("type", must, &r.Type)
		f.str("data", must, &r.Data)
	}
	f.endList()
}

func (b *DecisionBody) fields(f fields) {
	f.str("subject", must, &b.Subject)
	f.str("choice", must, &b.Choice)
	f.strs("options", &b.Options)
	f.str("because", must, &b.Because)
}

func (b *MailBody) fields(f fields) {
	f.str("reversePath", must, &b.ReversePath)
	f.strs("recipients", &b.Recipients)
	f.str("messageId", may, &b.MessageID)
	f.str("subject", may, &b.Subject)
	contentField(f, "content", &b.Content)
	f.strs("added", &b.Added)
	f.str("mailbox", may, &b.Mailbox)
	f.word("uid", may, &b.UID)
	f.str("purpose", may, &b.Purpose)
	f.str("from", may, &b.From)
	f.str("toward", may, &b.Toward)
	f.strs("changes", &b.Changes)
	f.str("sentSha256", may, &b.SentHash)
	f.str("arrivedSha256", may, &b.ArrivedHash)
	f.flag("same", may, &b.Same)
	f.str("reason", may, &b.Reason)
}

func (b *StateBody) fields(f fields) {
	f.str("name", must, &b.Name)
	f.str("before", may, &b.Before)
	f.str("after", may, &b.After)
	f.strs("recipients", &b.Recipients)
	f.word("uid", may, &b.UID)
	f.strs("flags", &b.Flags)
	f.num("size", may, &b.Size)
	f.moment("due", may, &b.Due)
	f.str("detail", may, &b.Detail)
}

func (b *ActBody) fields(f fields) {
	f.str("by", must, &b.By)
	f.str("target", may, &b.Target)
	f.str("detail", may, &b.Detail)
	f.long("turn", may, &b.Turn)
	f.bytes("input", &b.Input)
	f.num("octets", may, &b.Octets)
	f.moment("delay", may, &b.Delay)
}

func (b *NoteBody) fields(f fields) {
	f.str("newcomer", must, &b.Newcomer)
	f.str("student", may, &b.Student)
	f.str("engineer", may, &b.Engineer)
}
