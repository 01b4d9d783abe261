package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// muxed is a shell command on a true terminal of its own, which tmux keeps.
type muxed struct {
	t      *testing.T
	socket string
}

// inTmux runs a shell command in a terminal of a size. The test's end ends it.
func inTmux(t *testing.T, width, height int, command string) *muxed {
	t.Helper()
	program(t, "tmux")
	dir, err := os.MkdirTemp("", "tmux") // a socket's name has to be short
	if err != nil {
		t.Fatal(err)
	}
	x := &muxed{t, filepath.Join(dir, "s")}
	t.Cleanup(func() {
		_, _ = x.try("kill-server")
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	x.do("new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height), command)
	x.do("set", "-g", "status", "off")
	x.resize(width, height)
	return x
}

func (x *muxed) try(args ...string) (string, error) {
	cmd := exec.Command("tmux", append([]string{"-S", x.socket, "-f", os.DevNull}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TERM=xterm-256color", "COLORTERM=truecolor", "NO_COLOR=", "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (x *muxed) do(args ...string) string {
	x.t.Helper()
	out, err := x.try(args...)
	if err != nil {
		x.t.Fatalf("tmux %q: %v\n%s", args, err, out)
	}
	return out
}

// press sends keys, by the names that tmux has for them.
func (x *muxed) press(keys ...string) *muxed {
	x.t.Helper()
	x.do(append([]string{"send-keys", "--"}, keys...)...)
	return x
}

func (x *muxed) resize(width, height int) *muxed {
	x.t.Helper()
	x.do("resize-window", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height))
	return x
}

// sees waits until the terminal shows all the texts.
func (x *muxed) sees(texts ...string) *muxed {
	x.t.Helper()
	screen := ""
	for late := time.Now().Add(patience); time.Now().Before(late); time.Sleep(20 * time.Millisecond) {
		screen = x.do("capture-pane", "-p")
		missing := false
		for _, text := range texts {
			missing = missing || !strings.Contains(screen, text)
		}
		if !missing {
			return x
		}
	}
	x.t.Fatalf("the terminal does not show %q, but\n%s", texts, screen)
	return nil
}

// TestOnATerminal is a person before a true terminal: mailwalk alone, a walk chosen,
// stepped through, looked into, the window made smaller, and left with the last screen
// on the terminal.
func TestOnATerminal(t *testing.T) {
	// A number that stands nowhere else tells that the program has ended, and how.
	x := inTmux(t, 120, 40, `mailwalk; echo "it has ended with $?"; exec sleep 600`)
	x.sees("choose a walk", "first-letter", "enter begin").press("Down").sees("▶ same-domain").press("Up").sees("▶ first-letter")
	x.press("Enter").sees("The first letter", "Nothing has happened yet", "one step on, one step back")
	x.press("Space", "Space", "Space").sees("event 3 ", "alice-laptop: the mail is written")
	x.press("b").sees("looking back: event 2 of 3").press("G").sees("the mail is written").press("Right", "Right").sees("Alice presses Send. To which machine")
	x.press("b").sees("Right").press("Space").sees("is to hand it in").press("+", "Space", "Space", "Space", "Space", "Space").sees("seen by packet", "▫ packet")
	x.press("?").sees("any other key closes this", "one step on, as far as the grain goes").press("q")
	x.press("6").sees("▶ 6 bytes", "Source Port", "octets ")
	x.resize(80, 24).sees("▶ 6 bytes", "q quit").press("z").sees("0010  ", "OPCODE")
	x.resize(50, 12).sees("needs 60 columns and 15 rows").resize(60, 15).sees("▶ 6 bytes")
	x.press("z", "Q").sees("it has ended with 0", "▶ 6 bytes", "✉ own copy", "1 story")
}

// TestLeftFromTheChooser chooses by typing, comes back to the list, and leaves there.
func TestLeftFromTheChooser(t *testing.T) {
	x := inTmux(t, 80, 24, `mailwalk; echo "it has ended with $?"; exec sleep 600`)
	x.sees("choose a walk").press("/").press("h", "a", "n", "d", "s").sees("handshake").press("Enter").sees("From SYN to FIN", "Nothing has happened yet")
	x.press("q").sees("choose a walk").press("q").sees("it has ended with 0")
}
