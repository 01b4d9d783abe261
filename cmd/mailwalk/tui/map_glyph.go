package tui

// drawing are the signs of which ladder and map are drawn. Each is one cell wide.
type drawing struct {
	// Strokes from left to right: what is said, what is asked for, what stands, the
	// mail, the mail that is to go.
	thin, dashed, double, heavy, heavyDash string
	// left and right are the ends of strokes; fromLeft and fromRight the places where
	// they leave a host's line.
	left, right, fromLeft, fromRight string
	// A packet leaves and arrives round a corner: goes right, goes left.
	leavesRight, arrivesRight, leavesLeft, arrivesLeft string
	// life is a host's line, gone that of one that is off.
	life, gone string
	// again, copied, late and spoilt are what happens to packets.
	again, copied, late, spoilt string

	// What hosts run.
	device, mta, boxes, resolver, names, router string

	// Links and routers of the map, thin and as the way of a connection.
	bus, busHeavy, tap, tapHeavy         string
	joint, jointHeavy, cross, crossHeavy string
	bar, barHeavy                        string
}

func unicodeDrawing() drawing {
	return drawing{
		thin: "─", dashed: "╌", double: "═", heavy: "━", heavyDash: "╍",
		left: "◀", right: "▶", fromLeft: "├", fromRight: "┤",
		leavesRight: "╮", arrivesRight: "╰", leavesLeft: "╭", arrivesLeft: "╯",
		life: "│", gone: "┆",
		again: "↻", copied: "‖", late: "◷", spoilt: "≠",
		device: "▭", mta: "⇄", boxes: "▤", resolver: "◎", names: "?", router: "◇",
		bus: "│", busHeavy: "┃", tap: "├─", tapHeavy: "┣━",
		joint: "●", jointHeavy: "●", cross: "┼", crossHeavy: "╋", bar: "─", barHeavy: "━",
	}
}

func asciiDrawing() drawing {
	return drawing{
		thin: "-", dashed: ".", double: "=", heavy: "=", heavyDash: "~",
		left: "<", right: ">", fromLeft: "+", fromRight: "+",
		leavesRight: ".", arrivesRight: "'", leavesLeft: ".", arrivesLeft: "'",
		life: "|", gone: ":",
		again: "%", copied: "2", late: "w", spoilt: "#",
		device: "u", mta: "m", boxes: "b", resolver: "r", names: "?", router: "*",
		bus: "|", busHeavy: "H", tap: "+-", tapHeavy: "H=",
		joint: "o", jointHeavy: "O", cross: "+", crossHeavy: "#", bar: "-", barHeavy: "=",
	}
}
