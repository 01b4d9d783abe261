package scenarios

// Account is a mailbox with its password.
type Account struct {
	// Address is local-part@domain.
	Address string   `yaml:"-"`
	Pos     Position `yaml:"-"`
	// The password for sending and for reading.
	Password string `yaml:"password,required"`
	// How many octets of mail the account holds. Default: without limit.
	Quota Size `yaml:"quota"`
	// The host that keeps the mailbox. Default: the host with mailboxes whose mail server has the domain as its own.
	Host string `yaml:"host"`
}

// Person is somebody who writes or reads mail.
type Person struct {
	// ID is the short name: alice.
	ID  string   `yaml:"-"`
	Pos Position `yaml:"-"`
	// The name as it stands in a header. Default: the short name with a capital.
	Name string `yaml:"name"`
	// The mail address; it needs an account for sending and reading.
	Address string `yaml:"address,required"`
	// The host to which the person's mail programs submit mail. Default: the host that serves submission for the address's domain.
	Submission string `yaml:"submission"`
	// What the person reads and writes on, by a short name.
	Devices []*Device `yaml:"devices,named"`
}

// Device is a machine of a person with a mail program on it.
type Device struct {
	// ID is the short name: laptop.
	ID  string   `yaml:"-"`
	Pos Position `yaml:"-"`
	// The host that it is.
	Host string `yaml:"host,required"`
	// The protocol by which its mail program reads.
	Reads Protocol `yaml:"reads" default:"pop3"`
	// Whether mails stay on the server after a download. IMAP keeps them in either case.
	Keep bool `yaml:"keep" default:"no"`
	// The SASL mechanism by which its mail program logs in for sending. Default: the one of those that the server offers that gives away least.
	Auth Mechanism `yaml:"auth"`
	// What is typed as the password: one, or a list for each time that the mail program asks again. Default: the account's.
	Password []string `yaml:"password"`
	// How its mail program connects for sending and reading: in clear, in clear and then STARTTLS, or with TLS from the start.
	Security Security `yaml:"security" default:"none"`
	// Whether it breaks off when the server's certificate does not pass its checks.
	Verify bool `yaml:"verify" default:"yes"`
}

// Protocol is a protocol for reading mail.
type Protocol string

// The protocols for reading.
const (
	POP3 Protocol = "pop3"
	IMAP Protocol = "imap"
)

func (Protocol) values() []string { return []string{string(POP3), string(IMAP)} }

// Device returns the person's device of that name, or nil.
func (p *Person) Device(name string) *Device { return find(p.Devices, name) }

func (a *Account) key() string { return a.Address }
func (p *Person) key() string  { return p.ID }
func (d *Device) key() string  { return d.ID }
