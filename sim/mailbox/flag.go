package mailbox

import (
	"cmp"
	"slices"

	"mailwalk/protocols/imap"
)

// maxKeywords is how many keywords a mailbox learns. Flags that are one too many
// are passed over (RFC 9051 §7.1, PERMANENTFLAGS).
const maxKeywords = 64

// keywords are those that mails of a mailbox have had, each in the spelling in
// which it came first.
type keywords []imap.Flag

// spell returns the flags that can be kept, in a fixed order and in the mailbox's
// own spelling. New keywords are learnt.
func (k *keywords) spell(flags []imap.Flag) []imap.Flag {
	var out []imap.Flag
	for _, f := range flags {
		known := imap.SystemFlags()
		if !f.System() {
			known = *k
		}
		i := slices.IndexFunc(known, f.Is)
		switch {
		case i >= 0:
			f = known[i]
		case f.System() || len(*k) >= maxKeywords:
			continue
		default:
			*k = append(*k, f)
		}
		if !imap.HasFlag(out, f) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(f, g imap.Flag) int {
		return cmp.Or(cmp.Compare(rank(f), rank(g)), cmp.Compare(f, g))
	})
	return out
}

// learn takes over keywords that were spelt before.
func (k *keywords) learn(flags []imap.Flag) {
	for _, f := range flags {
		if !f.System() && !imap.HasFlag(*k, f) {
			*k = append(*k, f)
		}
	}
}

// rank puts the system flags first, in the order in which they are listed.
func rank(f imap.Flag) int {
	system := imap.SystemFlags()
	if i := slices.IndexFunc(system, f.Is); i >= 0 {
		return i
	}
	return len(system)
}

// difference says what became of flags: "+\Seen -\Flagged".
func difference(before, after []imap.Flag) string {
	s := ""
	say := func(sign string, f imap.Flag) {
		if s != "" {
			s += " "
		}
		s += sign + string(f)
	}
	for _, f := range after {
		if !imap.HasFlag(before, f) {
			say("+", f)
		}
	}
	for _, f := range before {
		if !imap.HasFlag(after, f) {
			say("-", f)
		}
	}
	return s
}

func flagStrings(flags []imap.Flag) []string {
	out := make([]string, len(flags))
	for i, f := range flags {
		out[i] = string(f)
	}
	return out
}

func flagsOf(names []string) []imap.Flag {
	out := make([]imap.Flag, len(names))
	for i, n := range names {
		out[i] = imap.Flag(n)
	}
	return out
}
