package main

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/cmd/mailwalk/tui"
	"mailwalk/scenarios"
	"mailwalk/sim/explain"
)

// The screen steps real worlds to their ends, whatever is in them.
func TestStepThroughEveryWalk(t *testing.T) {
	for _, name := range scenarios.Names() {
		t.Run(name, func(t *testing.T) {
			sc, err := scenarios.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			w, err := openSim(sc, given{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := w.Close(); err != nil {
					t.Error(err)
				}
			}()
			m := tui.New(w, tui.Options{Walk: tui.Walk{Name: sc.Name, Title: sc.Title}, Grain: explain.HopGrain, Theme: tui.Dark})
			m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
			space := tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
			screen := ""
			for range 2000 {
				_, cmd := m.Update(space)
				for cmd != nil {
					_, cmd = m.Update(cmd())
				}
				screen = ansi.Strip(m.View().Content)
				for i, row := range strings.Split(screen, "\n") {
					if n := ansi.StringWidth(row); n != 120 {
						t.Fatalf("row %d is %d cells wide:\n%s", i, n, screen)
					}
				}
				if strings.Contains(screen, "The walk is over") {
					break
				}
			}
			for _, want := range []string{"the end", "✉ own copy"} {
				if !strings.Contains(screen, want) {
					t.Errorf("at the end the screen does not say %q:\n%s", want, screen)
				}
			}
		})
	}
}
