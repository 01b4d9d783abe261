package tui

// Groups of the keys of a question: those that choose, answer, and close it.
const (
	choosing  group = "Choosing"
	answering group = "Answering"
	ending    group = "Ending"
)

// answerKeys is the table of the keys while a question is open. What is not in it
// is typed.
func answerKeys() []binding {
	return []binding{
		{on("space"), "space", "go on", "", ending, (*Model).spaceInQuestion, nil},
		{on("enter"), "a-d", "choose", "", choosing, (*Model).enterAnswer, nil},
		{on("enter"), "enter", "answer", "", answering, (*Model).enterAnswer, nil},
		{on("?", "f1"), "?", "hint", "", answering, (*Model).giveHint, (*Model).noHint},
		{on("tab"), "tab", "tell me", "", answering, (*Model).tellAnswer, (*Model).noTell},
		{on("esc"), "esc", "skip", "", answering, (*Model).skipQuestion, nil},
		{on("left"), "left", "look back", "", answering, (*Model).backInQuestion, (*Model).noBack},
		{on("right"), "", "", "", answering, (*Model).forthInQuestion, (*Model).noForth},
		{on("ctrl+p"), "ctrl+p", "no more questions", "", answering, (*Model).quietFromQuestion, nil},
		{on("down"), "", "", "", answering, (*Model).nextChoice, nil},
		{on("up"), "", "", "", answering, (*Model).previousChoice, nil},
		{on("pgdown"), "", "", "", answering, (*Model).questionDown, nil},
		{on("pgup"), "", "", "", answering, (*Model).questionUp, nil},
		{on("backspace"), "", "", "", answering, (*Model).takeBack, nil},
		{on("ctrl+c"), "", "", "", answering, (*Model).quit, nil},
	}
}
