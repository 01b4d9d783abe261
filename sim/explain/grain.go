package explain

import (
	"fmt"
	"slices"
	"strings"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/trace"
)

// Grain is how closely one looks, and how far one step goes.
type Grain int

// The grains, from far to near; each shows what those before it show.
const (
	MailGrain   Grain = iota // where the mail is
	HopGrain                 // what makes it go there: decisions, look-ups, connections
	LineGrain                // what programs say to each other, and each name server asked
	PacketGrain              // every frame on every link, or what sockets wrote and read
)

var grainNames = [...]string{"mail", "hop", "line", "packet"}

// Grains lists all grains, the farthest first.
func Grains() []Grain { return []Grain{MailGrain, HopGrain, LineGrain, PacketGrain} }

func (g Grain) String() string {
	if g < 0 || int(g) >= len(grainNames) {
		return fmt.Sprintf("Grain(%d)", int(g))
	}
	return grainNames[g]
}

// ParseGrain is the inverse of Grain.String.
func ParseGrain(s string) (Grain, error) {
	if i := slices.Index(grainNames[:], s); i >= 0 {
		return Grain(i), nil
	}
	return 0, fmt.Errorf("detail %q: it is one of %s", s, strings.Join(grainNames[:], ", "))
}

// GrainOf is the farthest grain at which an event is seen.
func GrainOf(e *trace.Event) Grain {
	switch b := e.Body.(type) {
	case *trace.MailBody, *trace.NoteBody:
		return MailGrain
	case *trace.ActBody:
		switch e.What {
		case trace.Say, trace.Drain, trace.Finish, trace.HangUp:
			return PacketGrain // the dialogue tells it better
		}
		return MailGrain
	case *trace.DecisionBody:
		return HopGrain
	case *trace.ConnectionBody:
		switch e.What {
		case trace.Opened, trace.Refused, trace.Failed, trace.Reset, trace.NotSecured:
			return HopGrain
		case trace.Accepted, trace.Sealed:
			return PacketGrain
		}
		return LineGrain
	case *trace.LookupBody:
		switch e.What {
		case trace.Asked, trace.Resolved, trace.NotFound, trace.Unsolved:
			return HopGrain
		case trace.Cached, trace.Expired:
			return PacketGrain
		}
		return LineGrain
	case *trace.LineBody:
		// That a line arrived is news only beside the packets that brought it;
		// that a content did is what the mail waits for, and of what a visitor says
		// nothing else is known.
		if e.What == trace.Received && b.Role != dialog.Body && !b.Outside {
			return PacketGrain
		}
		return LineGrain
	case *trace.StateBody:
		switch e.What {
		case trace.HostState:
			return MailGrain
		case trace.QueueState:
			return LineGrain
		case trace.DiskState:
			switch b.After {
			case trace.FileTorn, trace.FileLost, trace.FileBack:
				return LineGrain
			}
		case trace.MailboxState:
			// That a mail came or went is told by the mail itself.
			if b.Before != "" && b.After != "" {
				return LineGrain
			}
		}
		return PacketGrain
	}
	return PacketGrain
}
