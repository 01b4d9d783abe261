package trace

import "slices"

// HasField tells whether events of a kind have a field of that name, as selectors
// name it. Of any kind, named by the empty text, all that every event has.
func HasField(k Kind, name string) bool {
	if k == "" {
		return eventFields().find(name) != nil
	}
	return fieldTables()[k].find(name) != nil
}

// FieldNames lists the fields of the events of a kind, as selectors name them.
func FieldNames(k Kind) []string {
	if k == "" {
		return eventFields().names()
	}
	return slices.Clone(fieldTables()[k].names())
}

// Values are what a field of an event holds, as texts: several when it is a list,
// none when it is empty or the event has no such field.
func Values(e *Event, name string) []string {
	f := fieldTables()[e.Kind].find(name)
	if f == nil {
		return nil
	}
	var all []string
	f.each(e, func(v value) bool {
		all = append(all, v.text())
		return false
	})
	return all
}
