package tui

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// types writes into the line that is open, a key a letter.
func (r *robot) types(text string) *robot {
	r.t.Helper()
	for _, c := range text {
		msg := tea.KeyPressMsg{Code: c, Text: string(c)}
		if c == ' ' {
			msg.Code = tea.KeySpace
		}
		r.tell(msg)
	}
	return r
}

// commands types a command and takes it.
func (r *robot) orders(text string) *robot {
	r.t.Helper()
	return r.press(":").types(text).press("enter")
}

// at checks the number of the moment's event.
func (r *robot) at(seq uint64) *robot {
	r.t.Helper()
	if r.m.now != seq {
		r.t.Errorf("at event %d, not %d:\n%s", r.m.now, seq, r.screen())
	}
	return r
}

// finished is a robot at the end of the first letter.
func finished(t *testing.T) *robot {
	t.Helper()
	return open(t).stepTo("what arrived is").step(2)
}

func TestFilterBar(t *testing.T) {
	r := finished(t)
	before := r.screen()
	r.press("/").sees("filter: ", "an empty filter shows all")
	r.types("line.sent verb=RCP").sees("✓ 0 of", "tab RCPT")
	r.types("T").sees("✓ 4 of").types("X").sees("✓ 0 of").press("backspace")
	r.types(" hots=").sees("✗ column 21: line events have no field \"hots\"; did you mean host?")
	r.press("enter").sees("✗ filter: ") // what is wrong is not taken
	r.press("ctrl+w").press("enter").misses("filter: ")
	r.sees("▽ only line.sent verb=RCPT (4 of", "RCPT TO:<bob@globex.test>", "4 of 4").misses("EHLO alice-laptop.acme.test\n")
	for seq := r.m.now; seq > 0; seq = r.m.now {
		if b, ok := r.m.event.Body.(*trace.LineBody); !ok || b.Verb != "RCPT" {
			t.Fatalf("event %d passes the filter", seq)
		}
		r.press("b")
	}
	r.press("space").sees("1 of 4").press("j").sees("2 of 4").press("G", "k", "k").sees("▽ only")
	r.press("esc").sees("All steps show again").misses("▽ only")
	r.press("G")
	r.press("/").types("x").press("esc")
	r.press("k", "space", "space")
	if got := r.screen(); got != before {
		t.Errorf("after the filter:\n%s\nbefore:\n%s", got, before)
	}
	// The filter comes back from the history, and goes with an empty one.
	r.press("/", "up").sees("filter: line.sent verb=RCPT").press("enter").sees("▽ only").press("/", "ctrl+u", "enter").misses("▽ only")
}

func TestStepsGoOverTheFilterOnly(t *testing.T) {
	r := open(t).step(1).press("/").types("verb=RCPT line.sent").press("enter").sees("Nothing of what has been shown passes the filter")
	r.press("space")
	if b, ok := r.m.event.Body.(*trace.LineBody); !ok || b.Verb != "RCPT" {
		t.Fatalf("a step leads to event %d", r.m.now)
	}
	first := r.m.now
	r.step(3).sees("4 of 4").press("space", "space").sees("Nothing more passes the filter, and the walk is over")
	r.press("esc").sees("All steps show again").press("space").misses("the walk is over")
	if r.m.now <= first {
		t.Errorf("without the filter a step leads to event %d", r.m.now)
	}
	r = open(t).press("/").types("RCPT").press("enter", "r")
	for i := 0; r.m.running && i < 100; i++ {
		r.wait()
	}
	r.sees("the end", "▽ only RCPT")
}

// What is asked for by its kind shows at every grain.
func TestFilterNamesPacketsByLine(t *testing.T) {
	r := finished(t).press("/").types("packet.sent flags=S").press("enter")
	r.sees("seen by line", "SYN leaves alice-laptop", "3 of 3")
	r.press("/", "ctrl+u").types("flags=S").sees("✓ 0 of", "6 by packet")
}

func TestFaultsOnly(t *testing.T) {
	finished(t).press("x").sees("▽ only faults", "WARN", "1 of 1").press("x").sees("All steps show again").misses("▽")
}

func TestFind(t *testing.T) {
	r := finished(t).press("n").sees("Nothing is searched for yet")
	r.press("g", "ctrl+f").types("rcpt to").sees("✓ 2 of").press("enter").sees("looking back", "»", "RCPT TO:<bob@globex.test>")
	first := r.m.now
	r.press("n")
	second := r.m.now
	if second <= first {
		t.Errorf("the next is event %d, after %d", second, first)
	}
	r.press("n").at(first).sees("Found from the beginning on").press("N").at(second).sees("around the beginning").press("N").at(first)
	r.press("'", "'").at(second).press("'", "'").at(first)
	r.press("ctrl+f").types("no such thing").sees("✓ 0 of").press("enter").sees("Not found in what has been seen: no such thing").at(first)
	r.press("ctrl+f").types("code>").sees("✗ column 6: a value is missing").press("esc")
	// What is yet to come is not searched.
	open(t).step(3).press("ctrl+f").types("RCPT").press("enter").sees("Not found in what has been seen")
	open(t).press("ctrl+f").types("RCPT").press("enter").sees("Nothing has happened yet")
}

func TestBreakpoints(t *testing.T) {
	r := open(t).press("t").sees("Nothing has happened yet").orders("break line.sent verb=DATA").sees("Set breakpoint 1: line.sent verb=DATA")
	r.press("c").sees("Stopped at breakpoint 1", "■", "DATA")
	first := r.m.now
	r.press("c").sees("Stopped at breakpoint 1", "354")
	second := r.m.now
	r.press("b", "t").sees("Set breakpoint 2: seq=")
	// A run stops too, also at what the grain does not show.
	r.orders("break packet.sent flags=S").press("R", "r")
	for i := 0; r.m.running && i < 200; i++ {
		r.wait()
	}
	r.sees("Stopped at breakpoint 3: packet.sent flags=S")
	if r.m.now >= first {
		t.Errorf("the run stopped at event %d", r.m.now)
	}
	r.orders("breaks").sees("breakpoints and marks", "■ 1  line.sent verb=DATA", "■ 3  packet.sent flags=S").press("esc").misses("breakpoints and marks")
	r.orders("unbreak 3").sees("Cleared breakpoint 3").orders("unbreak 7").sees("there is no breakpoint 7")
	r.press("c").at(first).press("c").at(second)
	r.orders("unbreak all").press("c").sees("The walk is over", "the end")
	// From the filter that is on.
	r.press("/").types("mail.stored").press("enter", "t").sees("Set breakpoint 4: mail.stored").press("t").sees("Cleared breakpoint 4")
}

func TestARunToABreakpointIsPaused(t *testing.T) {
	m := New(firstLetter(), Options{Grain: explain.LineGrain, Theme: Dark})
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	_, cmd := m.Update(tea.KeyPressMsg{Code: 'c', Text: "c"})
	if cmd == nil || !strings.Contains(m.render(), "to a breakpoint") {
		t.Fatal("c does not run on")
	}
	m.quest.last = 0
	m.Update(special["space"])
	if m.goingOn || m.busy {
		t.Error("space does not pause")
	}
	at := m.now
	m.Update(cmd())
	if m.now != at {
		t.Errorf("what comes late leads to event %d", m.now)
	}
}

func TestMarks(t *testing.T) {
	r := open(t).step(5).press("m").sees("Mark this moment with a letter").press("a").sees("Marked event", "'a comes back here")
	a := r.m.now
	r.step(6).press("m", "1").sees("A mark is a letter").press("m", "esc")
	there := r.m.now
	r.press("'").sees("Go to a mark: a '").press("a").at(a).sees("looking back").press("'", "'").at(there)
	r.press("'", "z").sees("There is no mark z").at(there)
	r.orders("mark b").orders("go a").at(a).orders("breaks").sees("Marks", "a  ", "b  ").press("q").press("m", "b")
	r.press("'", "b").at(a)
	if len(r.m.signs.marks) != 1 {
		t.Errorf("marks: %v", r.m.signs.marks)
	}
}

func TestCommands(t *testing.T) {
	r := open(t).orders("42").at(42).orders("event 7").at(7).sees("looking back: event 7 of 42")
	r.orders("time 0.1").at(80).orders("time 0.01").at(8).orders("time 1:00").sees("The walk is over before 60").at(8)
	r.orders("hop 2")
	if r.m.event.Hop != "1.2" || r.m.event.What != trace.HopStarts {
		t.Errorf("the second leg begins with event %d", r.m.now)
	}
	hop := r.m.now
	r.orders("hop 1").orders("hop 1.2").at(hop).orders("hop 9").sees("there is no leg 1.9").at(hop)
	r.orders("9999").sees("The walk is over before event 9,999").at(hop)
	r.orders("filter verb=RCPT line").sees("▽ only verb=RCPT line").orders("filter").misses("▽")
	r.orders("find nowhere").sees("Not found").orders("fin EHLO").sees("EHLO alice-laptop")
	r.orders("speed 12").sees("10 steps a second").orders("speed x").sees("no number of steps")
	r.orders("detail packet").sees("seen by packet").orders("depth engineer").sees("for an engineer")
	r.orders("theme light")
	if r.m.themeName != Light {
		t.Errorf("the theme is %s", r.m.themeName)
	}
	r.orders("pane state").sees("▶ 3 state").orders("pane 1").sees("▶ 1 story").orders("pane attic").sees("there is no pane \"attic\"")
	r.orders("fliter x").sees(`There is no command "fliter"; did you mean :filter?`).orders("f x").sees(`"f" may be filter or faults or find`)
	r.orders("event").sees("Write :event NUMBER").orders("event x").sees(`"x" is no event's number`).orders("quit now").sees("nothing stands behind")
	r.orders("break host=").sees("column 6: a value is missing")
	r.press(":").types("sp").sees("speed NUMBER: steps that a run takes").press("tab").types(" 2").press("tab").sees(":speed 20").press("esc")
	r.press(":", "up", "up").sees(":quit now").press("down").sees(":break host=").press("down", "backspace").misses(":break")
	r.press(":", "tab", "tab", "tab").sees(":hop").press("shift+tab").sees(":time").press("esc")
	r.press(":").types("filter line.s").press("tab").sees(":filter line.sent", "✓").press("enter").sees("▽ only line.sent")
	r.orders("help").sees("any other key closes this").press("esc").orders("quit")
	if !r.quit {
		t.Error(":quit does not quit")
	}
}

func TestCounts(t *testing.T) {
	r := open(t).quickly("5", "space").sees("5 of 5").quickly("1", "0", "space").sees("15 of 15", "▶ 1 story")
	r.quickly("5", "k").sees("10 of 15", "▶ 1 story").quickly("1", "0").sees("10 times: space, b, j, k").press("j").sees("15 of 15")
	r.quickly("4", "G").sees("4 of 15").quickly("1", "2", "G").sees("12 of 15").quickly("1", "0", "b").sees("2 of 15").quickly("1", "0", "esc", "G")
	// A digit and nothing behind it is a pane.
	r.press("3").sees("▶ 3 state").press("1").sees("▶ 1 story").quickly("3").press("shift+tab").sees("▶ 2 what")
}

func TestCopy(t *testing.T) {
	r := open(t).press("y").sees("Nothing has happened yet").stepTo("names a recipient")
	r.press("y").sees("Copied the line: 25 octets").hasCopied("RCPT TO:<bob@globex.test>")
	r.press("Y").sees("as JSON").hasCopied(`"verb":"RCPT"`)
	r.stepTo("hands over the content").press("y").hasCopied("this letter crosses a few machines")
	r.stepTo("knows now").press("y").hasCopied(";globex.test. IN MX\n;; ANSWER SECTION:\nglobex.test. 3600 IN MX 10 mail.globex.test.")
	r.press("/").types("packet").press("enter", "y").sees("in hex").hasCopied("00000000  02 00 00 00 00 01")
}

func TestPromptEditing(t *testing.T) {
	r := open(t).step(1).press("/").types("abc def").press("home").types("x").press("right", "delete", "end", "ctrl+w").sees("filter: xac ")
	r.press("left", "left").types("日本語").sees("xa日本語c").press("ctrl+u").sees("filter: c").press("delete", "delete", "backspace").misses("filter:")
	r.press("/")
	r.tell(tea.PasteMsg{Content: "line\nverb=RCPT\x1b[2J"})
	r.sees("filter: line verb=RCPT")
	if strings.ContainsRune(r.m.prompt.String(), '\x1b') {
		t.Error("a control character was pasted")
	}
	r.press("esc", "/").types(strings.Repeat("long ", 60)).screen()
	r.press("home").screen()
	r.tell(tea.WindowSizeMsg{Width: 60, Height: 15})
	r.sees("filter: long").press("end").screen()
}

// A filter over many events is found in pieces, and another key stops it.
func TestAFilterOverManyEventsComesInPieces(t *testing.T) {
	const n = 3*siftedAtOnce + 100
	m := New(Recorded(packets(n)), Options{Grain: explain.PacketGrain, Theme: Dark})
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	m.look(n)
	var cmd tea.Cmd
	press := func(key string) {
		msg, ok := special[key]
		if !ok {
			msg = tea.KeyPressMsg{Code: rune(key[0]), Text: key}
		}
		_, cmd = m.Update(msg)
	}
	for _, c := range "/decision" {
		press(string(c))
	}
	if cmd == nil || !strings.Contains(m.render(), "% looked at") {
		t.Fatalf("all was looked at within a key: %s", m.render())
	}
	stale := cmd
	press("enter")
	if _, again := m.Update(stale()); again == nil {
		t.Fatal("what was begun while typing is of no use")
	}
	press("esc")
	if m.rows.only != nil {
		t.Fatal("esc does not take the filter off")
	}
	for _, c := range "/decision" {
		press(string(c))
	}
	pieces := 0
	for run := cmd; run != nil; pieces++ {
		_, run = m.Update(run())
	}
	press("enter")
	if got := m.rows.len(m.grain); got != n/100 || pieces < 3 {
		t.Errorf("%d rows in %d pieces", got, pieces)
	}
	if m.event.Kind != trace.Decision {
		t.Errorf("the moment is %s.%s", m.event.Kind, m.event.What)
	}
	// So is what is searched for.
	press("esc")
	_, cmd = m.Update(tea.KeyPressMsg{Code: 'f', Mod: tea.ModCtrl})
	for _, c := range "nowhere" {
		press(string(c))
	}
	press("enter")
	pieces = 0
	for ; cmd != nil; pieces++ {
		_, cmd = m.Update(cmd())
	}
	if pieces < 3 || !strings.Contains(m.toast, "Not found") {
		t.Errorf("%q in %d pieces", m.toast, pieces)
	}
}

// The rows behind a filter are those that a walk over all events would find,
// however the trace came to be shown.
func TestASieveKeepsUp(t *testing.T) {
	for _, text := range []string{"verb=RCPT", "packet.sent", "host=mail.acme.test", "not line", "faults", "letter"} {
		f, err := parseFilter(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, begin := range []int{0, 7, 40} {
			r := open(t).step(begin)
			r.obey(r.m.filtered(f))
			for range 12 {
				r.step(1)
			}
			for g, got := range r.m.rows.only.passed {
				var want []uint64
				for e := range r.m.trace.Events(1, r.m.shown) {
					if f.Match(e) && (explain.GrainOf(e) <= explain.Grain(g) || f.Names(e)) {
						want = append(want, e.Seq)
					}
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s after %d steps, by %s: %v, want %v", text, begin, explain.Grain(g), got, want)
				}
			}
		}
	}
}

func TestFindingAtAllSizes(t *testing.T) {
	for _, size := range [][2]int{{60, 15}, {80, 24}, {120, 40}} {
		r := newRobot(t, firstLetter(), size[0], size[1], Options{Grain: explain.LineGrain, Theme: Dark})
		r.stepTo("the mail lies in the mailbox").orders("mark a").orders("break verb=RCPT").press("/").types("line.sent verb in (RCPT D")
		golden(t, fmt.Sprintf("typing-%dx%d.txt", size[0], size[1]), r.shot())
		r.types("ATA)").press("enter")
		golden(t, fmt.Sprintf("filtered-%dx%d.txt", size[0], size[1]), r.shot())
	}
	golden(t, "commands.txt", CommandHelp())
}

func TestCommandTable(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range commands() {
		if seen[c.name] || c.does == nil || c.says == "" {
			t.Errorf("%q is no command, or one twice", c.name)
		}
		seen[c.name] = true
		if len(strings.TrimSpace(c.name+" "+c.takes)) > commandWidth {
			t.Errorf("%s %s is wider than its column", c.name, c.takes)
		}
	}
}

// A key is answered as fast with a filter on.
func BenchmarkFiltered(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprintf("events=%d", n), func(b *testing.B) {
			m := New(Recorded(packets(n)), Options{Grain: explain.PacketGrain, Theme: Dark})
			m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
			m.look(uint64(n - 300))
			f, err := parseFilter("decision or srcPort=53")
			if err != nil {
				b.Fatal(err)
			}
			for cmd := m.filtered(f); cmd != nil; {
				_, cmd = m.Update(cmd())
			}
			up, down := tea.KeyPressMsg{Code: 'k', Text: "k"}, tea.KeyPressMsg{Code: 'j', Text: "j"}
			for i := 0; b.Loop(); i++ {
				if i%200 < 100 {
					m.Update(up)
				} else {
					m.Update(down)
				}
				m.View()
			}
		})
	}
}

// A letter typed into the filter bar is answered at once, however long the trace.
func BenchmarkTyping(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprintf("events=%d", n), func(b *testing.B) {
			m := New(Recorded(packets(n)), Options{Grain: explain.PacketGrain, Theme: Dark})
			m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
			m.look(uint64(n))
			m.Update(tea.KeyPressMsg{Code: '/', Text: "/"})
			for i := 0; b.Loop(); i++ {
				if i%20 == 19 {
					m.Update(tea.KeyPressMsg{Code: 'u', Mod: tea.ModCtrl})
				}
				m.Update(tea.KeyPressMsg{Code: 'a', Text: "a"})
				m.View()
			}
		})
	}
}
