package scenarios

import (
	"time"

	"mailwalk/sim/trace"
)

// Act is something that a person does with a mail program. It starts when the
// acts before it are done and its own anchor is reached.
type Act struct {
	Pos Position `yaml:"-"`
	// The person.
	Who string `yaml:"who,required"`
	// The person's device. Default: the first.
	Device string `yaml:"device"`
	// What the person does: send a mail, fetch what is new, read a mail, flag it, delete it.
	Does Verb `yaml:"does,required"`
	// The mail: for send the one to send; for read, flag and delete the one in the mailbox. Default for these: all that are there.
	Mail string `yaml:"mail"`
	// The mailbox that is looked into; POP3 knows INBOX alone.
	Mailbox string `yaml:"mailbox" default:"INBOX"`
	// The protocol for this once. Default: what the device reads by.
	By Protocol `yaml:"by"`
	// Whether mails stay on the server, for this once. Default: as the device does.
	Keep *bool `yaml:"keep"`
	// The flags that flag sets.
	Flags  []Flag `yaml:"flags" default:"flagged"`
	Anchor `yaml:",inline"`
}

// Verb is what a person can do.
type Verb string

// The verbs.
const (
	SendMail   Verb = "send"   // submit a mail
	FetchMail  Verb = "fetch"  // log in and download what is new to the device
	ReadMail   Verb = "read"   // open a mail in its mailbox, which marks it as seen (IMAP)
	FlagMail   Verb = "flag"   // set flags on a mail in its mailbox (IMAP)
	DeleteMail Verb = "delete" // take a mail out of its mailbox
)

func (Verb) values() []string {
	return []string{string(SendMail), string(FetchMail), string(ReadMail), string(FlagMail), string(DeleteMail)}
}

// Flag is a system flag of IMAP (RFC 9051 §2.3.2), without its backslash and in
// lower case.
type Flag string

// The flags.
const (
	Seen     Flag = "seen"
	Answered Flag = "answered"
	Flagged  Flag = "flagged"
	Deleted  Flag = "deleted"
	Draft    Flag = "draft"
)

func (Flag) values() []string {
	return []string{string(Seen), string(Answered), string(Flagged), string(Deleted), string(Draft)}
}

// IMAP is the flag as IMAP writes it: \Seen.
func (f Flag) IMAP() string {
	if f == "" {
		return ""
	}
	return `\` + string(f[0]-'a'+'A') + string(f[1:])
}

// Anchor ties something to a moment of the walk: a time, or an event. With
// neither it is at the next moment that suits: for an act when the one before
// is done, for a note and a question the start.
type Anchor struct {
	// The virtual time since the walk's start.
	At *time.Duration `yaml:"at"`
	// An event, as a selector; nth=2 at its end means the second time. An event that has happened already counts.
	After trace.Selector `yaml:"after"`
	// How long to wait once the moment is there.
	Wait time.Duration `yaml:"wait"`
}

// Anchored tells whether a time or an event is given.
func (a *Anchor) Anchored() bool { return a.At != nil || !a.After.IsZero() }
