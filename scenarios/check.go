package scenarios

import (
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"mailwalk/sim/trace"
)

// checker completes a scenario that was decoded, and finds what is wrong with
// its meaning. What it says of one field does not lead it to complain of others.
type checker struct {
	s        *Scenario
	beside   fs.FS // where files that the walk names are; nil for nowhere
	problems Problems

	addrs addressBook
	names *nameSpace
	// faulty are what problems were found of already, so that nothing more is said
	// of what follows from them: links, people.
	faulty map[named]bool
}

func (c *checker) run() {
	c.about()
	c.wire()
	c.machines()
	c.programs()
	c.zones()
	c.dnsData()
	c.accounts()
	c.people()
	c.mails()
	c.mailServers()
	c.acts()
	c.faults()
	c.notes()
	c.predictions()
	c.expectations()
}

func (c *checker) fail(field, remedy, format string, args ...any) {
	c.report(c.s.marks.of(field), field, remedy, false, fmt.Sprintf(format, args...))
}

func (c *checker) warn(field, remedy, format string, args ...any) {
	c.report(c.s.marks.of(field), field, remedy, true, fmt.Sprintf(format, args...))
}

func (c *checker) report(pos Position, field, remedy string, warning bool, text string) {
	c.problems = append(c.problems, Problem{
		File: c.s.File, Line: pos.Line, Column: pos.Column, Field: field, Text: text, Remedy: remedy, Warning: warning,
	})
}

// given tells whether the file has the field.
func (c *checker) given(field string) bool {
	_, ok := c.s.marks[field]
	return ok
}

func keys[T named](list []T) []string {
	all := make([]string, len(list))
	for i, e := range list {
		all[i] = e.key()
	}
	return all
}

// host returns the host that a field names, and complains when there is none.
func (c *checker) host(field, name string) *Host {
	h := c.s.Host(name)
	if h == nil {
		c.fail(field, meant(name, keys(c.s.Hosts)), "there is no host %s", name)
	}
	return h
}

var (
	walkName  = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	shortName = regexp.MustCompile(`^[a-z0-9]+([-_][a-z0-9]+)*$`)
	mediaType = regexp.MustCompile(`^[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*$`)
)

const lastPart = 5

func (c *checker) about() {
	s := c.s
	if s.Version != Version {
		c.fail("version", fmt.Sprintf("write version: %d", Version), "this program reads version %d of the language and not %d", Version, s.Version)
	}
	switch base := baseName(s.File); {
	case !walkName.MatchString(s.Name):
		c.fail("name", "write small letters and digits, with hyphens between, as in first-letter", "%q is not a walk's name", s.Name)
	case s.Name != base:
		c.warn("name", "name both the same", "the walk is called %s and its file %s", s.Name, base)
	}
	if s.Part < 1 || s.Part > lastPart {
		c.fail("part", fmt.Sprintf("write a number from 1 to %d", lastPart), "there is no part %d", s.Part)
	}
	if year := s.Start.Year(); year < 1980 || year > 2200 {
		c.fail("start", "write a year from 1980 to 2200", "the year %d is out of range", year)
	}
}

// short complains of a name that is not fit for commands and selectors.
func (c *checker) short(field, what, name string) {
	if !shortName.MatchString(name) {
		c.fail(field, "write small letters and digits, with hyphens between", "%q is not fit as the name of a %s", name, what)
	}
}

// anchor checks when something is to come.
func (c *checker) anchor(field string, a *Anchor) {
	if a.At != nil && !a.After.IsZero() {
		c.fail(join(field, "after"), "choose one; wait: says how long after the event", "at and after stand together")
	}
	c.selector(join(field, "after"), a.After)
}

// selector checks what a selector says of the walk's own names.
func (c *checker) selector(field string, sel trace.Selector) {
	host, ok := sel.Wants("host")
	if !ok || host == "" {
		return
	}
	machines := slices.Concat(keys(c.s.Hosts), keys(c.s.Routers))
	if !slices.Contains(machines, host) {
		c.fail(field, meant(host, machines), "no machine is called %s, so no such event can happen", host)
	}
}

func (c *checker) notes() {
	for i, n := range c.s.Notes {
		field := fmt.Sprintf("notes[%d]", i)
		c.anchor(field, &n.Anchor)
		if n.Student == "" {
			n.Student = n.Newcomer
		}
		if n.Engineer == "" {
			n.Engineer = n.Student
		}
	}
}

// readFile reads a file that the walk names.
func (c *checker) readFile(field, name string) []byte {
	if c.beside == nil {
		c.fail(field, "write the content into the walk", "a walk that does not come from a file cannot name one")
		return nil
	}
	if !fs.ValidPath(name) {
		c.fail(field, "write the name of a file beside the walk's, with / between folders and without ..", "%q does not lie beside the walk", name)
		return nil
	}
	f, err := c.beside.Open(name)
	if err != nil {
		c.fail(field, "", "the file cannot be read: %v", err)
		return nil
	}
	defer f.Close()
	content, err := readAtMost(f, maxContent+1)
	switch {
	case err != nil:
		c.fail(field, "", "the file cannot be read: %v", err)
		return nil
	case len(content) > maxContent:
		c.fail(field, "", "the file has more than %s", Size(maxContent))
		return nil
	}
	return content
}

// maxContent is the most octets of one content of a walk.
const maxContent = 100_000_000

// maxTime is the longest time a walk may speak of.
const maxTime = 366 * 24 * time.Hour

func readAtMost(r io.Reader, n int64) ([]byte, error) { return io.ReadAll(io.LimitReader(r, n)) }

// oneOf complains unless exactly one of the fields is given, and tells whether
// that is so.
func (c *checker) oneOf(field string, names ...string) bool {
	var have []string
	for _, n := range names {
		if c.given(join(field, n)) {
			have = append(have, n)
		}
	}
	switch list := strings.Join(names, ", "); len(have) {
	case 1:
		return true
	case 0:
		c.fail(field, "write one of "+list, "there is none of %s", list)
	default:
		c.fail(join(field, have[1]), "choose one", "%s stand together", strings.Join(have, " and "))
	}
	return false
}
