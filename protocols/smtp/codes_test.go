package smtp

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestEveryReplyHasADialogue: each reply that the server gives on its own account,
// the same code in other words included, stands in a dialogue of testdata.
func TestEveryReplyHasADialogue(t *testing.T) {
	var said strings.Builder
	for _, pattern := range []string{"testdata/dialogs/*.txt", "testdata/tls/*.txt"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			said.Write(text)
		}
	}
	replies := repliesInSource(t)
	var codes []string
	for _, r := range replies {
		if !slices.Contains(codes, r.code) {
			codes = append(codes, r.code)
		}
		if !r.pattern().MatchString(said.String()) {
			t.Errorf("%s: no dialogue has %s %s", r.place, r.code, r.text)
		}
	}
	if len(codes) < 20 || len(replies) < 60 {
		t.Fatalf("found only %d replies in the source, with the codes %v", len(replies), codes)
	}
}

// sourceReply is a reply as the source makes it.
type sourceReply struct {
	place, code string
	text        string // with the verbs of package fmt
}

var fmtVerb = regexp.MustCompile(`%[a-z]`)

// pattern matches a line of a dialogue with the reply.
func (r sourceReply) pattern() *regexp.Regexp {
	text := fmtVerb.ReplaceAllString(regexp.QuoteMeta(r.text), ".*")
	return regexp.MustCompile(`(?m)^S: ` + r.code + `[- ](\d\.\d+\.\d+ )?` + text + `$`)
}

// repliesInSource returns the replies that this package makes: with NewReply, with
// a literal, and with the two functions that stand before NewReply.
func repliesInSource(t *testing.T) []sourceReply {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var replies []sourceReply
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		add := func(at ast.Node, code string, text ast.Expr) {
			lit, ok := text.(*ast.BasicLit)
			if !ok {
				return // NewReply called by one of the functions before it
			}
			s, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			replies = append(replies, sourceReply{set.Position(at.Pos()).String(), code, s})
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				switch name := called(n); {
				case name == "NewReply" && len(n.Args) > 2:
					if code, ok := n.Args[0].(*ast.BasicLit); ok {
						add(n, code.Value, n.Args[2])
					}
				case name == "bad" && len(n.Args) == 1:
					add(n, "503", prefixed("Bad sequence of commands, ", n.Args[0]))
				case name == "closing":
					add(n, "421", suffixed(n.Args[1], ", closing transmission channel"))
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Code" {
					if code, ok := n.Value.(*ast.BasicLit); ok {
						add(n, code.Value, &ast.BasicLit{Kind: token.STRING, Value: `"%s"`})
					}
				}
			}
			return true
		})
	}
	return replies
}

// called is the name of what a call calls.
func called(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

func prefixed(before string, text ast.Expr) ast.Expr {
	if lit, ok := text.(*ast.BasicLit); ok {
		return &ast.BasicLit{Kind: token.STRING, Value: `"` + before + lit.Value[1:]}
	}
	return text
}

// suffixed is the text of a reply that ends a session, behind the server's name.
func suffixed(text ast.Expr, after string) ast.Expr {
	if lit, ok := text.(*ast.BasicLit); ok {
		return &ast.BasicLit{Kind: token.STRING, Value: `"%s ` + strings.TrimSuffix(lit.Value[1:], `"`) + after + `"`}
	}
	return text
}
