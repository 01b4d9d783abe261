package smtp

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestEveryReplyCodeHasADialogue: each code that the server's own code can give
// stands in a dialogue of testdata.
func TestEveryReplyCodeHasADialogue(t *testing.T) {
	said := map[string]bool{}
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
			for _, code := range replyCodes(string(text)) {
				said[code] = true
			}
		}
	}
	codes := codesInSource(t)
	if len(codes) < 20 {
		t.Fatalf("found only %v in the source", codes)
	}
	for _, code := range codes {
		if !said[code] {
			t.Errorf("no dialogue has a %s", code)
		}
	}
}

// codesInSource returns the codes with which this package makes replies.
func codesInSource(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	add := func(e ast.Expr) {
		lit, ok := e.(*ast.BasicLit)
		if !ok || lit.Kind != token.INT {
			return
		}
		if n, err := strconv.Atoi(lit.Value); err == nil && n >= 200 && n <= 559 && !slices.Contains(codes, lit.Value) {
			codes = append(codes, lit.Value)
		}
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if fn, ok := n.Fun.(*ast.Ident); ok && fn.Name == "NewReply" && len(n.Args) > 0 {
					add(n.Args[0])
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Code" {
					add(n.Value)
				}
			}
			return true
		})
	}
	slices.Sort(codes)
	return codes
}
