package plain

import (
	"slices"
	"strings"

	"mailwalk/cmd/mailwalk/tui"
	"mailwalk/sim/near"
)

// command is what a line can have done. It has the keys of a row of the screen's
// table, and words of its own.
type command struct {
	// key is the first name of a key of the screen's; empty where that has none.
	key string
	// words are the command's names; the first is the one that is listed.
	words string
	// takes is what may stand behind the name, as a person reads it.
	takes string
	// says is what it does; when it is empty, the screen's own words say it.
	says string
	does func(s *stepper, given string) string
	// goes tells that it leads to another moment, so that a question that is open is
	// left alone.
	goes bool
	// not says why there is no such thing in lines, and what there is instead.
	not string
}

// stepCommands is the table of commands, in the order in which they are listed.
func stepCommands() []command {
	const (
		noPanes  = "There are no panes in lines: story, why, state, ladder, map, bytes, mail, look-ups and acts each tell what a pane shows."
		noColour = "There are no colours in lines: words say all."
		noSpeed  = "A run in lines goes as fast as it can be read: run 20 goes twenty steps."
		noScroll = "There is nothing to scroll in lines: back 10 and step 10 go ten steps."
		noOctets = "There is no cursor in lines: bytes lists the fields with their places, then all octets."
	)
	return []command{
		{key: "space", words: "step s next", goes: true, takes: "[N]", says: "one step on, or N; an empty line is the same", does: (*stepper).step},
		{key: "b", words: "back", goes: true, takes: "[N]", says: "one step back, or N", does: (*stepper).back},
		{key: "enter", words: "into in", goes: true, does: (*stepper).into},
		{key: "backspace", words: "out", goes: true, does: (*stepper).outOf},
		{key: "r", words: "run", goes: true, takes: "[N | to the end]", says: "run to the end or to a breakpoint, or N steps", does: (*stepper).run},
		{key: "c", words: "continue", goes: true, says: "go to the next breakpoint, or to the end, and tell nothing before it", does: (*stepper).toStop},
		{key: "}", words: "next-hop", goes: true, does: (*stepper).nextHop, says: "go to where the next hop begins"},
		{key: "{", words: "previous-hop", goes: true, does: (*stepper).previousHop, says: "go back to where a hop begins"},
		{key: "R", words: "rewind restart beginning", goes: true, does: (*stepper).rewind},
		{key: "j", words: "down", goes: true, takes: "[N]", says: "a row on among the steps that have been seen", does: (*stepper).down},
		{key: "k", words: "up", goes: true, takes: "[N]", says: "a row back", does: (*stepper).up},
		{key: "g", words: "first top", goes: true, says: "to the first step", does: (*stepper).top},
		{key: "G", words: "present last bottom", goes: true, takes: "[N]", says: "to the present, or to step N", does: (*stepper).present},
		{key: "esc", words: "esc", says: "take the filter off, or leave the past", does: (*stepper).escape},
		{key: ":", words: "event", goes: true, takes: "NUMBER", says: "go to an event; :42 is the same", does: (*stepper).toEvent},
		{words: "time", goes: true, takes: "SECONDS", says: "go to what was last before this time; also 10m or 1:30:00", does: (*stepper).toTime},
		{words: "hop", goes: true, takes: "NUMBER", says: "go to where a leg of the mail's way begins", does: (*stepper).toHop},

		{key: "2", words: "why what", says: "the step at this moment: its reason, its fields, what it comes from", does: (*stepper).why},
		{key: "6", words: "bytes y", does: (*stepper).octets},
		{key: "3", words: "state", does: (*stepper).state},
		{key: "7", words: "mail", does: (*stepper).mail},
		{key: "8", words: "look-ups lookups names dns", does: (*stepper).lookups},
		{key: "5", words: "map", does: (*stepper).places},
		{key: "4", words: "ladder", takes: "[N]", says: "the last steps, from whom to whom", does: (*stepper).ladder},
		{key: "1", words: "story", takes: "[N]", says: "the last steps again, a line each", does: (*stepper).story},
		{key: "9", words: "deeds hands", says: "what you have done, the runs that came of it, and where they part", does: (*stepper).deeds},
		{words: "acts", says: "what people have done, you among them", does: (*stepper).acts},
		{key: "Y", words: "json", says: "this step as JSON", does: (*stepper).json},

		{key: "+", words: "closer", says: "look closer: mail, hop, line, packet", does: (*stepper).closer},
		{key: "-", words: "farther", says: "look from farther off", does: (*stepper).farther},
		{words: "detail grain", takes: "GRAIN", says: "look as closely as mail, hop, line or packet", does: (*stepper).detail},
		{key: "d", words: "depth", takes: "[WHOM]", says: "reasons for a newcomer, a student, an engineer", does: (*stepper).deeper},
		{key: "D", words: "shallower", says: "the same the other way round", does: (*stepper).shallower},

		{key: "/", words: "filter", takes: "[FILTER]", says: "see only what it lets through; filter off, all", does: (*stepper).filtered},
		{key: "x", words: "faults", says: "see only what goes wrong, or all again", does: (*stepper).faults},
		{key: "ctrl+f", words: "find", goes: true, takes: "FILTER", says: "go to the next of the events seen that it lets through", does: (*stepper).find},
		{key: "n", words: "again", goes: true, says: "find the next", does: (*stepper).findNext},
		{key: "N", words: "before", goes: true, says: "find the one before", does: (*stepper).findPrevious},
		{key: "t", words: "break breakpoint", takes: "[FILTER]", says: "runs stop there; alone, at what the filter lets through or at this event; again, no more", does: (*stepper).setStop},
		{words: "breaks", says: "list the breakpoints", does: (*stepper).listStops},
		{words: "unbreak", takes: "NUMBER|all", says: "clear a breakpoint, or all", does: (*stepper).clearStop},
		{key: "m", words: "mark", takes: "[NAME]", says: "mark this moment; alone, list the marks", does: (*stepper).mark},
		{key: "'", words: "go goto", goes: true, takes: "NAME", says: "go to a mark; ' is where you were", does: (*stepper).toMark},

		{key: "p", words: "ask predict", says: "put a question about what comes next", does: (*stepper).ask},
		{words: "score", says: "how the questions went", does: (*stepper).score},
		{key: "ctrl+p", words: "questions", says: "have the walk put its questions, or not", does: (*stepper).questions},

		{key: "a", words: "do act", takes: "[VERB [VALUE]]", says: "do something to this step; alone, list what can be done", does: (*stepper).do},
		{key: "u", words: "undo", goes: true, says: "take back what you did last", does: (*stepper).undo},
		{key: "U", words: "redo", goes: true, says: "do it again", does: (*stepper).redo},
		{key: "w", words: "switch", goes: true, takes: "[N]", says: "go to the next run, or to run N", does: (*stepper).switchRun},
		{key: "W", words: "save", takes: "FILE", says: "write the walk, with what you did, to a file", does: (*stepper).save},

		{key: "o", words: "doors", says: "open the doors, and list how dig, swaks, curl and mail programs come in", does: (*stepper).doors},

		{key: "?", words: "help keys commands", says: "this list", does: (*stepper).help},
		{key: "q", words: "quit exit", says: "quit", does: (*stepper).quit},
		{key: "Q", words: "leave", does: (*stepper).quit, says: "quit"},
		{key: "ctrl+c", words: "stop", does: (*stepper).quit, says: "quit"},

		{key: "<", words: "slower", not: noSpeed},
		{key: ">", words: "faster speed", not: noSpeed},
		{key: "z", words: "zoom", not: noPanes},
		{key: "tab", words: "pane", not: noPanes},
		{key: "shift+tab", words: "shift-tab", not: noPanes},
		{key: "P", words: "presenter", not: "For a class there is the screen: mailwalk step on a terminal, then P."},
		{key: "M", words: "mouse", not: "There is no mouse in lines."},
		{key: "T", words: "theme", not: noColour},
		{key: "ctrl+d", words: "ctrl-d", not: noScroll},
		{key: "ctrl+u", words: "ctrl-u", not: noScroll},
		{key: "[", words: "octet", not: noOctets},
		{key: "]", words: "octets", not: noOctets},
		{key: "e", words: "part", not: "why tells which packets carried a line, and which lines a packet carries, by their event numbers; event 42 goes there."},
		{key: "v", words: "raw", not: "mail shows the mail as it is on the wire, line by line."},
	}
}

// commandTable finds commands by what is typed.
type commandTable struct {
	all   []command
	keys  map[string]tui.Key // by the first name
	named map[string]int     // by each name, key or word
	words []string
}

// newCommandTable joins the commands to the screen's keys: all names of a key do
// what its first one does.
func newCommandTable() *commandTable {
	t := &commandTable{all: stepCommands(), keys: map[string]tui.Key{}, named: map[string]int{}}
	for _, k := range tui.Keys() {
		t.keys[k.Names[0]] = k
	}
	for i, c := range t.all {
		for _, w := range strings.Fields(c.words) {
			t.named[w] = i
			t.words = append(t.words, w)
		}
	}
	// A key is what it is on the screen, whatever words there are.
	for i, c := range t.all {
		if c.key != "" {
			t.named[c.key] = i
		}
		for _, name := range t.keys[c.key].Names {
			t.named[name] = i
		}
	}
	return t
}

// parse finds what a line asks for, or says why it cannot.
func (t *commandTable) parse(line string) (c *command, given, reason string) {
	line = strings.TrimSpace(line)
	if line == "" {
		return &t.all[t.named["space"]], "", ""
	}
	name, given, _ := strings.Cut(line, " ")
	if n := leading(line, "0123456789"); n > 0 && strings.TrimSpace(line[n:]) != "" {
		// A number may stand before, as before a key of the screen: 3 back, 42G.
		name, given = strings.TrimSpace(line[n:]), line[:n]
	} else if line[0] == ':' {
		rest := strings.TrimSpace(line[1:])
		if leading(rest, "0123456789,") < len(rest) {
			return t.parse(rest)
		}
		name, given = ":", rest
	} else if len(line) > 1 && (line[0] == '/' || line[0] == '\'') {
		name, given = line[:1], line[1:]
	}
	given = strings.TrimSpace(given)
	i, found := t.named[name]
	if !found {
		i, found = t.named[strings.ToLower(name)]
	}
	switch {
	case !found && leading(name, "0123456789") == len(name):
		return nil, "", "A number alone from 1 to 9 is a pane; event " + name + " goes to an event, step " + name + " goes so many steps."
	case !found:
		return nil, "", t.unknown(name)
	}
	c = &t.all[i]
	if given != "" && c.takes == "" && c.not == "" {
		return nil, "", "Nothing stands behind " + first(c.words) + ", and " + given + " does."
	}
	return c, given, ""
}

// leading is how many octets at a text's beginning are among some.
func leading(text, among string) int { return len(text) - len(strings.TrimLeft(text, among)) }

func first(words string) string {
	word, _, _ := strings.Cut(words, " ")
	return word
}

func (t *commandTable) unknown(name string) string {
	if meant := near.Name(name, t.words); meant != "" {
		return "There is no command " + name + ". Did you mean " + meant + "? help lists all."
	}
	return "There is no command " + name + ". An empty line goes on, back looks back, why tells the reason, help lists all."
}

// says is what a command does, in its own words or in the screen's.
func (t *commandTable) says(c *command) string {
	if c.says != "" {
		return c.says
	}
	words, _, _ := strings.Cut(t.keys[c.key].Long, " (also ")
	return strings.TrimPrefix(words, first(c.words)+": ")
}

// listed tells whether a command is in the list: what cannot be done is not, nor
// is another key for the same.
func (c *command) listed() bool {
	return c.not == "" && c.key != "Q" && c.key != "ctrl+c"
}

func (s *stepper) help(string) string {
	s.say("Commands, a line each. A key of the screen does the same as the word.")
	for i := range s.commands.all {
		c := &s.commands.all[i]
		if !c.listed() {
			continue
		}
		words := strings.Fields(c.words)
		line := words[0]
		if c.takes != "" {
			line += " " + c.takes
		}
		others := slices.DeleteFunc(words[1:], func(w string) bool { return len(w) > 2 })
		if c.key != "" && c.key != ":" && c.key != words[0] {
			others = append([]string{c.key}, others...)
		}
		if len(others) > 0 {
			line += ", or " + listed(others)
		}
		s.item(line + ": " + s.commands.says(c))
	}
	return ""
}

func (s *stepper) quit(string) string {
	s.left = true
	return ""
}
