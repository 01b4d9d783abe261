package plain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"mailwalk/cmd/mailwalk/tui"
	"mailwalk/sim/explain"
	"mailwalk/sim/lab"
	"mailwalk/sim/trace"
)

// bench is a world that a person's hands can reach into. A *lab.Lab is one.
type bench interface {
	tui.World
	Verbs(seq uint64) []lab.Verb
	Do(ctx context.Context, seq uint64, verb, given string, p lab.Progress) (lab.Outcome, error)
	Undo(ctx context.Context, p lab.Progress) error
	Redo(ctx context.Context, p lab.Progress) error
	Deeds() []lab.Deed
	Runs() []lab.Run
	Switch(ctx context.Context, i int, p lab.Progress) error
	Difference(a, b int) (lab.Difference, bool)
	Save(w io.Writer) error
}

const noHands = "This walk has happened already and cannot be touched. mailwalk step WALK runs one that can."

// hands is the world as one that can be touched, nil when it cannot.
func (s *stepper) hands() bench {
	b, _ := s.world.(bench)
	return b
}

// unwatched is the progress of a world that is made again: lines cannot show it.
func unwatched(uint64, uint64) {}

// verbs are what can be done at the moment's event.
func (s *stepper) verbs(b bench) []lab.Verb {
	if s.event == nil {
		return nil
	}
	return b.Verbs(s.now)
}

// do does something to what the moment is about, or lists what can be done.
func (s *stepper) do(given string) string {
	b := s.hands()
	if b == nil {
		return noHands
	}
	verbs := s.verbs(b)
	if given == "" {
		return s.listVerbs(verbs)
	}
	for _, v := range verbs {
		with, ok := strings.CutPrefix(given, v.Name)
		if !ok || with != "" && with[0] != ' ' {
			continue
		}
		with = strings.TrimSpace(with)
		switch {
		case v.Not != "":
			return "That cannot be done here: " + v.Not + "."
		case v.Asks != "" && with == "":
			return s.asks(v)
		}
		return s.doVerb(b, v, with)
	}
	if len(verbs) == 0 {
		return s.listVerbs(nil)
	}
	var can []string
	for _, v := range verbs {
		if v.Not == "" {
			can = append(can, v.Name)
		}
	}
	if meant := lab.Meant(given, can); meant != "" {
		return given + " cannot be done to this step. Did you mean do " + meant + "? do alone lists all that can."
	}
	return given + " cannot be done to this step. do alone lists what can."
}

func (s *stepper) listVerbs(verbs []lab.Verb) string {
	if len(verbs) == 0 {
		return "Nothing can be done to this step. Packets, hosts, look-ups and the mail that is written can be changed: detail packet, then step, goes to a packet."
	}
	for _, past := range []bool{false, true} {
		var can []string
		for _, v := range verbs {
			if v.Not != "" || v.Past != past {
				continue
			}
			line := "do " + v.Name
			if v.Asks != "" {
				line += ", and behind it " + v.Asks
			}
			can = append(can, line+": "+v.Words)
		}
		heading := "What can be done now:"
		if past {
			heading = "What can be done to what has happened, in a run of its own:"
		}
		s.list(heading, can)
	}
	var not []string
	for _, v := range verbs {
		if v.Not != "" {
			not = append(not, v.Name+": "+v.Not)
		}
	}
	s.list("What cannot be done:", not)
	return ""
}

// asks says what a verb has to be given besides, and what there is now.
func (s *stepper) asks(v lab.Verb) string {
	s.say(v.Name + " needs to know " + v.Asks + ". do " + v.Name + " VALUE does it; do " + v.Name + " @FILE takes it from a file.")
	if v.Has != "" {
		s.say("Now it is:")
		for _, l := range strings.Split(strings.TrimSuffix(v.Has, "\n"), "\n") {
			s.item(l)
		}
	}
	return ""
}

func (s *stepper) doVerb(b bench, v lab.Verb, with string) string {
	if name, ok := strings.CutPrefix(with, "@"); ok && v.Asks != "" {
		text, err := os.ReadFile(name)
		if err != nil {
			return "It cannot be read: " + err.Error() + "."
		}
		with = string(text)
	}
	if s.try != nil {
		s.try.Skip()
		s.close()
	}
	s.keepSeen(b)
	out, err := b.Do(s.ctx, s.now, v.Name, with, unwatched)
	if err != nil {
		return undone(err)
	}
	if !out.Forked {
		s.say("Done. An empty line tells what comes of it, undo takes it back.")
		s.over = false
		return s.onTo(func(e *trace.Event) bool { return e.Seq >= out.At })
	}
	s.say("Done, in a run of its own: all was the same up to here. switch goes to the other run, undo takes it back.")
	s.turnTo(b.Trace(), out.At)
	s.goTo(out.At)
	return ""
}

// keepSeen keeps how much of the current run was shown.
func (s *stepper) keepSeen(b bench) {
	for i, r := range b.Runs() {
		if r.Current {
			s.runSeen[i] = s.shown
		}
	}
}

// undone says why nothing was done.
func undone(err error) string {
	if errors.Is(err, context.Canceled) {
		return "All is as it was."
	}
	return "All is as it was: " + err.Error() + "."
}

// turnTo looks at another trace, of which so much is taken as told.
func (s *stepper) turnTo(t *trace.Trace, shown uint64) {
	told := s.p.told
	s.trace, s.index = t, trace.NewIndex()
	*s.p = *s.p.anew()
	s.p.told = told
	s.rows, s.now, s.shown, s.taken = nil, 0, 0, 0
	s.over, s.summed = false, false
	s.startAsking()
	s.quiet = true
	for s.taken < min(shown, t.Len()) && s.take() != nil {
	}
	s.quiet = false
	s.marks.Grow(t, s.taken)
	s.look(s.taken)
	if v, ok := s.world.(tui.Visited); ok && s.arrivals != nil {
		if _, err := v.OpenDoors(); err != nil { // they lead into the run that is told
			s.say("The doors are shut now: " + err.Error() + ".")
		}
	}
}

// undo takes back what was done last.
func (s *stepper) undo(string) string {
	b := s.hands()
	if b == nil {
		return noHands
	}
	last := lab.Deed{}
	for _, d := range b.Deeds() {
		if d.Last {
			last = d
		}
	}
	if last.Seq == 0 {
		return "You have done nothing that could be taken back. do lists what can be done."
	}
	if err := b.Undo(s.ctx, unwatched); err != nil {
		return undone(err)
	}
	s.say("Taken back: " + s.p.worded(last.Words) + ". redo does it again.")
	at := s.now
	s.turnTo(b.Trace(), last.Seq-1)
	s.goTo(min(at, s.shown))
	return ""
}

// redo does again what was taken back last.
func (s *stepper) redo(string) string {
	b := s.hands()
	if b == nil {
		return noHands
	}
	if err := b.Redo(s.ctx, unwatched); err != nil {
		return undone(err)
	}
	at := s.now
	for _, d := range b.Deeds() {
		if d.Last {
			at = d.Seq
		}
	}
	s.say("Done again.")
	s.turnTo(b.Trace(), at)
	s.goTo(s.shown)
	return ""
}

// deeds lists what was done, the runs that came of it, and where they part.
func (s *stepper) deeds(string) string {
	b := s.hands()
	if b == nil {
		return noHands
	}
	deeds, runs := b.Deeds(), b.Runs()
	if len(deeds) == 0 && len(runs) < 2 {
		return "You have done nothing to this walk yet. do lists what can be done to a step."
	}
	for _, d := range deeds {
		s.say(eventName(d.Seq) + ": you, the learner: " + s.p.worded(d.Words))
	}
	current := 0
	for i, r := range runs {
		line := r.Name
		if r.Words != "" {
			line += ", " + s.p.worded(r.Words)
		}
		if r.From >= 0 {
			line += ", from " + runs[r.From].Name + " behind " + eventName(r.At)
		}
		if r.Current {
			current = i
			line += ", the one that is told"
		}
		if len(runs) > 1 {
			s.say(line)
		}
	}
	if from := runs[current].From; from >= 0 {
		s.differences(b, runs, from, current)
	}
	return ""
}

func (s *stepper) differences(b bench, runs []lab.Run, from, current int) {
	d, differs := b.Difference(from, current)
	if !differs {
		s.say("Nothing is different so far but what was done.")
		return
	}
	side := func(name, words string, seq uint64) string {
		return name + ", " + eventName(seq) + ": " + s.p.worded(words)
	}
	var first []string
	if d.WordsA != "" {
		first = append(first, side(runs[from].Name, d.WordsA, max(d.OnlyA, d.A)))
	}
	if d.WordsB != "" {
		first = append(first, side(runs[current].Name, d.WordsB, max(d.OnlyB, d.B)))
	}
	s.list("The first difference:", first)
	for _, f := range d.Fates {
		s.say("mail " + f.Mail + ", " + runs[from].Name + ": " + f.A)
		s.say("mail " + f.Mail + ", " + runs[current].Name + ": " + f.B)
	}
}

// switchRun goes to another run: to the next one, or to one by its number.
func (s *stepper) switchRun(given string) string {
	b := s.hands()
	if b == nil {
		return noHands
	}
	runs := b.Runs()
	to := 0
	for i, r := range runs {
		if r.Current {
			to = (i + 1) % len(runs)
		}
	}
	if given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > len(runs) {
			return "There are the runs 1 to " + strconv.Itoa(len(runs)) + "; deeds lists them."
		}
		to = n - 1
	} else if len(runs) < 2 {
		return "There is one run only. What you do to something that has happened already makes another."
	}
	s.keepSeen(b)
	if err := b.Switch(s.ctx, to, unwatched); err != nil {
		return undone(err)
	}
	at := s.now
	r := b.Runs()[to]
	words := "This is " + r.Name
	if r.Words != "" {
		words += ", " + s.p.worded(r.Words)
	}
	s.say(words + ".")
	s.turnTo(b.Trace(), s.runSeen[to])
	s.goTo(min(at, s.shown))
	return ""
}

// save writes the walk, with what was done, to a file that does not exist yet.
func (s *stepper) save(name string) string {
	b := s.hands()
	switch {
	case b == nil:
		return noHands
	case name == "":
		return "To which file? save my-walk.yaml writes the walk with what you did."
	}
	var text bytes.Buffer
	err := b.Save(&text)
	if err == nil {
		err = writeNew(name, text.Bytes())
	}
	if err != nil {
		return "The walk is not written: " + err.Error() + "."
	}
	s.say("Written: " + name + ", " + explain.Octets(int64(text.Len())) + ". mailwalk step ./" + name + " goes through it from the beginning.")
	return ""
}

func writeNew(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("there is a file %s already; choose another name", name)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
