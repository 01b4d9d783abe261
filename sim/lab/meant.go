package lab

import (
	"slices"
	"strings"

	"mailwalk/sim/near"
)

// Meant is the one among the names of verbs that somebody most likely meant who gave
// another: "drop" at a line is "drop-line". It is empty when none is near enough.
func Meant(given string, names []string) string {
	word, _, _ := strings.Cut(given, " ")
	if word == "" {
		return ""
	}
	if i := slices.IndexFunc(names, func(name string) bool { return strings.HasPrefix(name, word+"-") }); i >= 0 {
		return names[i]
	}
	if name := near.Name(given, names); name != "" {
		return name
	}
	return near.Name(word, names)
}
