package trace

import (
	"testing"

	"mailwalk/protocols/dialog"
)

// TestCorrupted: one octet is another, and all else stays what it is: a line, ASCII, as
// long as before.
func TestCorrupted(t *testing.T) {
	for _, text := range []string{"250 OK", "a\r\n~ \t\x7f.\r\n", "\xc3\xa4", "~ ~"} {
		for which := range uint64(20) {
			u := dialog.Unit{Role: dialog.Body, Content: []byte(text)}
			v, ok := corrupted(&u, which+1)
			if !ok || len(v.Content) != len(text) || string(u.Content) != text {
				t.Fatalf("%q becomes %q", text, v.Content)
			}
			differ := 0
			for i, c := range v.Content {
				if c != text[i] {
					differ++
					if c < 0x20 || c == 0x7f || (c >= 0x80) != (text[i] >= 0x80) || text[i] < 0x20 {
						t.Errorf("%q becomes %q", text, v.Content)
					}
				}
			}
			if differ != 1 {
				t.Errorf("%q becomes %q: %d octets differ", text, v.Content, differ)
			}
		}
	}
	for _, text := range []string{"", "\r\n", "~~"} {
		if v, ok := corrupted(&dialog.Unit{Role: dialog.Reply, Text: []byte(text)}, 1); ok {
			t.Errorf("%q becomes %q", text, v.Text)
		}
	}
}

// TestHappened: a key has happened when an event got it.
func TestHappened(t *testing.T) {
	r := &Recorder{keys: map[keyHash]uint32{hashOf([]byte("line/sent/a>b:25#1/server/0")): 1, hashOf([]byte("line/sent/a>b:25#1/server/9")): 2}}
	for key, want := range map[string]bool{
		"line/sent/a>b:25#1/server/0": true, "line/sent/a>b:25#1/server/0#2": false, "line/sent/a>b:25#1/server/9#2": true,
		"line/sent/a>b:25#1/server/9#3": false, "line/sent/a>b:25#2/server/0": false, "line/sent/a>b:25#1/server/0#x": false,
	} {
		if r.Happened(key) != want {
			t.Errorf("%s: %v", key, !want)
		}
	}
}
