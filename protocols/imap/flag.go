package imap

import (
	"slices"
	"strings"
)

// Flag is a named token on a message: a system flag, which begins with a
// backslash, or a keyword, which does not. Flags compare without regard to case.
//
// RFC 9051 §2.3.2
type Flag string

// The system flags. FlagRecent is of IMAP4rev1: a server sets it, a client
// cannot. FlagWildcard stands in PERMANENTFLAGS and says that new keywords may be
// made (RFC 9051 §7.1).
const (
	FlagSeen     Flag = `\Seen`
	FlagAnswered Flag = `\Answered`
	FlagFlagged  Flag = `\Flagged`
	FlagDeleted  Flag = `\Deleted`
	FlagDraft    Flag = `\Draft`
	FlagRecent   Flag = `\Recent`
	FlagWildcard Flag = `\*`
)

// The keywords that RFC 9051 §2.3.2 defines.
const (
	FlagForwarded Flag = "$Forwarded"
	FlagMDNSent   Flag = "$MDNSent"
	FlagJunk      Flag = "$Junk"
	FlagNotJunk   Flag = "$NotJunk"
	FlagPhishing  Flag = "$Phishing"
)

// SystemFlags returns the flags that every mailbox has.
func SystemFlags() []Flag {
	return []Flag{FlagAnswered, FlagFlagged, FlagDeleted, FlagSeen, FlagDraft}
}

// canonical gives a flag that RFC 9051 defines its own spelling.
func (f Flag) canonical() Flag {
	for _, g := range [...]Flag{
		FlagSeen, FlagAnswered, FlagFlagged, FlagDeleted, FlagDraft, FlagRecent,
		FlagForwarded, FlagMDNSent, FlagJunk, FlagNotJunk, FlagPhishing,
	} {
		if f.Is(g) {
			return g
		}
	}
	return f
}

// Is tells whether f and g are the same flag.
func (f Flag) Is(g Flag) bool { return strings.EqualFold(string(f), string(g)) }

// System tells whether f is a system flag.
func (f Flag) System() bool { return strings.HasPrefix(string(f), `\`) }

// HasFlag tells whether flags holds f.
func HasFlag(flags []Flag, f Flag) bool { return slices.ContainsFunc(flags, f.Is) }

// sameFlags tells whether a and b hold the same flags, in whatever order.
func sameFlags(a, b []Flag) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(f Flag) bool { return !HasFlag(b, f) })
}

// FlagOp is what STORE does with its flags.
//
// RFC 9051 §6.4.6
type FlagOp uint8

// What STORE can do.
const (
	FlagsReplace FlagOp = iota // FLAGS
	FlagsAdd                   // +FLAGS
	FlagsRemove                // -FLAGS
)

// Apply returns what have becomes when op is done with flags. It changes neither
// slice. Order is kept and no flag comes twice.
func (op FlagOp) Apply(have, flags []Flag) []Flag {
	var out []Flag
	add := func(f Flag) {
		if !HasFlag(out, f) {
			out = append(out, f)
		}
	}
	if op != FlagsReplace {
		for _, f := range have {
			if op == FlagsAdd || !HasFlag(flags, f) {
				add(f)
			}
		}
	}
	if op != FlagsRemove {
		for _, f := range flags {
			add(f)
		}
	}
	return out
}

func (op FlagOp) prefix() string {
	switch op {
	case FlagsAdd:
		return "+"
	case FlagsRemove:
		return "-"
	default:
		return ""
	}
}
