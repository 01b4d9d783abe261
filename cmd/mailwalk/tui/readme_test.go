package tui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const readme = "../../../README.md"

// keyTable is the table of keys in Markdown.
func keyTable() string {
	var b strings.Builder
	var last group
	for _, k := range bindings() {
		if k.long == "" {
			continue
		}
		if k.group != last {
			b.WriteString("\n| " + string(k.group) + " | |\n|---|---|\n")
			last = k.group
		}
		var keys []string
		for _, key := range strings.Fields(k.show) {
			if len(keys) > 0 && strings.HasPrefix(k.show, "ctrl+") && len(key) == 1 {
				key = "ctrl+" + key
			}
			keys = append(keys, "`"+key+"`")
		}
		b.WriteString("| " + strings.Join(keys, " ") + " | " + strings.ReplaceAll(k.long, "|", "\\|") + " |\n")
	}
	return b.String()
}

// The keys in the README are those of the program.
func TestReadmeHasTheKeys(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, begins := strings.Cut(string(text), "<!-- keys:")
	comment, rest, _ := strings.Cut(rest, "-->\n")
	table, tail, ends := strings.Cut(rest, "\n<!-- /keys -->")
	if !begins || !ends {
		t.Fatal("the README has no place for the keys")
	}
	if table == keyTable() {
		return
	}
	if !*update {
		t.Fatal("the README has other keys than the program; go test ./cmd/mailwalk/tui -run TestReadme -update writes them anew")
	}
	if err := os.WriteFile(readme, []byte(head+"<!-- keys:"+comment+"-->\n"+keyTable()+"\n<!-- /keys -->"+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The pictures in the README are there, and small enough to be looked at from afar.
func TestReadmeHasItsPictures(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	pictures := strings.Split(string(text), "](.readme/")[1:]
	if len(pictures) < 2 {
		t.Fatalf("%d pictures", len(pictures))
	}
	for _, p := range pictures {
		name, _, _ := strings.Cut(p, ")")
		info, err := os.Stat(filepath.Join(filepath.Dir(readme), ".readme", name))
		if err != nil {
			t.Error(err)
			continue
		}
		if info.Size() > 1_500_000 {
			t.Errorf("%s has %d octets", name, info.Size())
		}
	}
}
