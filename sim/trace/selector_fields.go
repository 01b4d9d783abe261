package trace

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// field is a field of events as a selector names it.
type field struct {
	name string
	// way is the way from the event, or from the body, to the field: indexes of
	// struct fields. Pointers and lists on the way are gone through.
	way    []int
	inBody bool
	typ    reflect.Type
}

// fieldTable are the fields of the events of one kind, in the order of their
// structs.
type fieldTable []field

func (t fieldTable) find(name string) *field {
	for i := range t {
		if t[i].name == name {
			return &t[i]
		}
	}
	return nil
}

func (t fieldTable) names() []string {
	names := make([]string, len(t))
	for i := range t {
		names[i] = t[i].name
	}
	return names
}

var fieldTables = sync.OnceValue(func() map[Kind]fieldTable {
	tables := make(map[Kind]fieldTable)
	for _, k := range Kinds() {
		table := eventFields()
		inner := collect(reflect.TypeOf(newBody(k)).Elem(), nil, "")
		table = append(table, inner...)
		tables[k] = withShortNames(table)
	}
	return tables
})

// eventFields are those that every event has.
func eventFields() fieldTable {
	e := reflect.TypeFor[Event]()
	var table fieldTable
	for _, f := range []struct{ name, goName string }{
		{"seq", "Seq"}, {"at", "At"}, {"host", "Host"}, {"kind", "Kind"}, {"what", "What"}, {"key", "Key"}, {"causes", "Causes"},
	} {
		sf, _ := e.FieldByName(f.goName)
		table = append(table, field{name: f.name, way: sf.Index, typ: sf.Type})
	}
	ids, _ := e.FieldByName("IDs")
	for _, f := range collect(ids.Type, ids.Index, "") {
		f.inBody = false
		table = append(table, f)
	}
	return table
}

// collect lists the fields of a struct, and behind a dot those of structs inside
// it.
func collect(t reflect.Type, way []int, prefix string) fieldTable {
	var table fieldTable
	for i := range t.NumField() {
		sf := t.Field(i)
		here := append(slices.Clone(way), i)
		inner := elem(sf.Type)
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		switch {
		case sf.Anonymous && name == "":
			table = append(table, collect(inner, here, prefix)...)
		case !sf.IsExported() || name == "" || name == "-":
		case isPlainStruct(inner):
			if hasText(inner) {
				table = append(table, field{name: prefix + name, way: here, inBody: true, typ: sf.Type})
			}
			table = append(table, collect(inner, here, prefix+name+".")...)
		default:
			table = append(table, field{name: prefix + name, way: here, inBody: true, typ: sf.Type})
		}
	}
	return table
}

// withShortNames adds for each field inside another its own name, where no other
// field has it.
func withShortNames(table fieldTable) fieldTable {
	taken := make(map[string]int)
	for i := range table {
		_, short := cutLastDot(table[i].name)
		if short != table[i].name {
			taken[short]++
		}
	}
	full := table
	for i := range full {
		_, short := cutLastDot(full[i].name)
		if short == full[i].name || taken[short] > 1 || full.find(short) != nil {
			continue
		}
		f := full[i]
		f.name = short
		table = append(table, f)
	}
	return table
}

func cutLastDot(name string) (before, after string) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", name
	}
	return name[:i], name[i+1:]
}

// elem takes pointers and lists off a type; octets are no list.
func elem(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 {
		t = t.Elem()
	}
	return t
}

// isPlainStruct tells a struct with fields of its own from a value such as an
// address.
func isPlainStruct(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !t.Implements(reflect.TypeFor[fmt.Stringer]())
}

// hasText tells whether a struct as a whole can be compared with a text.
func hasText(t reflect.Type) bool { return t == reflect.TypeFor[Record]() }

func isDuration(t reflect.Type) bool { return elem(t) == reflect.TypeFor[time.Duration]() }

func isNumber(t reflect.Type) bool {
	switch elem(t).Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return !isDuration(t)
	}
	return false
}

// each calls fn for each value that the field holds in the event, until fn is
// satisfied. Empty texts and what is missing are no values.
func (f *field) each(e *Event, fn func(value) bool) (satisfied, empty bool) {
	v := reflect.ValueOf(e)
	if f.inBody {
		v = reflect.ValueOf(e.Body)
	}
	empty = true
	satisfied = gather(v, f.way, &empty, fn)
	return satisfied, empty
}

func gather(v reflect.Value, way []int, empty *bool, fn func(value) bool) bool {
	switch {
	case !v.IsValid(), v.Kind() == reflect.Pointer && v.IsNil():
		return false
	case v.Kind() == reflect.Pointer:
		return gather(v.Elem(), way, empty, fn)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		for i := range v.Len() {
			if gather(v.Index(i), way, empty, fn) {
				return true
			}
		}
		return false
	case len(way) > 0:
		return gather(v.Field(way[0]), way[1:], empty, fn)
	}
	one := value{v}
	if !one.there() {
		return false
	}
	*empty = false
	return fn(one)
}

// value is what a field of one event holds.
type value struct{ v reflect.Value }

// optional is a value that its zero stands for the lack of: an address.
type optional interface {
	fmt.Stringer
	IsValid() bool
}

// there tells whether the value is more than an empty text.
func (x value) there() bool {
	switch x.v.Kind() {
	case reflect.String, reflect.Slice:
		return x.v.Len() > 0
	case reflect.Struct:
		o, ok := x.v.Interface().(optional)
		return !ok || o.IsValid()
	}
	return true
}

func (x value) text() string {
	switch x.v.Kind() {
	case reflect.String:
		return x.v.String()
	case reflect.Slice:
		return string(x.v.Bytes())
	case reflect.Bool:
		return strconv.FormatBool(x.v.Bool())
	case reflect.Struct:
		if r, ok := x.v.Interface().(Record); ok {
			return fmt.Sprintf("%s %d %s %s", r.Name, r.TTL, r.Type, r.Data)
		}
	}
	switch {
	case isDuration(x.v.Type()):
		return time.Duration(x.v.Int()).String()
	case x.v.CanInt():
		return strconv.FormatInt(x.v.Int(), 10)
	case x.v.CanUint():
		return strconv.FormatUint(x.v.Uint(), 10)
	}
	return fmt.Sprint(x.v.Interface())
}

// numeric is the value of a field that is a number or a time.
func (x value) numeric() (int64, bool) {
	switch {
	case x.v.CanInt():
		return x.v.Int(), true
	case x.v.CanUint():
		return int64(x.v.Uint()), true
	}
	return 0, false
}

// number is the value as a number: a text such as a reply code counts when it
// is written in digits.
func (x value) number() (int64, bool) {
	if n, ok := x.numeric(); ok {
		return n, true
	}
	if x.v.Kind() != reflect.String {
		return 0, false
	}
	n, err := strconv.ParseInt(x.v.String(), 10, 64)
	return n, err == nil
}
