// Package scenarios holds the walks and the language they are written in.
//
// A walk is one YAML file: a network, the servers and people on it, the mails
// they write, what they do, what is said about it to a learner, and what must
// be seen to have happened. [Load] and [LoadFile] turn it into a [Scenario]
// that is checked and complete: defaults are filled in, names refer to
// something, addresses lie in their links' prefixes. A file that is wrong gives
// [Problems], each with its place in the file and a remedy.
//
// README.md documents the language, schema.json is its JSON schema; both are
// made from the comments and tags of the types in this package.
package scenarios

import (
	"time"
)

// Version is the version of the language that this package reads.
const Version = 1

// Scenario is a walk. Lists that a file writes as mappings (links, hosts,
// mails …) keep the order of the file.
type Scenario struct {
	// The version of the language: 1.
	Version int `yaml:"version,required"`
	// What the walk is called on the command line: the name of its file without .yaml.
	Name string `yaml:"name,required"`
	// A few words for lists and headings.
	Title string `yaml:"title,required"`
	// The story in one or two sentences.
	Summary string `yaml:"summary,required"`
	// The part of the curriculum: 1 the journey, 2 finding the way, 3 when things go wrong, 4 trust, 5 under the hood.
	Part int `yaml:"part" default:"1"`
	// The place within its part; walks of the same place are sorted by name.
	Order int `yaml:"order" default:"100"`
	// What a teacher wants to know before using the walk.
	Teacher Teacher `yaml:"teacher"`

	// What all random choices of the walk are drawn from. The same seed gives the same walk, byte for byte.
	Seed uint64 `yaml:"seed" default:"1"`
	// The date and time at which the walk begins, in RFC 3339 form.
	Start time.Time `yaml:"start" default:"2030-01-07T09:00:00Z"`
	// How the network as a whole behaves.
	Wire Wire `yaml:"wire"`

	// Ethernet segments, by name.
	Links []*Link `yaml:"links,named,required"`
	// Machines that join links and pass packets between them, by name.
	Routers []*Router `yaml:"routers,named"`
	// Machines that programs run on, by name. A server's name is its name in the DNS.
	Hosts []*Host `yaml:"hosts,named,required"`
	// The content of the DNS: the zone's name, then its records as a master file (RFC 1035 §5) in a text block. The root zone is ".".
	Zones []*Zone `yaml:"zones,named"`

	// What the servers allow.
	Policies Policies `yaml:"policies"`
	// Mailboxes with their passwords, by address.
	Accounts []*Account `yaml:"accounts,named"`
	// Those who write and read, by a short name.
	People []*Person `yaml:"people,named"`
	// The mails to be written, by a short name.
	Mails []*Mail `yaml:"mails,named"`

	// What the people do, in order.
	Acts []*Act `yaml:"acts"`
	// What goes wrong, and when.
	Faults []*Fault `yaml:"faults"`

	// What is said to the learner, and when.
	Notes []*Narration `yaml:"notes"`
	// Questions put to the learner before the answer can be seen.
	Predictions []*Prediction `yaml:"predictions"`
	// What must have happened at the end. A walk is right when all of it holds.
	Expect []*Expect `yaml:"expect"`

	// File is the name the walk was read under, Source its text.
	File   string `yaml:"-"`
	Source []byte `yaml:"-"`
	// Warnings are what looks wrong but may be meant.
	Warnings Problems `yaml:"-"`

	marks  marks
	blocks map[string]block
}

// Teacher is what a teacher wants to know of a walk.
type Teacher struct {
	// What the learner can do or explain afterwards.
	Objective string `yaml:"objective"`
	// What one should know before.
	Before []string `yaml:"before"`
	// How long it takes in class.
	Minutes int `yaml:"minutes"`
	// The misunderstanding it clears up.
	ClearsUp string `yaml:"clears-up"`
	// The standards it shows, with their sections: RFC 5321 §3.3.
	Standards []string `yaml:"standards"`
	// Three questions for afterwards.
	Questions []*Question `yaml:"questions"`
}

// Question is an assessment question with its answer.
type Question struct {
	Pos Position `yaml:"-"`
	// The question.
	Ask string `yaml:"ask,required"`
	// The answer.
	Answer string `yaml:"answer,required"`
}

// Wire is how the network as a whole behaves.
type Wire struct {
	// The largest IP packet a link carries, in octets, unless the link says otherwise.
	MTU int `yaml:"mtu" default:"1500"`
	// Whether machines ask for each other's link addresses by ARP and NDP, so that it is seen. With hidden each knows those of the others on its links from the start.
	ARP Visibility `yaml:"arp" default:"hidden"`
}

// Visibility says whether something is shown.
type Visibility string

// The visibilities.
const (
	Hidden Visibility = "hidden"
	Shown  Visibility = "shown"
)

func (Visibility) values() []string { return []string{string(Hidden), string(Shown)} }

// Policies are what the servers of the walk allow.
type Policies struct {
	// Whether servers and mail programs exchange passwords over connections that are not encrypted.
	Cleartext Permission `yaml:"cleartext" default:"refused"`
}

// Permission says whether something is done.
type Permission string

// The permissions.
const (
	Allowed Permission = "allowed"
	Refused Permission = "refused"
)

func (Permission) values() []string { return []string{string(Allowed), string(Refused)} }

// Link returns the link of that name, or nil.
func (s *Scenario) Link(name string) *Link { return find(s.Links, name) }

// Router returns the router of that name, or nil.
func (s *Scenario) Router(name string) *Router { return find(s.Routers, name) }

// Host returns the host of that name, or nil.
func (s *Scenario) Host(name string) *Host { return find(s.Hosts, name) }

// Zone returns the zone of that absolute name ("globex.test."), or nil.
func (s *Scenario) Zone(name string) *Zone { return find(s.Zones, name) }

// Account returns the account of that address, or nil.
func (s *Scenario) Account(address string) *Account { return find(s.Accounts, address) }

// Person returns the person of that name, or nil.
func (s *Scenario) Person(name string) *Person { return find(s.People, name) }

// Mail returns the mail of that name, or nil.
func (s *Scenario) Mail(name string) *Mail { return find(s.Mails, name) }

type named interface{ key() string }

func find[T named](list []T, name string) (found T) {
	for _, e := range list {
		if e.key() == name {
			return e
		}
	}
	return found
}
