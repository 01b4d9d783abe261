// Package explain says in words what an event of a trace is: what happened, why,
// by which section of which RFC, and what is often believed instead.
//
// The words are data: one entry for each kind of step, in data/*.yaml, made into
// a Go table by go generate, so that a program that never asks pays nothing and
// one that does parses nothing. An entry has a key of parts joined by dots,
// from general to special; [Key] finds the most special entry for an event:
//
//	packet.tcp.syn              a frame on a link, by what is in it
//	packet.dropped              a frame that something befell
//	socket.read                 what the machine's own kernel took or gave
//	connection.opening.smtp     a connection, by step and service
//	line.smtp.RCPT              a command
//	line.smtp.reply.550.RCPT    a reply, by code and by the command it answers
//	line.sasl.PLAIN.message     a message of a login, by its mechanism
//	lookup.referral.root        a step of a look-up, by the zone or the type
//	decision.domain             a choice
//	mail.hop.relay              a mail, a leg by its purpose
//	state.queue, act.send, note.warning
//
// Titles are templates; the comment on [expand] says how they are filled.
package explain

//go:generate go run ./internal/gen -data data -out table.go

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"mailwalk/sim/trace"
)

// Depth is for whom a reason is worded.
type Depth int

// The depths.
const (
	Newcomer Depth = iota // knows that mails and computers exist
	Student               // knows what a protocol is
	Engineer              // runs such things
)

var depthNames = [...]string{"newcomer", "student", "engineer"}

// Depths lists all depths, the plainest first.
func Depths() []Depth { return []Depth{Newcomer, Student, Engineer} }

func (d Depth) String() string {
	if d < 0 || int(d) >= len(depthNames) {
		return fmt.Sprintf("Depth(%d)", int(d))
	}
	return depthNames[d]
}

// ParseDepth is the inverse of Depth.String.
func ParseDepth(s string) (Depth, error) {
	if i := slices.Index(depthNames[:], s); i >= 0 {
		return Depth(i), nil
	}
	return 0, fmt.Errorf("depth %q: it is one of %s", s, strings.Join(depthNames[:], ", "))
}

// Ref is a place in a standard. Section is empty when the whole document is
// meant, as with the early RFCs that number no sections.
type Ref struct {
	RFC     int
	Section string
}

// String is "RFC 5321 §4.1.1.3", or "RFC 826".
func (r Ref) String() string {
	if r.Section == "" {
		return fmt.Sprintf("RFC %d", r.RFC)
	}
	return fmt.Sprintf("RFC %d §%s", r.RFC, r.Section)
}

// Heading is the heading of the section in its RFC, or the title of the RFC; it
// is empty for a place that no entry cites.
func (r Ref) Heading() string {
	i, ok := slices.BinarySearchFunc(headings[:], r, func(h heading, r Ref) int { return compareRefs(h.ref, r) })
	if !ok {
		return ""
	}
	return headings[i].text
}

func compareRefs(a, b Ref) int {
	if a.RFC != b.RFC {
		return a.RFC - b.RFC
	}
	return strings.Compare(a.Section, b.Section)
}

type heading struct {
	ref  Ref
	text string
}

// Explanation is what is to be said of one kind of step, and its title of one
// event.
type Explanation struct {
	// Key is the entry's.
	Key string
	// Title is what happened, in one clause without a full stop.
	Title string
	// Newcomer and Student say why, each for itself; Engineer goes on from Student
	// with the fine print. The words of a note stand for themselves in all depths.
	Newcomer, Student, Engineer string
	// Mistake is what is often believed, and what is so; often empty.
	Mistake string
	Refs    []Ref

	note bool
}

// Why is the reason in the given depth; a depth that has no words of its own
// has those of the next plainer one.
func (e Explanation) Why(d Depth) string {
	switch {
	case d >= Engineer && e.Engineer != "" && (e.note || e.Student == ""):
		return e.Engineer
	case d >= Engineer && e.Engineer != "":
		return e.Student + " " + e.Engineer
	case d >= Student && e.Student != "":
		return e.Student
	}
	return e.Newcomer
}

// Entry returns the entry with the given key, its title unfilled.
func Entry(key string) (Explanation, bool) {
	i, ok := find(key)
	if !ok {
		return Explanation{}, false
	}
	return entries[i], true
}

// Keys lists the keys of all entries in order.
func Keys() []string {
	keys := make([]string, len(entries))
	for i := range entries {
		keys[i] = entries[i].Key
	}
	return keys
}

// index is made at the first look, so that a program that never looks pays
// nothing for it.
var index = sync.OnceValue(func() map[string]int {
	m := make(map[string]int, len(entries))
	for i := range entries {
		m[entries[i].Key] = i
	}
	return m
})

func find(key string) (int, bool) {
	i, ok := index()[key]
	return i, ok
}

// title is an entry's title, unfilled.
func title(key string) string {
	if i, ok := find(key); ok {
		return entries[i].Title
	}
	return ""
}

// For explains an event. The words of a note are its own.
func For(e *trace.Event) Explanation {
	x, _ := Entry(Key(e))
	x.Title = Text(e)
	if n, ok := e.Body.(*trace.NoteBody); ok {
		x.Newcomer, x.Student, x.Engineer, x.note = n.Newcomer, n.Student, n.Engineer, true
	}
	return x
}
