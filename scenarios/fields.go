package scenarios

import (
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"time"

	"mailwalk/sim/trace"
)

// A yaml tag is the field's name in a file and then
//
//	required  the field must be there
//	named     a list that a file writes as a mapping, each key the element's name
//	alone     a single value may stand in place of the struct: it is this field's
//	inline    with no name: the element is written as this field's value alone;
//	          on a struct that is embedded: its fields stand among the others
//
// A default tag is the value, as a file would write it, of a field left out.

// fieldInfo is a field of a type as a file knows it.
type fieldInfo struct {
	name     string
	index    []int
	typ      reflect.Type
	required bool
	named    bool
	def      string
}

// typeInfo is a struct as a file knows it.
type typeInfo struct {
	fields []fieldInfo
	// body is the one field of a type that is written as that field's value; alone
	// is the name of the one that a single value is for.
	body  *fieldInfo
	alone string
}

func (t *typeInfo) find(name string) *fieldInfo {
	for i := range t.fields {
		if t.fields[i].name == name {
			return &t.fields[i]
		}
	}
	return nil
}

func (t *typeInfo) names() []string {
	names := make([]string, len(t.fields))
	for i := range t.fields {
		names[i] = t.fields[i].name
	}
	return names
}

var typeInfos sync.Map // reflect.Type to *typeInfo

func infoOf(t reflect.Type) *typeInfo {
	if info, ok := typeInfos.Load(t); ok {
		return info.(*typeInfo)
	}
	info := new(typeInfo)
	info.gather(t, nil)
	typeInfos.Store(t, info)
	return info
}

func (t *typeInfo) gather(typ reflect.Type, way []int) {
	for i := range typ.NumField() {
		sf := typ.Field(i)
		tag, tagged := sf.Tag.Lookup("yaml")
		if !tagged || tag == "-" {
			continue
		}
		parts := strings.Split(tag, ",")
		f := fieldInfo{name: parts[0], index: append(append([]int(nil), way...), i), typ: sf.Type, def: sf.Tag.Get("default")}
		for _, option := range parts[1:] {
			switch option {
			case "required":
				f.required = true
			case "named":
				f.named = true
			case "alone":
				t.alone = f.name
			}
		}
		switch {
		case f.name != "":
			t.fields = append(t.fields, f)
		case sf.Anonymous:
			t.gather(sf.Type, f.index)
		default:
			t.body = &f
		}
	}
}

// enum is a string of which only some values have a meaning.
type enum interface{ values() []string }

func enumValues(t reflect.Type) []string {
	if e, ok := reflect.Zero(t).Interface().(enum); ok {
		return e.values()
	}
	return nil
}

// isScalar tells whether a file writes the type as one value.
func isScalar(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[netip.Addr](), reflect.TypeFor[netip.Prefix](),
		reflect.TypeFor[Address](), reflect.TypeFor[trace.Selector]():
		return true
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Slice, reflect.Pointer:
		return false
	}
	return true
}
