package scenarios

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"mailwalk/sim/trace"
)

var update = flag.Bool("update", false, "rewrite schema.json, the reference in README.md and the goldens")

// fieldDocs are the comments of the language's types and their fields: by
// "Type" and "Type.Field".
func fieldDocs(t *testing.T) map[string]string {
	t.Helper()
	docs := map[string]string{}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range files {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				spec, ok := s.(*ast.TypeSpec)
				if !ok {
					continue
				}
				docs[spec.Name.Name] = oneLine(g.Doc.Text())
				if st, ok := spec.Type.(*ast.StructType); ok {
					for _, field := range st.Fields.List {
						for _, n := range field.Names {
							docs[spec.Name.Name+"."+n.Name] = oneLine(field.Doc.Text())
						}
					}
				}
			}
		}
	}
	return docs
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// docType is a struct of the language for the documentation.
type docType struct {
	typ    reflect.Type
	fields []docField
	body   *docField // for a type that is written as one value
}

type docField struct {
	fieldInfo
	doc string
}

// language lists the structs of the language, the outermost first.
func language(t *testing.T) []docType {
	t.Helper()
	docs := fieldDocs(t)
	var all []docType
	queue := []reflect.Type{reflect.TypeFor[Scenario]()}
	for i := 0; i < len(queue); i++ {
		typ := queue[i]
		info := infoOf(typ)
		d := docType{typ: typ}
		for _, f := range info.fields {
			d.fields = append(d.fields, documented(t, docs, typ, f))
			if inner := innerStruct(f.typ); inner != nil && !slices.Contains(queue, inner) {
				queue = append(queue, inner)
			}
		}
		if info.body != nil {
			body := documented(t, docs, typ, *info.body)
			d.body = &body
		}
		all = append(all, d)
	}
	return all
}

func documented(t *testing.T, docs map[string]string, typ reflect.Type, f fieldInfo) docField {
	t.Helper()
	owner := typ
	if len(f.index) > 1 {
		owner = typ.FieldByIndex(f.index[:len(f.index)-1]).Type
	}
	doc := docs[owner.Name()+"."+typ.FieldByIndex(f.index).Name]
	if doc == "" {
		t.Errorf("%s.%s has no comment", owner.Name(), typ.FieldByIndex(f.index).Name)
	}
	return docField{f, doc}
}

// innerStruct is the struct of the language that a field holds, or a list of.
func innerStruct(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct && !isScalar(t) {
		return t
	}
	return nil
}

// object keeps the order of its entries when it is printed.
type object []entry

type entry struct {
	key   string
	value any
}

func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, e := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		value, err := marshal(e.value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s", e.key, value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

func makeSchema(t *testing.T) []byte {
	t.Helper()
	types := language(t)
	defs := object{}
	for _, d := range types[1:] {
		defs = append(defs, entry{d.typ.Name(), structSchema(d)})
	}
	root := append(object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"title", "A walk of mailwalk"},
	}, structSchema(types[0])...)
	root = append(root, entry{"$defs", defs})
	raw, err := marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	out.WriteByte('\n')
	return out.Bytes()
}

func structSchema(d docType) object {
	if d.body != nil {
		return fieldSchema(*d.body)
	}
	props := object{}
	var required []string
	for _, f := range d.fields {
		props = append(props, entry{f.name, fieldSchema(f)})
		if f.required {
			required = append(required, f.name)
		}
	}
	s := object{{"type", "object"}, {"properties", props}, {"additionalProperties", false}}
	if required != nil {
		s = append(s, entry{"required", required})
	}
	if alone := infoOf(d.typ).alone; alone != "" {
		return object{{"anyOf", []object{{{"type", "string"}}, s}}}
	}
	return s
}

func fieldSchema(f docField) object {
	s := object{{"description", f.doc}}
	if f.def != "" {
		s = append(s, entry{"default", f.def})
	}
	if f.named {
		return append(s, entry{"type", "object"}, entry{"additionalProperties", ref(f.typ)})
	}
	return append(s, typeSchema(f.typ)...)
}

func ref(t reflect.Type) object { return object{{"$ref", "#/$defs/" + innerStruct(t).Name()}} }

func typeSchema(t reflect.Type) object {
	switch {
	case t.Kind() == reflect.Pointer && innerStruct(t) == nil:
		return typeSchema(t.Elem())
	case t.Kind() == reflect.Pointer && t == reflect.TypeFor[*Generated](), t == reflect.TypeFor[*Delivered]():
		return ref(t)
	case t.Kind() == reflect.Pointer:
		return object{{"anyOf", []object{yesNo(), ref(t)}}}
	case t.Kind() == reflect.Slice && innerStruct(t) != nil:
		return object{{"type", "array"}, {"items", ref(t)}}
	case t.Kind() == reflect.Slice:
		one := typeSchema(t.Elem())
		return object{{"anyOf", []object{one, {{"type", "array"}, {"items", one}}}}}
	case t.Kind() == reflect.Struct && !isScalar(t):
		return ref(t)
	}
	if values := enumValues(t); values != nil {
		return object{{"enum", values}}
	}
	switch t {
	case reflect.TypeFor[time.Duration]():
		return object{{"type", "string"}, {"pattern", `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d))+$|^0$`}}
	case reflect.TypeFor[Size]():
		return object{{"type", []string{"string", "integer"}}, {"pattern", "^[0-9]+ ?(B|kB|MB|GB|KiB|MiB|GiB)?$"}}
	case reflect.TypeFor[Bandwidth]():
		return object{{"type", "string"}, {"pattern", "^[0-9]+ ?(bit|kbit|Mbit|Gbit)/s$"}}
	case reflect.TypeFor[Share]():
		return object{{"type", "string"}, {"pattern", `^[0-9]+(\.[0-9])? ?%$`}}
	case reflect.TypeFor[time.Time]():
		return object{{"type", "string"}, {"format", "date-time"}}
	}
	switch t.Kind() {
	case reflect.Bool:
		return yesNo()
	case reflect.Int, reflect.Uint64:
		return object{{"type", "integer"}, {"minimum", 0}}
	}
	return object{{"type", "string"}}
}

func yesNo() object { return object{{"enum", []any{true, false, "yes", "no"}}} }

func TestSchemaIsMadeFromTheTypes(t *testing.T) {
	want := makeSchema(t)
	if *update {
		if err := os.WriteFile("schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(Schema(), want) {
		t.Error("schema.json is not what the types say; run go test ./scenarios -update")
	}
}

const (
	referenceBegins = "<!-- reference: made from the types' comments; go test ./scenarios -update -->\n"
	referenceEnds   = "<!-- end of reference -->\n"
)

func makeReference(t *testing.T) string {
	t.Helper()
	docs := fieldDocs(t)
	var b strings.Builder
	for i, d := range language(t) {
		if d.body != nil {
			continue
		}
		if i == 0 {
			b.WriteString("\n### A walk\n\n")
		} else {
			fmt.Fprintf(&b, "\n### %s\n\n%s\n\n", d.typ.Name(), docs[d.typ.Name()])
		}
		b.WriteString("| field | value | default | meaning |\n|---|---|---|---|\n")
		for _, f := range d.fields {
			def := ""
			switch {
			case f.required:
				def = "must be there"
			case f.def != "":
				def = "`" + f.def + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.name, valueDoc(t, f), def, f.doc)
		}
	}
	return b.String() + "\n"
}

// valueDoc says what is written as a field's value.
func valueDoc(t *testing.T, f docField) string {
	t.Helper()
	typ := f.typ
	inner := innerStruct(typ)
	link := ""
	if inner != nil {
		link = fmt.Sprintf("[%s](#%s)", inner.Name(), strings.ToLower(inner.Name()))
		if infoOf(inner).alone != "" {
			link = "text, or " + link
		}
		if body := infoOf(inner).body; body != nil {
			link = valueDoc(t, docField{fieldInfo: *body})
		}
	}
	switch {
	case f.named:
		return "mapping: name → " + link
	case inner != nil && typ.Kind() == reflect.Slice:
		return "list of " + link
	case inner != nil && typ.Kind() == reflect.Pointer && inner != reflect.TypeFor[Generated]() && inner != reflect.TypeFor[Delivered]():
		return "yes, or " + link
	case inner != nil:
		return link
	case typ.Kind() == reflect.Slice:
		return "one or a list of: " + scalarDoc(typ.Elem())
	case typ.Kind() == reflect.Pointer:
		return scalarDoc(typ.Elem())
	}
	return scalarDoc(typ)
}

func scalarDoc(t reflect.Type) string {
	if values := enumValues(t); values != nil {
		return "`" + strings.Join(values, "`, `") + "`"
	}
	switch t {
	case reflect.TypeFor[time.Duration]():
		return "duration"
	case reflect.TypeFor[time.Time]():
		return "date and time"
	case reflect.TypeFor[Size]():
		return "size"
	case reflect.TypeFor[Bandwidth]():
		return "bandwidth"
	case reflect.TypeFor[Share]():
		return "share"
	case reflect.TypeFor[Address]():
		return "mail address or person"
	case reflect.TypeFor[trace.Selector]():
		return "selector"
	case reflect.TypeFor[netip.Addr]():
		return "IP address"
	case reflect.TypeFor[netip.Prefix]():
		return "address range"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "yes or no"
	case reflect.Int, reflect.Uint64:
		return "number"
	}
	return "text"
}

func TestReadmeHasTheReference(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), referenceBegins)
	_, after, ok2 := strings.Cut(rest, referenceEnds)
	if !ok || !ok2 {
		t.Fatal("README.md has lost the marks around the reference")
	}
	want := before + referenceBegins + makeReference(t) + referenceEnds + after
	if *update {
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(data) != want {
		t.Error("the reference in README.md is not what the types say; run go test ./scenarios -update")
	}
	for _, d := range language(t) {
		for _, f := range d.fields {
			if !strings.Contains(string(data), "`"+f.name+"`") {
				t.Errorf("README.md does not mention %s of %s", f.name, d.typ.Name())
			}
		}
	}
}

// The example of the README is a walk that can be run.
func TestReadmeExample(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), "```yaml\n")
	example, _, found := strings.Cut(rest, "```\n")
	if !found {
		t.Fatal("README.md has no example")
	}
	s, err := Parse("smallest.yaml", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Warnings) > 0 {
		t.Error(s.Warnings)
	}
}
