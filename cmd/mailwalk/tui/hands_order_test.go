package tui

import (
	"slices"
	"testing"

	"mailwalk/sim/lab"
)

// What can be done stands first, in the order in which it was given.
func TestWhatCanBeDoneStandsFirst(t *testing.T) {
	given := []lab.Verb{{Name: "let", Not: "it is not held"}, {Name: "hold"}, {Name: "on", Not: "it is on"}, {Name: "drop"}, {Name: "off"}}
	m := newMenu(3, given)
	var names []string
	for _, v := range m.verbs {
		names = append(names, v.Name)
	}
	if want := []string{"hold", "drop", "off", "let", "on"}; !slices.Equal(names, want) {
		t.Errorf("%q, not %q", names, want)
	}
	if !slices.Equal(m.keys, []string{"h", "d", "o", "", ""}) || m.at != 0 {
		t.Errorf("keys %q, at %d", m.keys, m.at)
	}
	if given[0].Name != "let" {
		t.Error("what was given is in another order")
	}
}
