package imap

import (
	"bytes"
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden dialogs")

// A golden dialog is a text file. Lines "C: …" are what the client sends, "S: …"
// what the server answers until it waits for more. "C> …" sends without a line end,
// "C| …" sends together with the line after it. "S closes" says that the server
// closed the connection. "# …" is a comment, or a setting:
//
//	# server: literal+ appendlimit=100 maxerrors=3 private starttls
//	# mailbox: Archive/2016 \Archive
//	# deliver: INBOX plain.eml \Seen
//
// "! …" does something meanwhile: "! deliver INBOX plain.eml", "! flags INBOX 2
// \Deleted", "! expunge INBOX", "! wait 31m".

type golden struct {
	t      *testing.T
	store  *memory
	server *Server
	conn   *scriptConn
	out    bytes.Buffer
}

func TestGoldenDialogs(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden dialogs: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runGolden(t, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("dialog differs (run with -update to rewrite)\ngot:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func testServer(store *memory, now func() time.Time) *Server {
	return &Server{
		Hostname: "imap.example.org", Software: "mailwalk", Backend: store, AllowCleartext: true, Now: now,
	}
}

func runGolden(t *testing.T, script string) string {
	store, conn := newMemory(), newScriptConn()
	g := &golden{t: t, store: store, conn: conn, server: testServer(store, conn.clock)}
	lines := strings.Split(strings.TrimSuffix(script, "\n"), "\n")
	for _, line := range lines {
		if setting, is := strings.CutPrefix(line, "# "); is {
			g.set(setting)
		}
	}
	done := make(chan error, 1)
	go func() { done <- g.server.ServeConn(context.Background(), conn, nil) }()

	greeted := false
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "S:"), line == "S closes":
			continue // written anew
		case strings.HasPrefix(line, "#"), line == "":
			fmt.Fprintln(&g.out, line)
			continue
		}
		if !greeted {
			g.collect()
			greeted = true
		}
		fmt.Fprintln(&g.out, line)
		switch {
		case strings.HasPrefix(line, "C:"):
			conn.feed(strings.TrimPrefix(line[2:], " ") + "\r\n")
		case strings.HasPrefix(line, "C> "):
			conn.feed(line[3:])
		case strings.HasPrefix(line, "C| "): // more follows before the server answers
			conn.mu.Lock()
			conn.in = append(conn.in, line[3:]+"\r\n"...)
			conn.mu.Unlock()
			continue
		case strings.HasPrefix(line, "! "):
			g.act(strings.Fields(line[2:]))
		default:
			t.Fatalf("line %q is no line of a dialog", line)
		}
		g.collect()
	}
	if conn.isClosed() {
		fmt.Fprintln(&g.out, "S closes")
	}
	conn.hangUp()
	<-done
	return g.out.String()
}

// collect writes what the server said.
func (g *golden) collect() {
	said := g.conn.said()
	for line := range strings.SplitSeq(strings.TrimSuffix(said, "\r\n"), "\r\n") {
		if said != "" {
			fmt.Fprintln(&g.out, strings.TrimRight("S: "+line, " "))
		}
	}
}

func (g *golden) set(setting string) {
	key, value, _ := strings.Cut(setting, ": ")
	words := strings.Fields(value)
	switch key {
	case "server":
		for _, w := range words {
			name, arg, _ := strings.Cut(w, "=")
			switch name {
			case "private":
				g.server.AllowCleartext = false
			case "starttls":
				g.server.TLSConfig = &tls.Config{}
			case "literal+":
				g.server.LiteralPlus = true
			case "appendlimit":
				fmt.Sscan(arg, &g.server.AppendLimit)
			case "maxliteral":
				fmt.Sscan(arg, &g.server.MaxLiteral)
			case "maxerrors":
				fmt.Sscan(arg, &g.server.MaxErrors)
			default:
				g.t.Fatalf("server setting %q", w)
			}
		}
	case "mailbox":
		b := g.store.users["fred"].make(words[0])
		b.special = words[1:]
	case "readonly":
		g.store.users["fred"].find(words[0]).readOnly = true
	case "deliver":
		g.act(append([]string{"deliver"}, words...))
	case "subscribe":
		g.store.users["fred"].subscribed = append(g.store.users["fred"].subscribed, words[0])
	}
}

func (g *golden) act(words []string) {
	switch words[0] {
	case "deliver":
		b, err := os.ReadFile(filepath.Join("testdata", "mail", words[2]))
		if err != nil {
			g.t.Fatal(err)
		}
		var flags []Flag
		for _, w := range words[3:] {
			flags = append(flags, Flag(w))
		}
		g.store.deliver("fred", words[1], crlf(string(b)), flags...)
	case "flags", "expunge":
		user := &memorySession{g.store.users["fred"]}
		box, err := user.Open(context.Background(), words[1], false, func() {})
		if err != nil {
			g.t.Fatal(err)
		}
		defer box.Close()
		if words[0] == "expunge" {
			err = box.Expunge(context.Background(), nil)
		} else {
			var uid uint32
			fmt.Sscan(words[2], &uid)
			err = box.SetFlags(context.Background(), []uint32{uid}, FlagsAdd, []Flag{Flag(words[3])})
		}
		if err != nil {
			g.t.Fatal(err)
		}
	case "wait":
		d, err := time.ParseDuration(words[1])
		if err != nil {
			g.t.Fatal(err)
		}
		g.conn.advance(d)
	default:
		g.t.Fatalf("act %q", words)
	}
}

func crlf(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}
