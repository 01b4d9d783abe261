package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// inASCII are the signs that explanations are written with, as a terminal of ASCII
// alone has them. Each is as wide as what it stands for.
var inASCII = map[string]string{
	"§": "s", "–": "-", "—": "-", "·": "-", "×": "x", "…": "~",
	"→": ">", "←": "<", "↑": "^", "↓": "v",
	"’": "'", "‘": "'", "“": `"`, "”": `"`, "\u00a0": " ",
}

// toASCII replaces what is not ASCII in rows of a screen, whose words are from the
// walk and its mails too. Columns stay where they are: what has no stand-in becomes
// a question mark for each of its columns.
func toASCII(s string) string {
	if strings.IndexFunc(s, beyondASCII) < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	var state byte
	for s != "" {
		part, width, n, next := ansi.DecodeSequence(s, state, nil)
		s, state = s[n:], next
		switch stand, known := inASCII[part]; {
		case known:
			b.WriteString(stand)
		case strings.IndexFunc(part, beyondASCII) < 0:
			b.WriteString(part)
		default:
			b.WriteString(strings.Repeat("?", width))
		}
	}
	return b.String()
}

func beyondASCII(r rune) bool { return r > 0x7e }
