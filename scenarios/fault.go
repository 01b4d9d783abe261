package scenarios

import (
	"time"

	"mailwalk/sim/trace"
)

// Fault is something that goes wrong: with a host, a link, packets, lines of a dialogue, or the records of a zone.
type Fault struct {
	Pos Position `yaml:"-"`
	// A host to switch off or on, or to crash.
	Host string `yaml:"host"`
	// A link to cut or mend.
	Link string `yaml:"link"`
	// Packets to spoil as they are sent, as a selector of packet.sent; nth=3 at its end means the third alone. Without nth, every and percent all of them are meant.
	Packet trace.Selector `yaml:"packet"`
	// Lines and contents to spoil before they are said, as a selector of line.sent; for answer also what a server has received, as a selector of line.received. nth=3 at its end means the third alone. Without nth, every and percent all of them are meant.
	Line trace.Selector `yaml:"line"`
	// For answer: what is said in the server's stead, line by line; in IMAP without the tag.
	With string `yaml:"with"`
	// A zone whose records change.
	Zone string `yaml:"zone"`
	// For a zone: all of its records from then on, as a master file (RFC 1035 §5) in a text block.
	Records string `yaml:"records"`
	// What is done: off, on or crash to a host, cut or mend to a link, drop, delay, duplicate, corrupt, reorder or reset to packets, drop, delay, duplicate, corrupt or answer to lines, change to a zone.
	Does FaultVerb `yaml:"does,required"`
	// For packets and lines: each so many-th of those that match.
	Every int `yaml:"every"`
	// For packets and lines: how many of a hundred of those that match, drawn from the seed.
	Percent int `yaml:"percent"`
	// For delay: how much later the packet arrives, or the line is said.
	By time.Duration `yaml:"by"`
	// How long it lasts; a host that was switched off is then switched on, and a link that was cut is mended. Default: to the end of the walk.
	For    time.Duration `yaml:"for"`
	Anchor `yaml:",inline"`
}

// FaultVerb is what a fault does.
type FaultVerb string

// The verbs of faults.
const (
	SwitchOff FaultVerb = "off"
	SwitchOn  FaultVerb = "on"
	Crash     FaultVerb = "crash"
	Cut       FaultVerb = "cut"
	Mend      FaultVerb = "mend"
	Drop      FaultVerb = "drop"
	Delay     FaultVerb = "delay"
	Duplicate FaultVerb = "duplicate"
	Corrupt   FaultVerb = "corrupt"
	Reorder   FaultVerb = "reorder"
	Reset     FaultVerb = "reset"
	Answer    FaultVerb = "answer"
	Change    FaultVerb = "change"
)

func (FaultVerb) values() []string {
	return []string{
		string(SwitchOff), string(SwitchOn), string(Crash), string(Cut), string(Mend),
		string(Drop), string(Delay), string(Duplicate), string(Corrupt), string(Reorder), string(Reset), string(Answer), string(Change),
	}
}
