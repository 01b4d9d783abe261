package tui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/explain"
	"mailwalk/sim/lab"
	"mailwalk/sim/trace"
)

// working is what a person's hands are at.
type working struct {
	bench   Bench // nil for a world that cannot be touched
	done    done
	menu    *menu
	writing *writing
	job     *job
}

// job is something that takes a while: a world that is being made again.
type job struct {
	words    string
	cancel   context.CancelFunc
	done, of atomic.Uint64
}

// jobDone tells what came of a job.
type jobDone struct {
	job *job
	err error
	// at is the event to look at, said what to say of it.
	at   uint64
	said string
	// trace is that of the run that is looked at now; rows are made of it as far as
	// it was seen, nil when it is the same as before.
	trace *trace.Trace
	rows  *rows
	shown uint64
	done  done
}

// jobTick has the progress of a job drawn.
type jobTick struct{ job *job }

// start begins a job. work is done outside of the screen's own goroutine and
// returns the event to look at and what to say.
func (m *Model) start(words string, work func(ctx context.Context, p lab.Progress) (at uint64, said string, err error)) tea.Cmd {
	m.stay()
	ctx, cancel := context.WithCancel(context.Background())
	j := &job{words: words, cancel: cancel}
	m.working.job = j
	b, before, shown := m.working.bench, m.trace, m.shown
	only := m.rows.only
	run := func() tea.Msg {
		defer cancel()
		msg := jobDone{job: j}
		msg.at, msg.said, msg.err = work(ctx, func(done, of uint64) {
			j.done.Store(done)
			j.of.Store(of)
		})
		msg.trace = b.Trace()
		if msg.trace != before {
			msg.shown = max(msg.at, min(shown, msg.trace.Len()))
			if msg.at > 0 {
				msg.shown = msg.at
			}
			msg.rows = newRows(msg.trace)
			if only != nil {
				msg.rows.only = &sieve{filter: only.filter}
			}
			msg.rows.grow(msg.shown)
			msg.trace.View(msg.shown) // so that the state is near everywhere
		}
		msg.done.look(b)
		return msg
	}
	return tea.Batch(run, m.later(jobTicks, jobTick{j}))
}

// jobTicks is how often a job's progress is drawn.
const jobTicks = 100 * time.Millisecond

func (m *Model) jobTick(t jobTick) tea.Cmd {
	if m.working.job != t.job {
		return nil
	}
	return m.later(jobTicks, t)
}

// progress says how far a job is.
func (j *job) progress() string {
	if of := j.of.Load(); of > 0 {
		return j.words + " " + strconv.FormatUint(min(j.done.Load()*100/of, 100), 10) + " %"
	}
	return j.words
}

// jobDone shows what came of a job.
func (m *Model) jobDone(msg jobDone) tea.Cmd {
	if m.working.job != msg.job {
		return nil
	}
	m.working.job = nil
	m.working.done = msg.done
	m.version++
	switch {
	case errors.Is(msg.err, context.Canceled):
		m.toast = "All is as it was."
		return nil
	case msg.err != nil:
		m.warn(sentence(msg.err))
		return nil
	}
	m.over = false
	var cmds []tea.Cmd
	if msg.rows != nil {
		m.stepper.use(msg.trace)
		only := m.rows.only
		m.trace, m.rows, m.shown = msg.trace, msg.rows, msg.shown
		cmds = append(cmds, m.keepFilter(only))
		m.predicting.anew()
	}
	m.goTo(min(max(msg.at, 1), m.trace.Len()))
	m.toast = msg.said
	if msg.rows != nil && m.entrance.open {
		cmds = append(cmds, m.reopenDoors())
	}
	return tea.Batch(cmds...)
}

// keepFilter has the rows of another run go through the filter that is on.
func (m *Model) keepFilter(only *sieve) tea.Cmd {
	switch made := m.rows.only; {
	case only == nil:
		m.rows.only = nil
	case made == nil || made.filter != only.filter: // it came on while the run was made
		m.rows.only = &sieve{filter: only.filter}
		return m.sieved(m.rows.only)
	}
	return nil
}

// use has the stepper go on with another run of its world.
func (s *stepper) use(t *trace.Trace) {
	s.mu.Lock()
	s.trace = t
	s.mu.Unlock()
}

// do does something to the walk at an event.
func (m *Model) do(seq uint64, v lab.Verb, given string) tea.Cmd {
	words := "doing it"
	if v.Past {
		words = "making the run again"
	}
	b := m.working.bench
	return m.start(words, func(ctx context.Context, p lab.Progress) (uint64, string, error) {
		out, err := b.Do(ctx, seq, v.Name, given, p)
		if err != nil {
			return 0, "", err
		}
		said := "Done. Space shows what comes of it, u takes it back."
		if out.Forked {
			said = "Done, in a run of its own: all was the same up to here. Space goes on, w is the other run, u takes it back."
		}
		return out.At, said, nil
	})
}

func (m *Model) undo() tea.Cmd {
	b, at := m.working.bench, m.now
	return m.start("taking it back", func(ctx context.Context, p lab.Progress) (uint64, string, error) {
		if err := b.Undo(ctx, p); err != nil {
			return 0, "", err
		}
		return min(at, b.Trace().Len()), "Taken back. U does it again.", nil
	})
}

func (m *Model) redo() tea.Cmd {
	b := m.working.bench
	return m.start("doing it again", func(ctx context.Context, p lab.Progress) (uint64, string, error) {
		if err := b.Redo(ctx, p); err != nil {
			return 0, "", err
		}
		at := uint64(0)
		if d := b.Deeds(); len(d) > 0 {
			at = d[len(d)-1].Seq
		}
		return at, "Done again.", nil
	})
}

func (m *Model) noUndo() string {
	if reason := m.noHands(); reason != "" {
		return reason
	}
	if len(m.working.done.deeds) == 0 {
		return "You have done nothing that could be taken back. a shows what can be done."
	}
	return ""
}

// nextRun goes to the next of the runs.
func (m *Model) nextRun() tea.Cmd {
	return m.toRun((m.working.done.current + 1) % max(len(m.working.done.runs), 1))
}

func (m *Model) toRun(i int) tea.Cmd {
	b, at := m.working.bench, m.now
	return m.start("going to the other run", func(ctx context.Context, p lab.Progress) (uint64, string, error) {
		if err := b.Switch(ctx, i, p); err != nil {
			return 0, "", err
		}
		r := b.Runs()[i]
		words := "This is " + r.Name
		if r.Words != "" {
			words += ": " + r.Words
		}
		return min(at, b.Trace().Len()), words + ".", nil
	})
}

func (m *Model) noNextRun() string {
	if reason := m.noHands(); reason != "" {
		return reason
	}
	if len(m.working.done.runs) < 2 {
		return "There is one run only. What you do to something that has happened already makes another."
	}
	return ""
}

// stopJob breaks off what takes a while.
func (m *Model) stopJob() { m.working.job.cancel() }

// The commands.

func (m *Model) doBy(with string) (tea.Cmd, error) {
	if reason := m.noAct(); reason != "" {
		return nil, errors.New(strings.ToLower(reason[:1]) + strings.TrimSuffix(reason[1:], "."))
	}
	m.stay()
	b, seq := m.working.bench, m.now
	return func() tea.Msg { return toBeDone{seq, b.Verbs(seq), with} }, nil
}

// toBeDone tells what can be done at an event, to somebody who has said what to do.
type toBeDone struct {
	seq   uint64
	verbs []lab.Verb
	text  string // the verb, and behind it what it is given
}

// carryOut does what was said, if it can be done.
func (m *Model) carryOut(msg toBeDone) tea.Cmd {
	if msg.seq != m.now || m.working.job != nil {
		return nil // the person is elsewhere by now
	}
	var names []string
	for _, v := range msg.verbs {
		given, ok := strings.CutPrefix(msg.text, v.Name)
		switch {
		case !ok || given != "" && given[0] != ' ':
			if v.Not == "" {
				names = append(names, v.Name)
			}
			continue
		case v.Not != "":
			m.warn(":do: " + v.Not + ".")
			return nil
		}
		if given = strings.TrimSpace(given); given == "" && v.Asks != "" {
			return m.askFor(msg.seq, v)
		}
		return m.do(msg.seq, v, given)
	}
	hint := "a shows what can"
	if meant := lab.Meant(msg.text, names); meant != "" {
		hint = "did you mean :do " + meant + "? a shows all that can"
	}
	m.warn(fmt.Sprintf(":do: %q cannot be done to this step; %s.", msg.text, hint))
	return nil
}

// verbsKnown tells what can be done at an event, to the line in which it is typed.
type verbsKnown struct {
	seq   uint64
	verbs []lab.Verb
}

// learnVerbs is a command that asks what can be done at the moment, when an open
// command line needs it and does not know it; nil when it does not.
func (m *Model) learnVerbs() tea.Cmd {
	name, _, spaced := strings.Cut(strings.TrimLeft(m.prompt.String(), " :"), " ")
	if !spaced || m.working.bench == nil || m.now == 0 || m.prompt.doable.seq == m.now {
		return nil
	}
	if c, err := m.findCommand(name); err != nil || c.name != "do" {
		return nil
	}
	b, seq := m.working.bench, m.now
	m.prompt.doable = verbsKnown{seq: seq} // it is being asked
	return func() tea.Msg { return verbsKnown{seq, b.Verbs(seq)} }
}

// verbsKnown has the command line go on with what can be done.
func (m *Model) verbsKnown(msg verbsKnown) tea.Cmd {
	if m.prompt == nil || m.prompt.asks != askCommand || m.prompt.doable.seq != msg.seq {
		return nil
	}
	m.prompt.doable = msg
	return m.edited()
}

// verbNames are what can be done at the moment, as far as the open command line
// knows it.
func (m *Model) verbNames() []string {
	if m.prompt == nil || m.prompt.doable.seq != m.now {
		return nil
	}
	var names []string
	for _, v := range m.prompt.doable.verbs {
		if v.Not == "" {
			names = append(names, v.Name)
		}
	}
	return names
}

func (m *Model) runBy(with string) (tea.Cmd, error) {
	n, err := strconv.Atoi(with)
	if err != nil || n < 1 || n > len(m.working.done.runs) {
		return nil, fmt.Errorf("there are the runs 1 to %d", max(len(m.working.done.runs), 1))
	}
	return m.toRun(n - 1), nil
}

func (m *Model) askSave() tea.Cmd { return m.openPrompt(askCommand, "save my-walk.yaml") }

// savedAs tells that a walk was written, or why not.
type savedAs struct {
	name string
	err  error
}

func (m *Model) saveBy(with string) (tea.Cmd, error) {
	if reason := m.noHands(); reason != "" {
		return nil, errors.New(strings.ToLower(reason[:1]) + strings.TrimSuffix(reason[1:], "."))
	}
	b := m.working.bench
	return func() tea.Msg { return savedAs{with, save(b, with)} }, nil
}

// save writes a walk to a file that does not exist yet.
func save(b Bench, name string) error {
	var text bytes.Buffer
	if err := b.Save(&text); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("there is a file %s already; choose another name", name)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text.Bytes())
	return errors.Join(err, f.Close())
}

func (m *Model) savedAs(msg savedAs) {
	if msg.err != nil {
		m.warn("The walk is not written: " + msg.err.Error() + ".")
		return
	}
	m.toast = "Written. mailwalk step ./" + msg.name + " goes through it from the beginning, with what you did."
}

// parts has the difference looked for again while a run that was forked goes on.
func (m *Model) parts() tea.Cmd {
	d := &m.working.done
	if m.working.bench == nil || len(d.runs) < 2 || d.with < 0 || m.running || m.working.job != nil || d.differs && !m.over {
		return nil
	}
	b := m.working.bench
	return func() tea.Msg {
		var d done
		d.look(b)
		return parted{d}
	}
}

// parted tells where runs part.
type parted struct{ done done }

func (m *Model) parted(msg parted) {
	if m.working.job != nil {
		return
	}
	m.working.done = msg.done
	m.version++
	if msg.done.differs && m.toast == "" && !m.over {
		m.toast = "Here the runs part: " + explain.OneLine(msg.done.difference.WordsB)
	}
}
