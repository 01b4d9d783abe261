package pop3

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestTop(t *testing.T) {
	const m = "A: b\r\nC: d\r\n\r\none\r\n\r\nthree\r\n"
	tests := []struct {
		content string
		n       int
		want    string
	}{
		{m, 0, "A: b\r\nC: d\r\n\r\n"},
		{m, 1, "A: b\r\nC: d\r\n\r\none\r\n"},
		{m, 2, "A: b\r\nC: d\r\n\r\none\r\n\r\n"},
		{m, 3, m},
		{m, 4, m},
		{m, math.MaxInt, m},
		{"", 5, ""},
		{"A: b\r\n", 0, "A: b\r\n"},
		{"A: b\r\n\r\n", 7, "A: b\r\n\r\n"},
		{"\r\nbody\r\n\r\nmore\r\n", 0, "\r\n"},
		{"\r\nbody\r\n\r\nmore\r\n", 1, "\r\nbody\r\n"},
	}
	for _, tt := range tests {
		if got := top([]byte(tt.content), tt.n); string(got) != tt.want {
			t.Errorf("%q, %d lines: got %q, want %q", tt.content, tt.n, got, tt.want)
		}
	}
}

func TestSizeAndContent(t *testing.T) {
	tests := []struct {
		content string
		size    int64
		bad     bool
	}{
		{"", 0, false},
		{"a\r\n", 3, false},
		{"a", 3, false},
		{".\r\n.\r\n", 6, false},
		{"a\n", 4, true},
		{"a\r", 4, true},
		{"a\r\r\n", 4, true},
		{"\n\r\n", 3, true},
		{"a\rb\r\n", 5, true},
		{"a\r\nb\nc\r\n", 8, true},
	}
	for _, tt := range tests {
		if got := Size([]byte(tt.content)); got != tt.size {
			t.Errorf("%q: size %d, want %d", tt.content, got, tt.size)
		}
		err := checkContent(complete([]byte(tt.content)), tt.size)
		if errors.Is(err, ErrPermanent) != tt.bad {
			t.Errorf("%q: %v, want an error: %v", tt.content, err, tt.bad)
		}
		if err := checkContent(complete([]byte(tt.content)), tt.size+1); !errors.Is(err, ErrPermanent) {
			t.Errorf("%q with another size than listed: %v", tt.content, err)
		}
	}
	// The line end that is given must not land in the backend's memory.
	stored := []byte("abXY")
	if got := complete(stored[:2]); string(got) != "ab\r\n" || string(stored) != "abXY" {
		t.Errorf("got %q, and what was stored became %q", got, stored)
	}
}

func TestCheckMessages(t *testing.T) {
	tests := []struct {
		name string
		list []MessageInfo
		bad  bool
	}{
		{"none", nil, false},
		{"longest", []MessageInfo{{strings.Repeat("~", 70), math.MaxInt64}, {"!", 0}}, false},
		{"same unique-id twice", []MessageInfo{{"a", 1}, {"a", 1}}, false},
		{"no unique-id", []MessageInfo{{"", 1}}, true},
		{"too long", []MessageInfo{{strings.Repeat("a", 71), 1}}, true},
		{"space", []MessageInfo{{"a b", 1}}, true},
		{"line end", []MessageInfo{{"a\r\n.", 1}}, true},
		{"eight bits", []MessageInfo{{"\u00e9", 1}}, true},
		{"negative", []MessageInfo{{"a", -1}}, true},
		{"more than can be counted", []MessageInfo{{"a", math.MaxInt64}, {"b", 1}}, true},
	}
	for _, tt := range tests {
		if err := checkMessages(tt.list); errors.Is(err, ErrPermanent) != tt.bad {
			t.Errorf("%s: %v, want an error: %v", tt.name, err, tt.bad)
		}
	}
}
