// Package tui is the stepping screen: a person watches a mail travel, stops
// wherever she likes, and looks back.
//
// Everything on the screen is a function of the trace up to the moment that is
// looked at. One [Model] takes the keys; the panes are plain structs that render
// themselves into a width and a height. The world is only ever stepped, never
// looked into, so a recorded trace serves as well: see [Recorded].
package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"

	"mailwalk/scenarios"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// World is a walk that is stepped.
type World interface {
	// Step runs one entry of the world's queue; false when there is none.
	Step() bool
	// Trace is what has happened so far. It is only appended to.
	Trace() *trace.Trace
	// Now is the time since the walk's start.
	Now() time.Duration
	Close() error
}

// Walk is what a walk says of itself.
type Walk struct {
	Name, Title, Summary string
	// Objective is what to look for; it may be empty.
	Objective string
	// Network is what it takes place in; nil when only the trace tells.
	Network *Network
}

// Options say how the screen begins.
type Options struct {
	Walk  Walk
	Grain explain.Grain
	Depth explain.Depth
	// Predictions are the questions that the walk puts; Quiet begins without them.
	Predictions []*scenarios.Prediction
	Quiet       bool
	// Theme is the colours; Auto asks the terminal whether it is dark or light.
	Theme ThemeName
	// ASCII draws with the characters of ASCII alone.
	ASCII bool
	// Plain uses no colours, whatever the terminal can.
	Plain bool
	// Left, if it is not nil, is set when the person leaves for good, with the last
	// screen on the terminal.
	Left *bool
	// Input and Output are the terminal; nil for the process's own.
	Input  io.Reader
	Output io.Writer
}

// Run shows the screen until the person leaves it. The world belongs to the
// caller, who closes it afterwards: when Run returns, nothing steps it any more.
// The error is that of the terminal or, for an interrupt, of the context.
func Run(ctx context.Context, w World, o Options) error {
	m := New(w, o)
	defer m.stepper.stop()
	opts := []tea.ProgramOption{tea.WithContext(ctx)}
	if o.Input != nil {
		opts = append(opts, tea.WithInput(o.Input))
	}
	if o.Output != nil {
		opts = append(opts, tea.WithOutput(o.Output))
	}
	if o.Plain {
		opts = append(opts, tea.WithColorProfile(colorprofile.ASCII))
	}
	_, err := tea.NewProgram(m, opts...).Run()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, tea.ErrInterrupted):
		return context.Canceled
	case err != nil:
		return fmt.Errorf("the screen: %w", err)
	}
	if m.leave {
		if o.Left != nil {
			*o.Left = true
		}
		return m.print(o.Output)
	}
	return nil
}

// print leaves the last screen on the terminal, without the keys, which do nothing
// any more.
func (m *Model) print(w io.Writer) error {
	text := m.render()
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	text += "\n"
	var err error
	if w == nil {
		_, err = lipgloss.Print(text)
	} else {
		_, err = io.WriteString(w, text)
	}
	if err != nil {
		return fmt.Errorf("the last screen: %w", err)
	}
	return nil
}

// Recorded is a world that has happened already: to be stepped through, with
// nothing run again.
func Recorded(t *trace.Trace) World { return recorded{t} }

type recorded struct{ trace *trace.Trace }

func (recorded) Step() bool            { return false }
func (r recorded) Trace() *trace.Trace { return r.trace }
func (r recorded) Now() time.Duration  { return r.trace.Duration() }
func (recorded) Close() error          { return nil }
