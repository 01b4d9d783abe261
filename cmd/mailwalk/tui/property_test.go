package tui

import (
	"math/rand/v2"
	"slices"
	"testing"

	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// Whatever is pressed at whatever size: each screen fills the terminal, nothing
// is shown that has not been reached, and the views are those of the moment.
func TestAnyKeysAtAnySize(t *testing.T) {
	var keys []string
	for _, b := range bindings() {
		for _, k := range b.keys.Keys() {
			if _, known := special[k]; (known || len(k) == 1) && !slices.Contains([]string{"q", "Q", "ctrl+c"}, k) {
				keys = append(keys, k)
			}
		}
	}
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 1))
		r := newRobot(t, firstLetter(), 80, 24, Options{Grain: explain.LineGrain, Theme: Dark, ASCII: seed%4 == 3})
		var pressed []string
		for range 100 {
			k := keys[rng.IntN(len(keys))]
			if rng.IntN(2) == 0 {
				k = "space"
			}
			pressed = append(pressed, k)
			r.press(k)
			if r.due != nil && rng.IntN(2) == 0 {
				r.wait()
			}
			if rng.IntN(10) == 0 {
				r.tell(tea.WindowSizeMsg{Width: 40 + rng.IntN(180), Height: 10 + rng.IntN(60)})
			}
			r.screen()
			if r.m.now > r.m.shown || r.m.shown > r.m.trace.Len() || r.m.rows.upTo != r.m.shown || r.m.view.Seq != r.m.now {
				t.Errorf("at %d of %d, view of %d", r.m.now, r.m.shown, r.m.view.Seq)
			}
			if t.Failed() {
				t.Fatalf("seed %d, after %q", seed, pressed)
			}
		}
	}
}

func FuzzScreen(f *testing.F) {
	f.Add("RCPT TO:<bob@globex.test>", 80, 24)
	f.Add("日本語\x1b[2J\t\r\n\u202e\U0001F469\u200d\U0001F4BB é", 61, 17)
	f.Fuzz(func(t *testing.T, text string, w, h int) {
		if w < 1 || w > 300 || h < 1 || h > 100 {
			return // no terminal is so small, or so large
		}
		s := &sample{t: trace.New(trace.Header{}), off: map[string][2]int64{}}
		s.note(trace.Narration, text, text, "")
		s.do(func() {
			c := s.t.Bodies.Put([]byte(text))
			s.ids = trace.IDs{Mail: text, Hop: text}
			s.add(text, trace.Composed, &trace.MailBody{Subject: text, Recipients: []string{text}, Content: &c})
			s.add(text, trace.HopStarts, &trace.MailBody{Purpose: trace.Submission, From: text, Toward: text})
			s.add(text, trace.CacheHit, &trace.LookupBody{Name: text, Type: text, Records: []trace.Record{{Name: text, Type: text, Data: text}}})
			s.add(text, trace.QueueState, &trace.StateBody{Name: text, After: text, Recipients: []string{text}})
			s.add(text, trace.Sent, &trace.LineBody{Text: text, Verb: text, Service: text})
		})
		r := newRobot(t, s, w, h, Options{Walk: Walk{Name: text, Title: text, Summary: text, Objective: text}, Grain: explain.PacketGrain})
		r.screen()
		for range 7 {
			r.step(1).screen()
		}
		for _, pane := range []paneID{bytesPane, mailPane, namesPane} {
			r.m.focusOn(pane)
			r.screen()
		}
	})
}
