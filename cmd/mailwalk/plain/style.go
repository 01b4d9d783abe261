package plain

// SGR is the parameters of a terminal's "select graphic rendition" (ECMA-48
// §8.3.117), such as "1;34"; empty leaves the text as it is.
type SGR string

func (s SGR) paint(text string) string {
	if s == "" || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// Style is how parts of a print look. Words and places say everything that
// colours say, so the zero Style, which is plain, loses nothing.
type Style struct {
	Heading, Dim, Why, Note, Warning    SGR
	Client, Server                      SGR
	Packet, Lookup, Decision, Mail, Act SGR
	Good, Bad                           SGR
}

// Colours is a style of the sixteen colours that every terminal has, so that it
// follows the terminal's own theme.
func Colours() Style {
	return Style{
		Heading: "1", Dim: "2", Note: "3", Warning: "1;33",
		Client: "36", Server: "35",
		Packet: "2", Lookup: "34", Decision: "33", Mail: "1", Act: "32",
		Good: "32", Bad: "1;31",
	}
}
