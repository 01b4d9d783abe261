package scenarios

import (
	"mailwalk/sim/trace"
)

// Expect is something that must be seen in the trace at the end of a walk. It
// is one of happens, never, in-order, delivered and same-bytes.
type Expect struct {
	Pos Position `yaml:"-"`
	// What it means, in plain words.
	Says string `yaml:"says"`
	// An event that happens, as a selector: at least once, unless a count is given.
	Happens trace.Selector `yaml:"happens"`
	// For happens: exactly so many times.
	Exactly *int `yaml:"exactly"`
	// For happens: so many times or more.
	AtLeast *int `yaml:"at-least"`
	// For happens: so many times or fewer.
	AtMost *int `yaml:"at-most"`
	// An event that does not happen.
	Never trace.Selector `yaml:"never"`
	// For happens and never: only what comes after this event's first time counts, and it must come.
	After trace.Selector `yaml:"after"`
	// For happens and never: only what comes before this event's first time counts, and it must come.
	Before trace.Selector `yaml:"before"`
	// Events that happen one after the other, with anything between.
	InOrder []trace.Selector `yaml:"in-order"`
	// A mail that lies in somebody's mailbox at some moment.
	Delivered *Delivered `yaml:"delivered"`
	// A mail that arrived as it was sent, byte for byte, below the header fields added on the way.
	SameBytes string `yaml:"same-bytes"`

	// mail is the trace's number of the mail in SameBytes.
	mail string
}

// Delivered is a mail and one of its recipients.
type Delivered struct {
	// The mail.
	Mail string `yaml:"mail,required"`
	// The address of the mailbox.
	To string `yaml:"to,required"`

	mail string
}
