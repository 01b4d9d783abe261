package tui

import "mailwalk/sim/trace"

// Key is a row of the table of keys, as another face needs it.
type Key struct {
	// Names are the keys as a terminal program names them: "space", "l", "right".
	Names []string
	// Show is how they are written for a person, Long what they do; both are empty
	// for a key that another row tells of.
	Show, Long string
	// Group is the heading they stand under.
	Group string
}

// Keys is the table of keys, in the order of the help.
func Keys() []Key {
	table := bindings()
	keys := make([]Key, len(table))
	for i, b := range table {
		keys[i] = Key{Names: b.keys.Keys(), Show: b.show, Long: b.long, Group: string(b.group)}
	}
	return keys
}

// Field is a name and what stands behind it.
type Field struct{ Name, Value string }

// Fields are those of an event, as the pane of reasons lists them. A blank name
// goes on with the list of the one before.
func Fields(e *trace.Event) []Field {
	var all []Field
	for _, f := range fieldsOf(e) {
		all = append(all, Field{f.name, f.value})
	}
	return all
}
