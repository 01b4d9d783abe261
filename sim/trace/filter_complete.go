package trace

import (
	"reflect"
	"slices"
	"strings"

	"mailwalk/protocols/dialog"
)

// Completions are what the word that ends at an octet of a filter may go on as,
// each as a whole, in place of the text from octet from on. The values function
// knows values that a field has had; it may be nil.
func Completions(text string, cursor int, values func(field string) []string) (from int, words []string) {
	text = text[:min(cursor, len(text))]
	from = wordStart(text)
	word := text[from:]
	if strings.HasPrefix(word, `"`) || strings.HasPrefix(word, "/") {
		return from, nil
	}
	kind := headBefore(text[:from])
	if end := nameEnd(word); end > 0 && end < len(word) {
		field := word[:end]
		value := strings.TrimLeft(word[end:], "!=~<>")
		from = len(text) - len(value)
		return from, starting(value, quoteAll(valuesOf(kind, field, values)))
	}
	if field, ok := listBefore(text[:from]); ok {
		return from, starting(word, quoteAll(valuesOf(kind, field, values)))
	}
	var all []string
	if name, _, dotted := strings.Cut(word, "."); dotted && slices.Contains(Kinds(), Kind(name)) {
		for _, step := range Steps(Kind(name)) {
			all = append(all, name+"."+step)
		}
	} else {
		all = append(kindNames(), anyKind, faultsWord, "not", "and", "or")
	}
	for _, name := range fieldNames(kind) {
		all = append(all, name+"=")
	}
	return from, starting(word, all)
}

// wordStart is where the last word of a text begins.
func wordStart(text string) int {
	start, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted:
			if c == '\\' {
				i++
			}
			quoted = c != '"'
		case c == '"':
			quoted = true
		case strings.IndexByte(" \t\n(),&|", c) >= 0, c == '!' && i == start:
			start = i + 1
		}
	}
	return start
}

// headBefore is the last kind that a text asks for.
func headBefore(text string) Kind {
	fields := strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(" \t\n()&|", c) })
	for i, word := range slices.Backward(fields) {
		name, _, _ := strings.Cut(word, ".")
		switch {
		case word == "or":
			return ""
		case slices.Contains(Kinds(), Kind(name)) && (i == 0 || !strings.EqualFold(fields[i-1], "not")):
			return Kind(name)
		}
	}
	return ""
}

// listBefore is the field whose list of values is open at the end of a text.
func listBefore(text string) (field string, ok bool) {
	before, list, ok := cutLast(text, "(")
	if !ok || strings.Contains(list, ")") {
		return "", false
	}
	fields := strings.Fields(before)
	if n := len(fields); n >= 2 && strings.EqualFold(fields[n-1], inWord) {
		return strings.TrimLeft(fields[n-2], "(!"), true
	}
	return "", false
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// fieldNames are the fields of a kind, or of all.
func fieldNames(k Kind) []string {
	var names []string
	for _, kind := range kindsOf(k) {
		for _, n := range fieldTables()[kind].names() {
			if !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	return names
}

// valuesOf are values that a field can have.
func valuesOf(k Kind, name string, known func(string) []string) []string {
	var all []string
	switch _, short := cutLastDot(name); short {
	case "kind":
		all = kindNames()
	case "what":
		for _, kind := range kindsOf(k) {
			all = append(all, Steps(kind)...)
		}
	case "analysis":
		all = []string{KeepAlive, Retransmission, FastRetransmission, ZeroWindow, WindowUpdate, DuplicateACK}
	case "linkAnalysis":
		all = []string{KeepAlive, Retransmission, FastRetransmission, ZeroWindow, WindowUpdate, DuplicateACK, Duplicate, OutOfOrder, PreviousUnseen, AckedUnseen}
	case "role":
		for _, r := range []dialog.Role{dialog.Greeting, dialog.Command, dialog.Reply, dialog.Continuation, dialog.Untagged, dialog.Body} {
			all = append(all, string(r))
		}
	case "purpose":
		all = []string{Submission, Relay, Delivery, Retrieval}
	case "proto":
		all = []string{"ARP", "ICMP", "ICMPv6", "UDP", "TCP"}
	case "transport":
		all = []string{"udp", "tcp"}
	}
	for _, kind := range kindsOf(k) {
		if f := fieldTables()[kind].find(name); f != nil && elem(f.typ).Kind() == reflect.Bool {
			all = append(all, "true", "false")
			break
		}
	}
	if known != nil {
		for _, v := range known(name) {
			if !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
	}
	return all
}

func quoteAll(values []string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = quoteInFilter(v)
	}
	return out
}

// starting are the words that begin with a prefix and are more than it.
func starting(prefix string, words []string) []string {
	var out []string
	for _, w := range words {
		if len(w) > len(prefix) && strings.EqualFold(w[:len(prefix)], prefix) && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}
