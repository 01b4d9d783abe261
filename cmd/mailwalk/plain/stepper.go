package plain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"mailwalk/cmd/mailwalk/tui"
	"mailwalk/scenarios"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// StepOptions say how a walk is to be stepped through.
type StepOptions struct {
	Walk Walk
	// Places are the machines of the walk's network, in its order.
	Places []Place
	Grain  explain.Grain
	Depth  explain.Depth
	// Prompt has a prompt written before each line is read. Echo has the line that
	// was read written behind it, where no terminal does.
	Prompt, Echo bool
	// Predictions are the questions that the walk puts before it shows the answers;
	// Ask has it put them, which can be changed meanwhile.
	Predictions []*scenarios.Prediction
	Ask         bool
	// Expected judges a trace that has come to its end; nil when nothing is
	// expected.
	Expected func(*trace.Trace) []Expectation
}

// Place is a machine, and the links that it is on.
type Place struct {
	Name, Label string
	Links       []string
	// Runs are the kinds of programs that run on it: "mail server".
	Runs   []string
	Router bool
}

// Step has a person step through a walk by lines: it reads a command a line from
// in and answers in lines on out, until she quits or the input ends. It is the
// stepping screen without a screen: the commands are the keys of that screen, by
// letter and by word. The world belongs to the caller. The error is that of the
// input, of the output or of the context.
func Step(ctx context.Context, w tui.World, in io.Reader, out io.Writer, o StepOptions) error {
	s := newStepper(ctx, w, out, o)
	if err := s.begin(); err != nil {
		return err
	}
	lines, failed := read(ctx, in)
	for !s.left {
		s.prompt()
		if err := s.out.flush(); err != nil {
			return err
		}
		var typed string
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.arrivals:
			if s.admit(); s.err != nil {
				return s.err
			}
			continue
		case line, ok := <-lines:
			if !ok {
				s.newline("")
				return errors.Join(<-failed, s.out.flush())
			}
			typed = line
		}
		s.newline(typed)
		s.obey(typed)
		if err := errors.Join(s.out.flush(), s.err, ctx.Err()); err != nil {
			return err
		}
	}
	return nil
}

// longestCommand is how many octets of a line are read as a command; longer lines
// end the reading.
const longestCommand = 64 << 10

// read gives the lines of the input as they come, then its error, which may be
// nil. What is being read when the context ends is left to the process's end: the
// reading of a terminal cannot be broken off.
func read(ctx context.Context, in io.Reader) (<-chan string, <-chan error) {
	lines, failed := make(chan string), make(chan error, 1)
	go func() {
		defer close(lines)
		scan := bufio.NewScanner(in)
		scan.Buffer(nil, longestCommand)
		for scan.Scan() {
			select {
			case lines <- scan.Text():
			case <-ctx.Done():
				return
			}
		}
		err := scan.Err()
		if err != nil {
			err = fmt.Errorf("reading commands: %w", err)
		}
		failed <- err
	}()
	return lines, failed
}

// stepper is a walk that is stepped through by lines. What it tells is a function
// of the trace up to the moment that is looked at.
type stepper struct {
	lens
	asking
	o        StepOptions
	ctx      context.Context
	world    tui.World
	trace    *trace.Trace
	p        *Printer
	out      *page
	index    *trace.Index
	commands *commandTable

	// now is the number of the event that is looked at, 0 for the beginning; shown
	// is that of the last one that was ever looked at. Nothing later is told, though
	// events may have been taken from the world in search of one that is seen.
	now, shown, taken uint64
	event             *trace.Event
	view              *trace.View

	// over tells that the world has come to its end, and summed that it was said
	// what the walk came to.
	over, summed bool

	// quiet tells that what comes is passed over and not told.
	quiet bool

	// runSeen is how much of each run was shown when another was turned to.
	runSeen map[int]uint64

	// arrivals gets something when visitors have done something, once the doors are
	// open.
	arrivals <-chan struct{}

	spots  map[string]uint64 // the marks, by their names
	before uint64            // where one was before the last jump
	stops  []stop
	sought trace.Filter

	left bool
	err  error
}

func newStepper(ctx context.Context, w tui.World, out io.Writer, o StepOptions) *stepper {
	s := &stepper{
		lens: lens{grain: o.Grain}, o: o, ctx: ctx, world: w, trace: w.Trace(), index: trace.NewIndex(),
		commands: newCommandTable(), spots: map[string]uint64{}, runSeen: map[int]uint64{},
	}
	s.startAsking()
	s.loud = o.Ask
	s.p = New(out, Options{Detail: o.Grain, Depth: o.Depth, Linear: true})
	s.p.seen = func(e *trace.Event) bool { return !s.quiet && s.sees(e) }
	s.out = s.p.out
	s.look(0)
	return s
}

// begin says what walk it is, and how one goes on.
func (s *stepper) begin() error {
	if err := s.p.Begin(s.o.Walk); err != nil {
		return err
	}
	s.out.blank()
	s.out.wrapped("", "", "", "Time stands still until you let it go on. An empty line goes one step on; back looks again at the step before; "+
		"why tells the reason of a step, bytes shows its octets; help lists all commands; quit leaves.")
	return s.out.flush()
}

// prompt says where one is.
func (s *stepper) prompt() {
	if !s.o.Prompt {
		return
	}
	if s.try != nil {
		s.out.write("answer> ")
		return
	}
	at := "the beginning"
	if s.event != nil {
		at = "step " + explain.Grouped(int64(s.row()+1)) + " at " + moment(s.event.At)
	}
	if s.past() {
		at += ", looking back"
	}
	s.out.write(at + "> ")
}

// newline ends the line of the prompt where the terminal has not.
func (s *stepper) newline(typed string) {
	if s.o.Prompt && s.o.Echo {
		s.out.write(explain.OneLine(typed) + "\n")
	}
	s.out.empty = true
}

// say writes words of the stepper's own.
func (s *stepper) say(words string) { s.out.wrapped("", hanging, "", explain.OneLine(words)) }

// item writes something that belongs to what stands above.
func (s *stepper) item(words string) {
	s.out.wrapped(hanging, hanging+hanging, "", explain.OneLine(words))
}

// list writes a heading and what stands below it, nothing when there is nothing.
func (s *stepper) list(heading string, items []string) {
	if len(items) == 0 {
		return
	}
	s.say(heading)
	for _, i := range items {
		s.item(i)
	}
}

// obey does what a line says.
func (s *stepper) obey(line string) {
	if s.try != nil && s.answered(line) {
		return
	}
	c, given, reason := s.commands.parse(line)
	switch {
	case reason != "":
	case c.not != "":
		reason = c.not
	default:
		reason = c.does(s, given)
	}
	if reason != "" {
		s.say(reason)
	}
}

// eventName is what an event is called; event N goes there.
func eventName(seq uint64) string { return "event " + explain.Grouped(int64(seq)) }

// listed joins a list as a sentence does.
func listed(all []string) string {
	if n := len(all); n > 2 {
		return strings.Join(all[:n-1], ", ") + " and " + all[n-1]
	}
	return strings.Join(all, " and ")
}
