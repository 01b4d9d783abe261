package tui

import "charm.land/lipgloss/v2"

// glyphs are the signs that the screen is drawn with. Each is one cell wide, and
// each stands beside a word that says the same.
type glyphs struct {
	packet, arrived, conn, client, server, read, lookup, choice string
	mail, hop, act, note, warning, state, fault                 string

	here, guide, more, up, down, back, play, pause, dot string
	node, holding, goal                                 string
	done, underWay, putOff, broken, ahead, tip          string
	bar                                                 string
	// right says that something is as it should be, file that a part has a name;
	// branch and twig are the lines of a tree.
	right, file, branch, twig string
	border                    lipgloss.Border
	// stop is a breakpoint, hit what is searched for, sieve a filter that is on.
	stop, hit, sieve string
	// draw are those of the ladder and of the map.
	draw drawing
	// ascii says that the terminal has these alone.
	ascii bool
}

func unicodeGlyphs() glyphs {
	return glyphs{
		packet: "▫", arrived: "▪", conn: "⇄", client: "›", server: "‹", read: "·", lookup: "?", choice: "◆",
		mail: "✉", hop: "▸", act: "▲", note: "¶", warning: "!", state: "○", fault: "✗",
		here: "▶", guide: "│", more: "…", up: "↑", down: "↓", back: "◀", play: "▶", pause: "▮▮", dot: "·",
		node: "○", holding: "●", goal: "◌",
		done: "━", underWay: "╌", putOff: "┄", broken: "╳", ahead: "┈", tip: "▶",
		bar: "▌", right: "✓", file: "▤", branch: "├", twig: "└",
		border: lipgloss.RoundedBorder(),
		stop:   "■", hit: "»", sieve: "▽",
		draw: unicodeDrawing(),
	}
}

func asciiGlyphs() glyphs {
	return glyphs{
		packet: ".", arrived: ":", conn: "=", client: ">", server: "<", read: "'", lookup: "?", choice: "*",
		mail: "@", hop: ">", act: "^", note: "#", warning: "!", state: "o", fault: "X",
		here: ">", guide: "|", more: "~", up: "^", down: "v", back: "<", play: ">", pause: "=", dot: "-",
		node: "o", holding: "@", goal: "?",
		done: "=", underWay: "-", putOff: "-", broken: "x", ahead: ".", tip: ">",
		bar: "|", right: "+", file: "%", branch: "|", twig: "`",
		border: lipgloss.ASCIIBorder(),
		stop:   "B", hit: "+", sieve: "%",
		draw: asciiDrawing(), ascii: true,
	}
}
