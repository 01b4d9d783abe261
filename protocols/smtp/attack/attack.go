// Package attack reads hostile scripts: what a client sends to break a server, or a
// server to break a client, and what is to come of it. The scripts are in
// protocols/smtp/testdata/attacks.
//
// A script has lines of these kinds:
//
//	# words           what is tried, and where it was published
//	! setting         how the server under attack is set
//	> text            a line that the attacker says, with CRLF behind it
//	~ "quoted"        octets that it says, as a Go string
//	* 1000 "quoted"   octets that it says over and over
//	?                 it waits until all that it said is answered
//	= name value      what is to come of it
package attack

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// Script is what an attacker says, and what is to come of it.
type Script struct {
	Name     string
	About    string
	Settings []string
	Steps    []Step
	Outcome  map[string][]string // by name, in the order of the script
}

// Step is something that is said, or a wait for the other side's answer.
type Step struct {
	Text  string
	Times int // how often; 0 is a wait
}

// Load reads the scripts whose files match a pattern, by name.
func Load(fsys fs.FS, pattern string) ([]Script, error) {
	names, err := fs.Glob(fsys, pattern)
	if err != nil {
		return nil, err
	}
	var all []Script
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		s, err := parse(strings.TrimSuffix(path.Base(name), ".txt"), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, s)
	}
	return all, nil
}

func parse(name, text string) (Script, error) {
	s := Script{Name: name, Outcome: map[string][]string{}}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if err := s.line(line); err != nil {
			return s, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return s, nil
}

func (s *Script) line(line string) error {
	kind, rest, _ := strings.Cut(line, " ")
	switch kind {
	case "#":
		s.About = strings.TrimSpace(s.About + " " + rest)
	case "!":
		s.Settings = append(s.Settings, strings.Fields(rest)...)
	case ">":
		s.Steps = append(s.Steps, Step{rest + "\r\n", 1})
	case "~":
		text, err := strconv.Unquote(rest)
		s.Steps = append(s.Steps, Step{text, 1})
		return err
	case "*":
		times, quoted, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(times)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is no number of times", times)
		}
		text, err := strconv.Unquote(quoted)
		s.Steps = append(s.Steps, Step{text, n})
		return err
	case "?":
		s.Steps = append(s.Steps, Step{})
	case "=":
		name, value, _ := strings.Cut(rest, " ")
		s.Outcome[name] = append(s.Outcome[name], value)
	default:
		return fmt.Errorf("%q is no line of a script", line)
	}
	return nil
}

// Ending is something that some program has been known to take for the end of a
// content, or might.
type Ending struct {
	Octets string
	// Code is that of the reply to the content within which it stands, and Odd the
	// name of what the server notices, "none" for nothing.
	Code, Odd string
	About     string
}

// Endings reads a table of them: code, name, quoted octets, and behind # what it is.
func Endings(fsys fs.FS, name string) ([]Ending, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	var all []Ending
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		row, about, _ := strings.Cut(line, " # ")
		words := strings.Fields(row)
		if len(words) < 3 {
			return nil, fmt.Errorf("%s: line %d: want a code, a name and octets", name, i+1)
		}
		octets, err := strconv.Unquote(strings.TrimSpace(row[strings.IndexByte(row, '"'):]))
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", name, i+1, err)
		}
		all = append(all, Ending{octets, words[0], words[1], strings.TrimSpace(about)})
	}
	return all, nil
}
