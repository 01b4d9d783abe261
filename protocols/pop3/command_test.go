package pop3

import (
	"errors"
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestParseCommand(t *testing.T) {
	tests := []struct {
		line string
		want Request
		bad  bool
	}{
		{"STAT", Request{Verb: "STAT"}, false},
		{"top 1 10", Request{"TOP", []string{"1", "10"}}, false},
		{"a!~ x", Request{"A!~", []string{"x"}}, false},
		{"PASS secret", Request{"PASS", []string{"secret"}}, false},
		{"PASS two words", Request{"PASS", []string{"two words"}}, false},
		{"PASS  leading and trailing ", Request{"PASS", []string{" leading and trailing "}}, false},
		{"pass x", Request{"PASS", []string{"x"}}, false},
		{"", Request{}, true},
		{"ab", Request{}, true},
		{"abcde", Request{}, true},
		{" STAT", Request{}, true},
		{"STAT ", Request{}, true},
		{"LIST  1", Request{}, true},
		{"LIST 1 ", Request{}, true},
		{"PASS ", Request{}, true},
		{"PASS a\tb", Request{}, true},
		{"LIST\t1", Request{}, true},
		{"NOOP\x00", Request{}, true},
		{"USER a\x7f", Request{}, true},
		{"USER \xff", Request{}, true},
		{"US\u00c9R a", Request{}, true},
	}
	for _, tt := range tests {
		got, err := ParseCommand([]byte(tt.line))
		var syntax *SyntaxError
		if errors.As(err, &syntax) != tt.bad || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: got %+v, %v; want %+v, an error: %v", tt.line, got, err, tt.want, tt.bad)
		}
	}
}

func TestSyntaxErrorsKeepPasswords(t *testing.T) {
	for _, line := range []string{"PASS sesame\t", "PASSsesame", "PASS\tsesame", "PASS sesame\x00"} {
		_, err := ParseCommand([]byte(line))
		if err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%q: %v", line, err)
		}
		if !secret([]byte(line)) {
			t.Errorf("%q is not taken for secret", line)
		}
	}
	for _, line := range []string{"", "PAS", "USER pass", "STAT"} {
		if secret([]byte(line)) {
			t.Errorf("%q is taken for secret", line)
		}
	}
}

func TestParseNumber(t *testing.T) {
	tests := []struct {
		in   string
		want int
		ok   bool
	}{
		{"0", 0, true},
		{"007", 7, true},
		{"320", 320, true},
		{"9223372036854775807", math.MaxInt, true},
		{"9223372036854775808", math.MaxInt, true},
		{strings.Repeat("9", 200), math.MaxInt, true},
		{"", 0, false},
		{"-1", 0, false},
		{"+1", 0, false},
		{"1_0", 0, false},
		{"0x1", 0, false},
		{"\u0661", 0, false},
	}
	for _, tt := range tests {
		if got, ok := parseNumber(tt.in); ok != tt.ok || ok && got != tt.want {
			t.Errorf("%q: got %d, %v; want %d, %v", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

// TestCommandTable holds that the table says of each command what the session
// needs and what a reader is told.
func TestCommandTable(t *testing.T) {
	section := regexp.MustCompile(`^RFC (1939|2449|2595) §\d+(, §\d+)*$`)
	list := Commands()
	if len(list) != 13 {
		t.Errorf("%d commands", len(list))
	}
	for _, c := range list {
		words := strings.Fields(c.Syntax)
		optional := strings.Count(c.Syntax, "[")
		if words[0] != c.Verb || len(words)-1 != c.max || c.max-optional != c.min {
			t.Errorf("%s: syntax %q, but %d to %d arguments", c.Verb, c.Syntax, c.min, c.max)
		}
		if len(c.States) == 0 || c.run == nil || c.Summary == "" || !section.MatchString(c.Section) {
			t.Errorf("incomplete: %+v", c)
		}
		if got, ok := lookup(c.Verb); !ok || got.Syntax != c.Syntax {
			t.Errorf("%s is not found by its verb", c.Verb)
		}
	}
	list[0].Verb, list[0].States[0] = "XXXX", Closed
	if again := Commands()[0]; again.Verb == "XXXX" || again.States[0] == Closed {
		t.Error("a caller can change the table")
	}
}

func TestStateString(t *testing.T) {
	got := []string{Closed.String(), Authorization.String(), Transaction.String(), Update.String(), State(9).String()}
	if want := []string{"CLOSED", "AUTHORIZATION", "TRANSACTION", "UPDATE", "State(9)"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzParseCommand(f *testing.F) {
	for _, s := range []string{"STAT", "top 1 10", "PASS a b ", "USER \xc3\xa9", "LIST  1", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		req, err := ParseCommand(line)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Errorf("%q: %v is no *SyntaxError", line, err)
			}
			return
		}
		back := strings.Join(append([]string{req.Verb}, req.Args...), " ")
		if !strings.EqualFold(back, string(line)) || req.Verb != strings.ToUpper(req.Verb) {
			t.Errorf("%q became %q", line, back)
		}
		if req.Verb == "PASS" && len(req.Args) > 1 {
			t.Errorf("%q: %d passwords", line, len(req.Args))
		}
		for i := 0; i < len(back); i++ {
			if back[i] < ' ' || back[i] > '~' {
				t.Errorf("%q: octet %#x got through", line, back[i])
			}
		}
	})
}
