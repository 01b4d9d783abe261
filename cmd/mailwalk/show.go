package main

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"mailwalk/cmd/mailwalk/plain"
	"mailwalk/scenarios"
	"mailwalk/sim"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// view is how a run or a recorded trace is shown, as the flags say.
type view struct {
	detail, depth, format, colour string
	filter                        string
	live                          bool // each event is written at once
}

func (v *view) flags(cmd *cobra.Command, formats ...string) {
	f := cmd.Flags()
	f.StringVar(&v.detail, "detail", "line", "how closely to look: mail, hop, line or packet")
	v.depthFlag(cmd)
	f.StringVar(&v.colour, "color", "auto", "auto, always or never; auto looks at the terminal and at NO_COLOR")
	complete(cmd, "detail", "mail", "hop", "line", "packet")
	complete(cmd, "color", "auto", "always", "never")
	if len(formats) > 0 {
		f.StringVar(&v.format, "format", formats[0], strings.Join(formats, " or "))
		complete(cmd, "format", formats...)
		f.StringVar(&v.filter, "filter", "", "print only what this lets through, as in 'line.sent verb=RCPT' or faults")
		v.completeFilter(cmd)
	}
}

func (v *view) depthFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&v.depth, "depth", "newcomer", "for whom reasons are worded: newcomer, student or engineer")
	complete(cmd, "depth", "newcomer", "student", "engineer")
}

// completeFilter gives the shell the words that a filter may go on with.
func (v *view) completeFilter(cmd *cobra.Command) {
	err := cmd.RegisterFlagCompletionFunc("filter", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		from, words := trace.Completions(typed, len(typed), nil)
		for i, w := range words {
			words[i] = typed[:from] + w
		}
		return words, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
	if err != nil {
		panic(err) // as in complete
	}
}

// complete gives the shell the values of a flag.
func complete(cmd *cobra.Command, flag string, values ...string) {
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag does not exist: a mistake in this program, met at every start
	}
}

// show prints the events of a walk in one of the formats.
type show interface {
	begin(sc *scenarios.Scenario, seed uint64) error
	event(e *trace.Event) error
	close(sc *scenarios.Scenario, j judgement) error
}

// open checks the flags and returns what shows a trace on w.
func (v *view) open(w io.Writer, bodies func(trace.ContentID) ([]byte, bool)) (show, error) {
	grain, err := explain.ParseGrain(v.detail)
	if err != nil {
		return nil, fmt.Errorf("--%w", err)
	}
	depth, err := explain.ParseDepth(v.depth)
	if err != nil {
		return nil, fmt.Errorf("--%w", err)
	}
	colour, err := v.coloured(w)
	if err != nil {
		return nil, err
	}
	filter, err := trace.ParseFilter(v.filter, explain.Text)
	if err != nil {
		return nil, fmt.Errorf("--%w", err)
	}
	switch v.format {
	case "plain":
		o := plain.Options{Detail: grain, Depth: depth, Filter: filter, Width: columns(w), Content: bodies}
		if colour {
			o.Style = plain.Colours()
		}
		return &lines{p: plain.New(w, o)}, nil
	case "json":
		return newObjects(w, grain, filter, v.live), nil
	}
	return nil, fmt.Errorf("--format %q: it is one of plain, json", v.format)
}

const (
	handoutWidth = 80  // of what is not a terminal, so that it is the same everywhere
	widestLines  = 100 // that are still read with ease
)

// columns tells how wide the lines on w are to be.
func columns(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(f.Fd()) {
		return handoutWidth
	}
	n, _, err := term.GetSize(f.Fd())
	if err != nil || n <= 0 {
		return handoutWidth
	}
	return min(n, widestLines)
}

// coloured tells whether what goes to w is to have colours.
func (v *view) coloured(w io.Writer) (bool, error) {
	switch v.colour {
	case "auto":
		f, ok := w.(*os.File)
		// https://no-color.org: NO_COLOR set to anything but the empty string.
		return ok && term.IsTerminal(f.Fd()) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", nil
	case "always":
		return true, nil
	case "never":
		return false, nil
	}
	return false, fmt.Errorf("--color %q: it is one of auto, always, never", v.colour)
}

// lines is the plain format.
type lines struct{ p *plain.Printer }

func (l *lines) begin(sc *scenarios.Scenario, seed uint64) error {
	return l.p.Begin(walkWords(sc, seed))
}

// walkWords are what a walk says of itself.
func walkWords(sc *scenarios.Scenario, seed uint64) plain.Walk {
	return plain.Walk{
		Name: sc.Name, Title: sc.Title, Summary: sc.Summary, Objective: sc.Teacher.Objective, Seed: seed, Hosts: hostNames(sc),
	}
}

// hostNames are the names of a walk's hosts and routers, by address, and that of
// the host at which its visitors stand if there are any.
func hostNames(sc *scenarios.Scenario) map[netip.Addr]string {
	names := make(map[netip.Addr]string)
	for _, r := range sc.Routers {
		for _, i := range r.Joins {
			for _, a := range i.Addresses {
				names[a] = r.Name
			}
		}
	}
	for _, h := range sc.Hosts {
		for _, a := range h.Addresses {
			names[a] = h.Name
		}
	}
	// A walk that has no place for visitors has none to name.
	if visitors, addrs, err := sim.VisitorsHost(sc); err == nil {
		for _, a := range addrs {
			names[a] = visitors
		}
	}
	return names
}

func (l *lines) event(e *trace.Event) error { return l.p.Event(e) }

func (l *lines) close(sc *scenarios.Scenario, j judgement) error {
	return l.p.Close(judged(sc, j))
}

// judged are what became of the expectations, as they are printed.
func judged(sc *scenarios.Scenario, j judgement) []plain.Expectation {
	all := make([]plain.Expectation, len(j.results))
	for i, r := range j.results {
		want, missed := worded(r)
		all[i] = plain.Expectation{Want: want, Place: place(sc, r.Expect.Pos), Held: r.Held, Missed: missed, Nearest: r.Nearest, Own: j.own}
	}
	return all
}

// place is where a walk says something. It goes by the walk's name and not by
// the file's, so that a recorded trace gives the same.
func place(sc *scenarios.Scenario, at scenarios.Position) string {
	return fmt.Sprintf("%s.yaml:%d:%d", sc.Name, at.Line, at.Column)
}
