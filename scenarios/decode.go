package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"mailwalk/sim/near"
	"mailwalk/sim/trace"
)

// Limits of a walk's file. The YAML parser takes time that grows with the square
// of nesting and of line length; within these it is done in milliseconds.
const (
	maxFileSize = 256 << 10
	maxLine     = 8000
	maxNesting  = 500
)

// marks are the places of values, by the way to the field: hosts.laptop.link.
type marks map[string]Position

// of is the place of a field, or, when it was left out, of what it would be part
// of.
func (m marks) of(field string) Position {
	for {
		if pos, ok := m[field]; ok || field == "" {
			return pos
		}
		field = field[:max(0, strings.LastIndexAny(field, ".["))]
	}
}

// decode reads a file into a scenario, and says everything that is not of the
// language's form.
func decode(file string, src []byte) (*Scenario, Problems) {
	d := decoder{file: file, src: src, marks: marks{}, blocks: map[string]block{}}
	s := &Scenario{File: file, Source: src}
	v := reflect.ValueOf(s).Elem()
	d.defaults(v)
	if root := d.parse(); root != nil {
		d.into(v, root, "", nil)
	}
	s.marks, s.blocks = d.marks, d.blocks
	d.problems.sort()
	return s, d.problems
}

type decoder struct {
	file     string
	src      []byte
	split    []string // the lines, once somebody asked for one
	problems Problems
	marks    marks
	blocks   map[string]block
}

// block is where a text that keeps its line ends stands in the file.
type block struct {
	line   int // of its first line
	indent int // spaces before each line
}

func (d *decoder) fail(pos Position, field, remedy, format string, args ...any) {
	d.problems = append(d.problems, Problem{
		File: d.file, Line: pos.Line, Column: pos.Column, Field: field, Text: fmt.Sprintf(format, args...), Remedy: remedy,
	})
}

// parse returns the mapping that the file is.
func (d *decoder) parse() ast.Node {
	start := Position{1, 1}
	switch {
	case len(d.src) > maxFileSize:
		d.fail(start, "", "put large contents into files of their own, or let them be generated", "the file has %d octets, and a walk has %d at most", len(d.src), maxFileSize)
		return nil
	case !utf8.Valid(d.src):
		d.fail(start, "", "save it as UTF-8", "the file is not UTF-8 text")
		return nil
	}
	if !d.lines() {
		return nil
	}
	f, err := parser.ParseBytes(d.src, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntax(err)
		return nil
	}
	var docs []ast.Node
	for _, doc := range f.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.DirectiveType {
			docs = append(docs, doc.Body)
		}
	}
	switch len(docs) {
	case 0:
		d.fail(start, "", "begin with version: 1", "the file is empty")
		return nil
	case 1:
		return docs[0]
	}
	d.fail(place(docs[1]), "", "put each walk into a file of its own", "a second document begins")
	return nil
}

// lines tells whether the file's lines and its brackets keep to the limits.
func (d *decoder) lines() bool {
	depth, line := 0, 0
	for text := range bytes.Lines(d.src) {
		line++
		if len(text) > maxLine {
			d.fail(Position{line, 1}, "", "break it into several", "the line has %d octets, and a line has %d at most", len(text), maxLine)
			return false
		}
		depth += bytes.Count(text, []byte("[")) + bytes.Count(text, []byte("{"))
		depth = max(0, depth-bytes.Count(text, []byte("]"))-bytes.Count(text, []byte("}")))
		if depth > maxNesting {
			d.fail(Position{line, 1}, "", "close some", "%d brackets and braces are open", depth)
			return false
		}
	}
	return true
}

func (d *decoder) syntax(err error) {
	var se *yaml.SyntaxError
	if !errors.As(err, &se) || se.Token == nil {
		d.fail(Position{1, 1}, "", "", "this is not YAML: %v", err)
		return
	}
	remedy := "check the indentation and the quotes near it"
	switch {
	case strings.Contains(se.Message, "mapping value is not allowed"):
		remedy = "put a text that has a colon and a space in it into quotes"
	case strings.Contains(se.Message, "'\t'"), strings.Contains(se.Message, "tab"):
		remedy = "indent with spaces"
	}
	d.fail(tokenPlace(se.Token), "", remedy, "this is not YAML: %s", se.Message)
}

func tokenPlace(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{1, 1}
	}
	return Position{t.Position.Line, max(1, t.Position.Column)}
}

// place is where a node begins; a mapping begins at its first key.
func place(n ast.Node) Position {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return place(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return place(n.Key)
	}
	return tokenPlace(n.GetToken())
}

// into decodes a node into a value. field is the way to it; info is nil for what
// is not a field of its own.
func (d *decoder) into(v reflect.Value, n ast.Node, field string, info *fieldInfo) {
	if _, marked := d.marks[field]; !marked {
		d.marks[field] = place(n)
	}
	if d.foreign(n, field) {
		return
	}
	t := v.Type()
	switch {
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && !isScalar(t.Elem()):
		d.program(v, n, field)
	case t.Kind() == reflect.Pointer:
		p := reflect.New(t.Elem())
		d.into(p.Elem(), n, field, info)
		v.Set(p)
	case isScalar(t):
		d.scalar(v, n, field)
	case t.Kind() == reflect.Slice && info != nil && info.named:
		d.namedList(v, n, field)
	case t.Kind() == reflect.Slice:
		d.list(v, n, field)
	default:
		d.structure(v, n, field)
	}
}

// foreign tells of what YAML has and the language has not.
func (d *decoder) foreign(n ast.Node, field string) bool {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode:
		d.fail(place(n), field, "write the value out; put it into quotes if it is to begin with & or *", "the language has no anchors and aliases (& and *)")
	case *ast.TagNode:
		d.fail(place(n), field, "leave it out; put the value into quotes if it is to begin with !", "the language has no tags (!)")
	case *ast.NullNode:
		d.fail(place(n), field, "write a value, or leave the field out", "there is no value")
	default:
		return false
	}
	return true
}

// program decodes a part that may be there or not: yes stands for it with its
// defaults.
func (d *decoder) program(v reflect.Value, n ast.Node, field string) {
	p := reflect.New(v.Type().Elem())
	d.defaults(p.Elem())
	if text, ok := scalarText(n); ok {
		switch text {
		case "no", "false":
			return
		case "yes", "true":
			for _, f := range infoOf(p.Elem().Type()).fields {
				if f.required {
					d.fail(place(n), field, "write "+f.name+": below it", "%s is missing", f.name)
				}
			}
			v.Set(p)
			return
		}
	}
	d.structure(p.Elem(), n, field)
	v.Set(p)
}

func (d *decoder) scalar(v reflect.Value, n ast.Node, field string) {
	text, ok := scalarText(n)
	if !ok {
		d.fail(place(n), field, "write one value", "a %s stands where a single value is to stand", shape(n))
		return
	}
	if lit, ok := n.(*ast.LiteralNode); ok && strings.HasPrefix(lit.Start.Value, "|") {
		d.block(field, place(n).Line+1)
	}
	if v.Type() == reflect.TypeFor[trace.Selector]() {
		d.noCount(n, field)
	}
	if w := setScalar(v, text); w != nil {
		d.fail(place(n), field, w.remedy, "%s", w.text)
	}
}

// block notes where a text begins; its first line that is not empty tells how far
// it is indented.
func (d *decoder) block(field string, first int) {
	for line := first; ; line++ {
		text, ok := d.line(line)
		if !ok {
			return
		}
		if trimmed := strings.TrimLeft(text, " "); trimmed != "" {
			d.blocks[field] = block{first, len(text) - len(trimmed)}
			return
		}
	}
}

// line is a line of the file, counted from 1, without its line end.
func (d *decoder) line(n int) (string, bool) {
	if d.split == nil {
		d.split = strings.Split(string(d.src), "\n")
	}
	if n < 1 || n > len(d.split) {
		return "", false
	}
	return strings.TrimSuffix(d.split[n-1], "\r"), true
}

var countComment = regexp.MustCompile(`\s#\d+\s*$`)

// noCount complains of #2 behind a selector: it is meant as a count, and YAML
// takes it for a comment.
func (d *decoder) noCount(n ast.Node, field string) {
	pos := tokenPlace(n.GetToken())
	text, ok := d.line(pos.Line)
	if !ok {
		return
	}
	if at := countComment.FindStringIndex(text); at != nil {
		d.fail(Position{pos.Line, utf8.RuneCountInString(text[:at[0]]) + 2}, field, "write nth= and the number", "to YAML a comment begins here")
	}
}

// scalarText is the text of a single value as the file has it: 0x10 and yes stay
// what they look like.
func scalarText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func shape(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "mapping"
	case *ast.SequenceNode:
		return "list"
	}
	return "single value"
}

// list decodes a list; one single value stands for a list of it.
func (d *decoder) list(v reflect.Value, n ast.Node, field string) {
	nodes := []ast.Node{n}
	seq, isSeq := n.(*ast.SequenceNode)
	_, isScalarNode := scalarText(n)
	switch {
	case isSeq:
		nodes = seq.Values
	case !isScalar(v.Type().Elem()) || !isScalarNode:
		d.fail(place(n), field, "begin each element with a dash: - …", "a %s stands where a list is to stand", shape(n))
		return
	}
	out := reflect.MakeSlice(v.Type(), len(nodes), len(nodes))
	for i, e := range nodes {
		way := field
		if isSeq {
			way += "[" + strconv.Itoa(i) + "]"
		}
		d.element(out.Index(i), e, way)
	}
	v.Set(out)
}

// element decodes an element of a list, which is a value or a pointer to a
// struct that is always there.
func (d *decoder) element(v reflect.Value, n ast.Node, field string) {
	if v.Kind() != reflect.Pointer {
		d.into(v, n, field, nil)
		return
	}
	p := reflect.New(v.Type().Elem())
	d.defaults(p.Elem())
	v.Set(p)
	d.into(p.Elem(), n, field, nil)
}

// namedList decodes a mapping into a list of structs whose first field is their
// name.
func (d *decoder) namedList(v reflect.Value, n ast.Node, field string) {
	entries, ok := mapping(n)
	if !ok {
		d.fail(place(n), field, "write each as name: …", "a %s stands where a mapping from names is to stand", shape(n))
		return
	}
	out := reflect.MakeSlice(v.Type(), 0, len(entries))
	seen := map[string]Position{}
	for _, e := range entries {
		name, ok := d.name(e, field, seen)
		if !ok {
			continue
		}
		p := reflect.New(v.Type().Elem().Elem())
		d.defaults(p.Elem())
		p.Elem().Field(0).SetString(name)
		p.Elem().FieldByName("Pos").Set(reflect.ValueOf(place(e.Key)))
		way := join(field, name)
		d.marks[way] = place(e.Key)
		d.into(p.Elem(), e.Value, way, nil)
		out = reflect.Append(out, p)
	}
	v.Set(out)
}

// name is the key of a mapping's entry; it must be a single value and new.
func (d *decoder) name(e *ast.MappingValueNode, field string, seen map[string]Position) (string, bool) {
	at := place(e.Key)
	if _, merge := e.Key.(*ast.MergeKeyNode); merge {
		d.fail(at, field, "write the fields out", "the language has no merges (<<)")
		return "", false
	}
	keyNode, _ := e.Key.(ast.Node)
	name, ok := scalarText(keyNode)
	if !ok {
		d.fail(at, field, "write a plain name before the colon", "%q is no name", e.Key.String())
		return "", false
	}
	if before, twice := seen[name]; twice {
		d.fail(at, join(field, name), "leave one of them out", "%s stands here for the second time, after line %d", name, before.Line)
		return "", false
	}
	seen[name] = at
	return name, true
}

func mapping(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// join is the way to a field or an element of that name; a name with dots in it
// stands in brackets.
func join(field, name string) string {
	switch {
	case field == "":
		return name
	case strings.Contains(name, "."):
		return field + "[" + name + "]"
	}
	return field + "." + name
}

// structure decodes a mapping into the fields of a struct.
func (d *decoder) structure(v reflect.Value, n ast.Node, field string) {
	info := infoOf(v.Type())
	if pos := v.FieldByName("Pos"); pos.IsValid() && pos.IsZero() {
		pos.Set(reflect.ValueOf(place(n)))
	}
	if info.body != nil {
		d.into(v.FieldByIndex(info.body.index), n, field, info.body)
		return
	}
	if _, single := scalarText(n); single && info.alone != "" {
		f := info.find(info.alone)
		d.into(v.FieldByIndex(f.index), n, field, f)
		return
	}
	entries, ok := mapping(n)
	if !ok {
		d.fail(place(n), field, "write its fields below it: "+strings.Join(info.names(), ", "), "a %s stands where a mapping of fields is to stand", shape(n))
		return
	}
	seen := map[string]Position{}
	for _, e := range entries {
		name, ok := d.name(e, field, seen)
		if !ok {
			continue
		}
		f := info.find(name)
		if f == nil {
			d.fail(place(e.Key), join(field, name), meant(name, info.names()), "there is no field %s here", name)
			// What it was meant to be is not missing, too.
			seen[near.Name(name, info.names())] = place(e.Key)
			continue
		}
		d.into(v.FieldByIndex(f.index), e.Value, join(field, name), f)
	}
	for _, f := range info.fields {
		if _, there := seen[f.name]; f.required && !there {
			d.fail(d.marks[field], field, "write "+f.name+": …", "%s is missing", f.name)
		}
	}
}

// defaults fills in what a file may leave out.
func (d *decoder) defaults(v reflect.Value) {
	if v.Kind() != reflect.Struct || isScalar(v.Type()) {
		return
	}
	for _, f := range infoOf(v.Type()).fields {
		fv := v.FieldByIndex(f.index)
		switch {
		case f.def == "":
			d.defaults(fv)
		case fv.Kind() == reflect.Slice:
			one := reflect.MakeSlice(fv.Type(), 1, 1)
			d.setDefault(one.Index(0), f)
			fv.Set(one)
		default:
			d.setDefault(fv, f)
		}
	}
}

func (d *decoder) setDefault(v reflect.Value, f fieldInfo) {
	if w := setScalar(v, f.def); w != nil {
		d.fail(Position{1, 1}, f.name, w.remedy, "the default is wrong: %s", w.text)
	}
}
