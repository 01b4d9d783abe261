package scenarios

// Mail is a mail to be written: either from its parts, or from a file as it is.
type Mail struct {
	// ID is the short name: letter.
	ID  string   `yaml:"-"`
	Pos Position `yaml:"-"`
	// Number is the mail's number in the trace: its place in the file, from 1.
	Number int `yaml:"-"`
	// Who it is from: a person's short name, or an address. The header says so; who sends it is the act's business.
	From Address `yaml:"from"`
	// Whom it is to: persons' short names, or addresses.
	To []Address `yaml:"to"`
	// Who gets a copy.
	Cc []Address `yaml:"cc"`
	// Who gets a copy without the others being told.
	Bcc []Address `yaml:"bcc"`
	// What it is about.
	Subject string `yaml:"subject"`
	// What it says.
	Text string `yaml:"text"`
	// What travels with it.
	Attachments []*Attachment `yaml:"attachments"`
	// The sender in the envelope, to whom reports go. Default: the address of the person who sends it.
	Sender string `yaml:"sender"`
	// Of what the sender wants to be told: success, failure, delay, or never of anything. Default: what servers do unasked, which is to tell of failures and delays.
	Notify []Notify `yaml:"notify"`
	// How much of the mail a report of its failure is to bring back.
	Return Return `yaml:"return"`
	// A name for the mail that all reports about it are to have: printable ASCII, 33 characters at most.
	EnvelopeID string `yaml:"envelope-id"`
	// A file in RFC 5322 form, beside the walk's, that is sent as it is instead of one made from the fields above; to, cc and bcc then say the recipients only.
	File string `yaml:"file"`

	// Raw is the content of File.
	Raw []byte `yaml:"-"`
}

// Recipients are all whom the mail is to, each once, in the order to, cc, bcc.
func (m *Mail) Recipients() []Address {
	var all []Address
	seen := map[string]bool{}
	for _, list := range [][]Address{m.To, m.Cc, m.Bcc} {
		for _, a := range list {
			if !seen[a.Addr] {
				seen[a.Addr] = true
				all = append(all, a)
			}
		}
	}
	return all
}

// Attachment is a file that travels with a mail. Its content comes from one of
// text, base64, generated and file.
type Attachment struct {
	Pos Position `yaml:"-"`
	// The file's name, as the recipient sees it.
	Name string `yaml:"name,required"`
	// The media type. Default: by the ending of the name, else application/octet-stream.
	Type string `yaml:"type"`
	// The content as text; each line ends in a line feed.
	Text string `yaml:"text"`
	// The content in base64.
	Base64 string `yaml:"base64"`
	// A content made up, so that the walk need not carry it.
	Generated *Generated `yaml:"generated"`
	// A file beside the walk's.
	File string `yaml:"file"`

	// Content is what it comes to.
	Content []byte `yaml:"-"`
}

// Generated is a content made up from a seed: the same fields give the same
// octets.
type Generated struct {
	// What it looks like: random octets, or a file that programs for its kind can open.
	Kind GeneratedKind `yaml:"kind" default:"random"`
	// How many octets it has, exactly.
	Size Size `yaml:"size,required"`
	// What it is drawn from.
	Seed uint64 `yaml:"seed" default:"1"`
}

// GeneratedKind is a kind of content that can be made up.
type GeneratedKind string

// The kinds of contents.
const (
	RandomContent GeneratedKind = "random"
	PNGContent    GeneratedKind = "png"
	PDFContent    GeneratedKind = "pdf"
)

func (GeneratedKind) values() []string {
	return []string{string(RandomContent), string(PNGContent), string(PDFContent)}
}

func (m *Mail) key() string { return m.ID }
