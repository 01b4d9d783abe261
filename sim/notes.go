package sim

import (
	"mailwalk/protocols/message"
	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// startNotes has what the walk tells the learner recorded at its moments. When its
// people are idle it does not announce what they do.
func (w *World) startNotes(idle bool) {
	for _, n := range w.scenario.Notes {
		say := func(causes ...uint64) {
			what := trace.Narration
			if n.Warning {
				what = trace.Warning
			}
			w.recorder.Record(trace.Event{What: what, Causes: causes, Body: &trace.NoteBody{Newcomer: n.Newcomer, Student: n.Student, Engineer: n.Engineer}})
		}
		if n.After.IsZero() {
			if idle && !n.Warning {
				continue // it leads up to what the walk's people do
			}
			at := n.Wait
			if n.At != nil {
				at += *n.At
			}
			w.clock.Post(at, func() { say() })
			continue
		}
		w.sayAfter(n, say)
	}
}

// sayAfter says something after an event, which is its cause: at once, or when
// its wait is over.
func (w *World) sayAfter(n *scenarios.Narration, say func(causes ...uint64)) {
	count, said := 0, false
	w.recorder.Listen(func(e *trace.Event) {
		if said || !n.After.Match(e) {
			return
		}
		if count++; count < n.After.Nth() {
			return
		}
		said = true
		if n.Wait > 0 {
			w.clock.Post(n.Wait, func() { say(e.Seq) })
			return
		}
		say(e.Seq)
	})
}

// warn records that something did not go as the walk has it.
func (w *World) warn(text string) {
	w.recorder.Record(trace.Event{What: trace.Warning, Body: &trace.NoteBody{Newcomer: text}})
}

// header is a field of a mail's header.
func header(mail []byte, name string) string { return message.ParseHeader(mail).Get(name) }
