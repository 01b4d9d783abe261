package tui

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"mailwalk/sim/explain"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file under testdata, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs; after a look at it, go test -update writes it anew. Now it is:\n%s", file, got)
	}
}

// shot is a screen without the blanks at the ends of its rows.
func (r *robot) shot() string {
	rows := strings.Split(r.screen(), "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return strings.Join(rows, "\n") + "\n"
}

func TestScreens(t *testing.T) {
	sizes := [][2]int{{60, 15}, {80, 24}, {120, 40}, {200, 60}}
	moments := []struct {
		name  string
		grain explain.Grain
		depth explain.Depth
		act   func(r *robot)
	}{
		{"beginning", explain.LineGrain, explain.Newcomer, func(*robot) {}},
		{"content", explain.PacketGrain, explain.Student, func(r *robot) { r.stepTo("hands over the content").step(2) }},
		{"past", explain.LineGrain, explain.Newcomer, func(r *robot) { r.stepTo("the mail lies in the mailbox").back(12) }},
		{"end", explain.HopGrain, explain.Engineer, func(r *robot) { r.stepTo("what arrived is").step(1) }},
	}
	for _, size := range sizes {
		for _, m := range moments {
			name := m.name + "-" + strconv.Itoa(size[0]) + "x" + strconv.Itoa(size[1])
			t.Run(name, func(t *testing.T) {
				r := newRobot(t, firstLetter(), size[0], size[1], Options{Grain: m.grain, Depth: m.depth, Theme: Dark})
				m.act(r)
				golden(t, name+".txt", r.shot())
			})
		}
	}
}

func TestScreensInColour(t *testing.T) {
	for _, theme := range []ThemeName{Dark, Light, Mono} {
		r := newRobot(t, firstLetter(), 80, 24, Options{Grain: explain.LineGrain, Theme: theme})
		r.stepTo("names a recipient").back(1)
		golden(t, string(theme)+".ansi", r.m.render()+"\n")
	}
}

func TestHelpAndASCII(t *testing.T) {
	r := newRobot(t, firstLetter(), 120, 40, Options{Grain: explain.LineGrain, Theme: Dark})
	golden(t, "help.txt", r.step(9).press("?").shot())
	r = newRobot(t, firstLetter(), 80, 24, Options{Grain: explain.LineGrain, Theme: Dark, ASCII: true})
	golden(t, "ascii.txt", r.stepTo("asks who takes the mail").shot())
	golden(t, "keys.txt", KeyHelp())
}
