package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"mailwalk/sim/explain"
)

// Model is the screen. It is the only tea.Model; its panes are plain structs that
// share its stage.
type Model struct {
	*stage
	desk
	rail      rail
	notes     notes
	presented presented
	panes     [panes]pane
	stepper   *stepper

	keys          []binding
	width, height int
	zoom          bool
	presenter     bool
	finding
	// predicting puts questions; answering is the table of its keys.
	predicting predicting
	answering  []binding
	// prompt is open while something is typed; history is what was typed before.
	prompt   *prompt
	history  [askings][]string
	editing  []editing
	commands []command
	// pending is what the next key is for. times is a count that was typed.
	pending pending
	counting
	// listing tells that the help shows the breakpoints.
	listing    bool
	help       bool
	helpScroll scroll
	// toast is a word on the last key, in the place of the footer; refused tells
	// that the key could do nothing.
	toast   string
	refused bool

	themeName ThemeName
	profile   colorprofile.Profile
	// fixed tells that the colours are not to follow the terminal any more.
	fixed bool

	// busy tells that a command steps the world; what it brings is taken only with
	// the latest ticket. wanted are steps asked for meanwhile.
	busy   bool
	ticket int
	wanted int
	quest  quest
	// goingOn tells that it goes to the next breakpoint.
	goingOn bool

	running bool
	speed   int // index in speeds
	ticks   int // names the latest row of ticks

	// later is a command that brings a message after some time.
	later func(time.Duration, tea.Msg) tea.Cmd

	entrance entrance
	working  working

	// noMouse leaves the mouse to the terminal.
	noMouse bool

	// leave tells that the last screen is to stay on the terminal.
	leave bool
}

// speeds are how many steps a second the walk goes when it runs.
var speeds = [...]int{1, 2, 5, 10, 20, 50, 200}

const (
	usualSpeed = 2  // index in speeds
	frames     = 20 // most ticks in a second
	mostWanted = 64 // steps that keys may be ahead of the world
)

// New makes a screen for a world, at the beginning of its trace.
func New(w World, o Options) *Model {
	s := &stage{
		walk: o.Walk, trace: w.Trace(), rows: newRows(w.Trace()), signs: newSigns(),
		grain: o.Grain, depth: o.Depth, glyphs: unicodeGlyphs(),
	}
	if o.ASCII {
		s.glyphs = asciiGlyphs()
	}
	m := &Model{
		stage: s, desk: newDesk(), rail: rail{stage: s}, notes: notes{stage: s}, presented: presented{stage: s}, panes: [panes]pane{
			storyPane: &story{stage: s}, whyPane: &why{stage: s}, statePane: &state{stage: s},
			bytesPane: &dump{stage: s}, mailPane: &mailPage{stage: s}, namesPane: &names{stage: s},
			ladderPane: &ladder{stage: s}, mapPane: &chart{stage: s},
		},
		stepper: &stepper{world: w, trace: w.Trace()}, keys: bindings(), editing: promptKeys(), commands: commands(),
		speed: usualSpeed, themeName: o.Theme, later: later,
	}
	m.entrance.visited, _ = w.(Visited)
	if b, ok := w.(Bench); ok {
		m.working.bench = b
		m.working.done.look(b)
	}
	if o.Plain {
		m.themeName = Mono
	}
	m.fixed = m.themeName != Auto && m.themeName != ""
	if !m.fixed {
		m.themeName = Dark
	}
	m.theme = newTheme(m.themeName, m.profile)
	m.panes[handsPane] = &handiwork{stage: s, done: &m.working.done}
	m.predicting = predicting{walk: o.Predictions, quiet: o.Quiet}
	m.predicting.anew()
	m.answering = answerKeys()
	m.look(0)
	return m
}

// Init asks the terminal for its background, so that the colours fit.
func (m *Model) Init() tea.Cmd {
	if m.fixed {
		return nil
	}
	return tea.RequestBackgroundColor
}

// tick says that the next step of a run is due.
type tick struct{ row int }

func later(d time.Duration, msg tea.Msg) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return msg })
}

// Update takes one message. It neither runs the world nor waits.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		if !m.fixed {
			m.themeName = Light
			if msg.IsDark() {
				m.themeName = Dark
			}
			m.dress()
		}
	case tea.ColorProfileMsg:
		m.profile = msg.Profile
		if m.profile <= colorprofile.ASCII {
			m.themeName, m.fixed = Mono, true
		}
		m.dress()
	case tea.KeyPressMsg:
		if m.working.writing != nil {
			return m, m.write(msg)
		}
		if m.prompt != nil {
			return m, m.typed(msg)
		}
		return m, m.press(msg.String())
	case tea.PasteMsg:
		if m.working.writing != nil {
			return m, m.write(msg)
		}
		if m.prompt != nil {
			return m, m.insert(msg.Content)
		}
	case sifted:
		return m, m.sifted(msg)
	case found:
		return m, m.searched(msg)
	case counted:
		m.countOver(msg)
	case menuReady:
		m.menuReady(msg)
	case toBeDone:
		return m, m.carryOut(msg)
	case verbsKnown:
		return m, m.verbsKnown(msg)
	case jobTick:
		return m, m.jobTick(msg)
	case jobDone:
		return m, m.jobDone(msg)
	case savedAs:
		m.savedAs(msg)
	case parted:
		m.parted(msg)
	case doorsOpened:
		return m, m.doorsOpened(msg)
	case visitorsCame:
		return m, m.visitorsCame()
	case admitted:
		return m, m.admitted(msg)
	case tea.MouseClickMsg:
		return m, m.pointed(msg)
	case tea.MouseWheelMsg:
		return m, m.pointed(msg)
	case advanced:
		return m, m.advanced(msg)
	case ranAhead:
		return m, m.ranAhead(msg)
	case questionAt:
		return m, m.standsBefore(msg)
	case tick:
		return m, m.ticked(msg)
	}
	return m, nil
}

// dress puts the theme on.
func (m *Model) dress() {
	m.theme = newTheme(m.themeName, m.profile)
	m.version++
}

func (m *Model) press(key string) tea.Cmd {
	m.toast, m.refused = "", false
	if m.help {
		return m.pressInHelp(key)
	}
	if m.entrance.shown {
		return m.pressAtDoors(key)
	}
	if m.working.menu != nil {
		return m.pressInMenu(key)
	}
	if m.working.job != nil && (key == "esc" || key == "ctrl+c") {
		m.stopJob()
		return nil
	}
	if m.predicting.open() {
		return m.pressInQuestion(key)
	}
	if m.pending != nothing {
		m.lettered(key)
		return nil
	}
	if m.digit(key) {
		return m.digitTyped(key)
	}
	b := find(m.keys, pressed(key))
	m.settleCount(b)
	defer func() { m.count = 0 }()
	if b == nil {
		return nil
	}
	if b.not != nil {
		if reason := b.not(m); reason != "" {
			m.warn(reason)
			return nil
		}
	}
	return b.does(m)
}

// warn says why something cannot be done.
func (m *Model) warn(reason string) { m.toast, m.refused = reason, true }

// ask has the world go on by n steps of the grain.
func (m *Model) ask(n int) tea.Cmd {
	if m.busy {
		m.wanted = min(m.wanted+n, mostWanted)
		return nil
	}
	m.quest = quest{goal: m.goal()}
	if m.running {
		m.quest.breaks = m.signs.breaks
	}
	return m.pursue(m.now, n)
}

// stay drops what was asked of the world and has not come yet, and ends a run.
func (m *Model) stay() {
	m.ticket++
	m.busy, m.wanted, m.running, m.goingOn, m.quest = false, 0, false, false, quest{}
	m.searching = false
}

func (m *Model) advanced(a advanced) tea.Cmd {
	if a.ticket != m.ticket {
		return nil
	}
	if cmd, asks := m.holds(a); asks {
		return cmd
	}
	if cmd := m.catchUp(a); cmd != nil {
		return cmd
	}
	switch {
	case a.over:
		m.ended(a)
		m.sumUp()
		return m.parts()
	case !a.found:
		m.quest.last = max(m.quest.last, a.last)
		return m.pursue(a.seq, a.left)
	}
	m.busy, m.goingOn = false, false
	m.arrived(a)
	if n := m.wanted; n > 0 {
		m.wanted = 0
		return m.ask(n)
	}
	return m.parts()
}

// goTo looks at another moment, with the panes scrolled to their tops.
func (m *Model) goTo(seq uint64) {
	m.look(seq)
	m.toTop(whyPane)
}

// toTop scrolls a pane to its top.
func (m *Model) toTop(id paneID) {
	if p, ok := m.panes[id].(scroller); ok {
		p.scrolling().offset = 0
	}
}

func (m *Model) ticked(t tick) tea.Cmd {
	if !m.running || t.row != m.ticks {
		return nil
	}
	rate := speeds[m.speed]
	n := max(rate/frames, 1)
	again := m.later(time.Second/time.Duration(min(rate, frames)), t)
	if m.busy {
		return again
	}
	return tea.Batch(m.onward(n), again)
}

// onward goes n steps on: over what has been seen, then with the world.
func (m *Model) onward(n int) tea.Cmd {
	if m.running && len(m.signs.breaks) > 0 || m.rows.only != nil && m.rows.only.upTo < m.shown {
		return m.ask(n)
	}
	for ; n > 0 && m.row()+1 < m.rows.len(m.grain); n-- {
		m.goTo(m.rows.at(m.grain, m.row()+1))
	}
	if n == 0 {
		return nil
	}
	return m.ask(n)
}

// The actions of the keys, and why some cannot be done.

func (m *Model) step() tea.Cmd {
	switch {
	case m.goingOn:
		m.pause()
		return nil
	case m.running:
		m.running = false
		return nil
	case m.busy:
		return m.ask(m.times())
	}
	return m.onward(m.times())
}

func (m *Model) noStep() string {
	if m.atEnd() {
		if m.rows.only != nil {
			return "Nothing more passes the filter, and the walk is over. esc takes the filter off."
		}
		return "The walk is over, after " + explain.Grouped(int64(m.trace.Len())) + " events. b looks back, q quits."
	}
	return ""
}

func (m *Model) back() tea.Cmd {
	m.stay()
	i := m.row()
	if i >= 0 && m.rows.at(m.grain, i) == m.now {
		i--
	}
	if i -= m.times() - 1; i < 0 {
		m.goTo(0)
		return nil
	}
	m.goTo(m.rows.at(m.grain, i))
	return nil
}

func (m *Model) noBack() string {
	if m.now == 0 {
		return "This is the beginning: nothing has happened before. Space goes on."
	}
	return ""
}

func (m *Model) run() tea.Cmd {
	if m.goingOn {
		m.pause()
		return nil
	}
	m.running = !m.running
	if !m.running {
		return nil
	}
	m.ticks++
	return m.ticked(tick{m.ticks})
}

func (m *Model) noRun() string {
	if m.running || m.goingOn {
		return ""
	}
	return m.noStep()
}

func (m *Model) slower() tea.Cmd { return m.setSpeed(m.speed - 1) }
func (m *Model) faster() tea.Cmd { return m.setSpeed(m.speed + 1) }

func (m *Model) setSpeed(i int) tea.Cmd {
	m.speed = max(0, min(i, len(speeds)-1))
	m.toast = "A run goes " + rate(speeds[m.speed]) + "."
	return nil
}

func (m *Model) rewind() tea.Cmd {
	m.stay()
	m.goTo(0)
	return nil
}

func (m *Model) closer() tea.Cmd  { return m.setGrain(m.grain + 1) }
func (m *Model) farther() tea.Cmd { return m.setGrain(m.grain - 1) }

func (m *Model) noCloser() string {
	if m.grain >= explain.PacketGrain {
		return "There is nothing smaller than a packet here."
	}
	return ""
}

func (m *Model) noFarther() string {
	if m.grain <= explain.MailGrain {
		return "There is nothing larger than the mail itself."
	}
	return ""
}

func (m *Model) setGrain(g explain.Grain) tea.Cmd {
	running := m.running
	m.stay()
	m.running = running
	m.grain = g
	m.version++
	m.toast = "Seen " + grainWords[g] + "."
	return nil
}

var grainWords = [...]string{
	explain.MailGrain:   "by mail: where the mail is",
	explain.HopGrain:    "by hop: what makes the mail go where it goes",
	explain.LineGrain:   "by line: what programs say to each other",
	explain.PacketGrain: "by packet: every frame on every link",
}

func (m *Model) deeper() tea.Cmd    { return m.setDepth(m.depth + 1) }
func (m *Model) shallower() tea.Cmd { return m.setDepth(m.depth - 1) }

func (m *Model) setDepth(d explain.Depth) tea.Cmd {
	n := explain.Depth(len(explain.Depths()))
	m.depth = (d + n) % n
	m.toTop(whyPane)
	m.version++
	m.toast = "Reasons for " + article(m.depth) + "."
	return nil
}

// nextPane goes on to the next of the panes that can be seen.
func (m *Model) nextPane() tea.Cmd     { return m.turn(1) }
func (m *Model) previousPane() tea.Cmd { return m.turn(-1) }

func (m *Model) turn(n int) tea.Cmd {
	p := m.places()
	if m.zoom { // all panes have the same place
		for id := m.focus; ; {
			id = (id + paneID(n) + paneID(panes)) % paneID(panes)
			if m.panes[id] != nil {
				return m.focusOn(id)
			}
		}
	}
	var seen []paneID
	at := 0
	for _, s := range fromLeft {
		if p.slot[s].empty() && (int(s) >= columns || p.slot[mainSlot].empty()) {
			continue
		}
		id := m.in(s, &p)
		if id == m.focus {
			at = len(seen)
		}
		seen = append(seen, id)
	}
	return m.focusOn(seen[(at+n+len(seen))%len(seen)])
}

func (m *Model) focusOn(p paneID) tea.Cmd {
	if m.panes[p] == nil {
		return nil
	}
	m.use(p)
	m.version++
	return nil
}

func (m *Model) zoomPane() tea.Cmd {
	m.zoom = !m.zoom
	return nil
}

func (m *Model) nextTheme() tea.Cmd {
	next := map[ThemeName]ThemeName{Dark: Light, Light: Mono, Mono: Dark}
	m.themeName, m.fixed = next[m.themeName], true
	m.dress()
	m.toast = "Colours: " + string(m.themeName) + "."
	return nil
}

// scrolled is the pane with the focus, nil when it is one that follows the moment.
func (m *Model) scrolled() *scroll {
	if p, ok := m.panes[m.focus].(scroller); ok {
		return p.scrolling()
	}
	return nil
}

func (m *Model) move(n int) tea.Cmd {
	if s := m.scrolled(); s != nil {
		s.by(n)
		m.version++
		return nil
	}
	if p, ok := m.panes[m.focus].(mover); ok {
		if reason := p.move(m, n); reason != "" {
			m.warn(reason)
		}
		return nil
	}
	m.stay()
	i := m.row() + n
	switch last := m.rows.len(m.grain) - 1; {
	case i < 0:
		m.goTo(0)
	case i > last:
		m.goTo(m.shown)
	default:
		m.goTo(m.rows.at(m.grain, i))
	}
	return nil
}

func (m *Model) down() tea.Cmd     { return m.move(m.times()) }
func (m *Model) up() tea.Cmd       { return m.move(-m.times()) }
func (m *Model) halfDown() tea.Cmd { return m.move(m.times() * max(m.paneHeight()/2, 1)) }
func (m *Model) halfUp() tea.Cmd   { return m.move(-m.times() * max(m.paneHeight()/2, 1)) }

func (m *Model) noDown() string {
	if m.focus == storyPane && !m.past() {
		return "This is the present. Space goes a step on."
	}
	return ""
}

func (m *Model) noUp() string {
	if m.focus == storyPane {
		return m.noBack()
	}
	return ""
}

func (m *Model) top() tea.Cmd {
	if m.count > 0 {
		return m.toRow(m.count)
	}
	if s := m.scrolled(); s != nil {
		s.offset = 0
		m.version++
		return nil
	}
	if m.toEnd(false) {
		return nil
	}
	m.stay()
	m.goTo(0)
	if m.rows.len(m.grain) > 0 {
		m.goTo(m.rows.at(m.grain, 0))
	}
	return nil
}

func (m *Model) bottom() tea.Cmd {
	if m.count > 0 {
		return m.toRow(m.count)
	}
	if s := m.scrolled(); s != nil {
		s.by(s.rows)
		m.version++
		return nil
	}
	if m.toEnd(true) {
		return nil
	}
	m.stay()
	m.goTo(m.shown)
	return nil
}

// toEnd lets a pane that has an own first and last row choose it.
func (m *Model) toEnd(last bool) bool {
	p, ok := m.panes[m.focus].(ender)
	if !ok {
		return false
	}
	if reason := p.moveTo(m, last); reason != "" {
		m.warn(reason)
	}
	return true
}

func (m *Model) escape() tea.Cmd {
	switch {
	case m.goingOn:
		m.pause()
	case m.searching:
		m.searching = false
	case m.zoom:
		m.zoom = false
	case m.rows.only != nil:
		m.unfilter()
		m.toast = "All steps show again."
	case m.past():
		m.stay()
		m.goTo(m.shown)
	}
	return nil
}

func (m *Model) noEscape() string {
	if !m.zoom && !m.past() && !m.goingOn && !m.searching && m.rows.only == nil {
		return "This is the present, with all panes. q quits."
	}
	return ""
}

func (m *Model) toggleHelp() tea.Cmd {
	m.help, m.listing = !m.help, false
	m.helpScroll = scroll{}
	return nil
}

// pressInHelp lets the keys that move scroll the help, and others close it.
func (m *Model) pressInHelp(key string) tea.Cmd {
	switch key {
	case "j", "down", "space", "pgdown":
		m.helpScroll.by(1)
	case "k", "up", "pgup":
		m.helpScroll.by(-1)
	case "g", "home":
		m.helpScroll.offset = 0
	case "G", "end":
		m.helpScroll.by(m.helpScroll.rows)
	case "ctrl+c":
		return m.quit()
	default:
		m.help = false
	}
	return nil
}

func (m *Model) quit() tea.Cmd {
	m.stay()
	return tea.Quit
}

func (m *Model) quitLeaving() tea.Cmd {
	m.leave = true
	return m.quit()
}
