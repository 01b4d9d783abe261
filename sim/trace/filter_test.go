package trace

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func passes(f Filter, events []*Event) []uint64 {
	var got []uint64
	for _, e := range events {
		if f.Match(e) {
			got = append(got, e.Seq)
		}
	}
	return got
}

func TestFilterMatch(t *testing.T) {
	for text, want := range map[string][]uint64{
		"":                                     {1, 2, 3, 4, 5},
		"any":                                  {1, 2, 3, 4, 5},
		"host=laptop":                          {1, 5},
		"host = laptop and kind == packet":     {1},
		"line or lookup":                       {2, 3},
		"line || lookup || act":                {2, 3, 5},
		"not packet":                           {2, 3, 4, 5},
		"! packet":                             {2, 3, 4, 5},
		"!packet !line":                        {3, 4, 5},
		"NOT (packet OR line)":                 {3, 4, 5},
		"not not packet":                       {1},
		"line mail=1 or mail at>1s":            {2, 4},
		"(line or mail) and mail=1":            {2, 4},
		"(line or mail)&&at<2s":                {2},
		"mail=1&&!line":                        {4},
		"verb in (RCPT DATA)":                  {2},
		"verb in (DATA,RCPT) code=550":         {2},
		"not verb in (RCPT)":                   {1, 3, 4, 5},
		"host in (laptop, resolver)":           {1, 3, 5},
		`seq in (1 "2" 5)`:                     {1, 2, 5},
		"at in (1s 2s)":                        {2, 3},
		"550":                                  {2},
		"no SUCH user":                         {2},
		`"no SUCH user"`:                       {2},
		"such user":                            {2},
		"LAPTOP":                               {1, 5},
		"mail.globex.test":                     {2, 4},
		"/^5[0-9]{2} no/":                      {2},
		"/^5/ or act":                          {2, 5},
		"text~/^5[0-9]{2} no/":                 {2},
		`text~"such user"`:                     {2},
		"packet data~(":                        nil,
		"type=MX":                              {3},
		"records.type in (MX)":                 {3},
		"act.fetch":                            {5},
		"line.sent verb=RCPT code=550":         {2},
		"lookup.answer records.type=MX":        {3},
		"faults":                               {2},
		"not faults at>=15m":                   {4, 5},
		"line (verb=RCPT or verb=DATA) code>5": {2},
	} {
		f, err := ParseFilter(text, nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := passes(f, selectorEvents()); !slices.Equal(got, want) {
			t.Errorf("%s: events %v, want %v", text, got, want)
		}
	}
}

func TestFilterWords(t *testing.T) {
	says := func(e *Event) string { return "Événement " + e.What }
	f, err := ParseFilter("événement stored", says)
	if err != nil {
		t.Fatal(err)
	}
	if got := passes(f, selectorEvents()); !slices.Equal(got, []uint64{4}) {
		t.Errorf("events %v", got)
	}
}

// All that a selector says but its count, a filter says too.
func TestEachSelectorIsAFilter(t *testing.T) {
	for _, text := range []string{
		"any", "packet.delivered", "act.fetch by=bob", "any host!=laptop", "any at>=15m", "packet flags~S dstPort=25", `packet data~"AUTH PLAIN"`,
		`packet dst=""`, "packet range.from!=0", "line code>=500 code<600", "line text!~/^5[0-9]{2} no/", "line secret=false",
		`lookup records.data="20 backup.globex.test."`, "lookup additional.type!=MX", "any mailbox!=x", "any text~f(x)",
	} {
		s, f := MustSelector(text), mustFilter(t, text)
		for _, e := range selectorEvents() {
			if s.Match(e) != f.Match(e) {
				t.Errorf("%s: as a selector %v, as a filter %v on event %d", text, s.Match(e), f.Match(e), e.Seq)
			}
		}
	}
}

func mustFilter(t testing.TB, text string) Filter {
	t.Helper()
	f, err := ParseFilter(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFilterNamesKinds(t *testing.T) {
	e := selectorEvents()[0]
	for text, want := range map[string]bool{
		"": false, "any": false, "host=laptop": false, "kind=packet": false, "laptop": false, "not line": false,
		"packet": true, "packet.sent": true, "packet.dropped": false, "packet host=x": false, "host=laptop packet": true,
		"host=laptop or packet": true, "host=laptop or line": false, "(line or packet) host=laptop": true,
	} {
		if got := mustFilter(t, text).Names(e); got != want {
			t.Errorf("%q names the event: %v", text, got)
		}
	}
}

func TestFilterErrors(t *testing.T) {
	for text, want := range map[string]string{
		"maill.stored":               `column 1: there is no kind of event "maill"; did you mean mail.stored?`,
		"host=x mail.storde":         `column 13: mail events have no step "storde"; did you mean stored?`,
		"mail.":                      "column 6: there is no step behind the dot",
		"mail.stored mailbxo=x":      `column 13: mail events have no field "mailbxo"; did you mean mailbox?`,
		"mail.stored (zone=x)":       `column 14: mail events have no field "zone"`,
		"verbb = RCPT":               `column 1: events have no field "verbb"; did you mean verb?`,
		"host=":                      "column 6: a value is missing",
		"host=x or":                  "column 10: something is missing at the end",
		"or host=x":                  "column 1: something is missing here",
		"(host=x":                    "column 1: this parenthesis is not closed",
		"host=x)":                    "column 7: nothing is open that this parenthesis closes",
		"()":                         "column 2: something is missing here",
		"=x":                         "column 1: a field's name is missing",
		`host="x`:                    "column 6: the quoted text is not finished",
		`host="x"y`:                  `column 9: 'y' stands right behind the closing quote; put a space there`,
		`"x`:                         "column 1: the quoted text is not finished",
		"/(/":                        "column 1: the regular expression is wrong",
		"/x":                         "column 1: the regular expression is not finished",
		"/x/y":                       "column 4: 'y' stands right behind the regular expression",
		"mail.stored nth=2":          "column 13: a filter does not count; leave it out",
		"at>2":                       "column 4: at is a time and \"2\" is none; write it with its unit",
		"line verb in (a":            "column 14: this list is not closed",
		"verb in ()":                 "column 9: nothing stands in this list",
		"mail uid in (1 x)":          "column 16: uid is a number",
		"né and host==":              "column 14: a value is missing",
		strings.Repeat("(", 200):     "column 101: too much stands inside",
		strings.Repeat("not ", 2000): "too much stands inside",
	} {
		_, err := ParseFilter(text, nil)
		var fe *FilterError
		if !errors.As(err, &fe) {
			t.Errorf("%q: error %v, want a FilterError", text, err)
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestFilterString(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "",
		" host = x  and  line ":              "host=x line",
		"a && b || c":                        "a b or c",
		"a (b or c)":                         "a (b or c)",
		"(a b) or (c or d)":                  "a b or c or d",
		"!(a b)":                             "not (a b)",
		"NOT NOT a":                          "not not a",
		"verb in (A,B)":                      "verb in (A B)",
		`verb "in" (a or b)`:                 `verb "in" (a or b)`,
		`"or" "mail" "two words" "x="`:       `"or" "mail" "two words" "x="`,
		`"plain"`:                            "plain",
		`text="a)b" text="(" text="a||b"`:    `text="a)b" text="(" text="a||b"`,
		`text="f(x)" text=="="`:              `text=f(x) text="="`,
		`/a\/b/ text~/c/`:                    `/a\/b/ text~/c/`,
		"faults or (line and (sent or any))": "faults or line (sent or any)",
		"(line host=x) verb=RCPT":            "line host=x verb=RCPT",
	} {
		if got := mustFilter(t, text).String(); got != want {
			t.Errorf("%q prints as %q, want %q", text, got, want)
		}
	}
}

func TestFaults(t *testing.T) {
	f := Faults()
	if f.String() != "faults" {
		t.Errorf("it prints as %q", f)
	}
	packet := func(what string, b PacketBody) *Event { return &Event{Kind: Packet, What: what, Body: &b} }
	for _, e := range []*Event{
		packet(Dropped, PacketBody{}), packet(Sent, PacketBody{Analysis: Retransmission}), packet(Sent, PacketBody{Why: "forged"}),
		packet(Sent, PacketBody{Head: Head{Proto: "ICMP", Type: 3}}),
		{Kind: Connection, What: Refused, Body: &ConnectionBody{}}, {Kind: Lookup, What: Timeout, Body: &LookupBody{}},
		{Kind: Line, What: Sent, Body: &LineBody{Code: "451"}}, {Kind: Line, What: Sent, Body: &LineBody{Code: "-ERR"}},
		{Kind: Mail, What: Deferred, Body: &MailBody{}}, {Kind: Mail, What: Compared, Body: &MailBody{}},
		{Kind: Note, What: Warning, Body: &NoteBody{}}, {Kind: State, What: HostState, Body: &StateBody{Before: "up", After: "down"}},
		{Kind: Line, What: Dropped, Body: &LineBody{}}, {Kind: Line, What: Answered, Body: &LineBody{}},
	} {
		if !f.Match(e) || !f.Names(e) {
			t.Errorf("%s.%s %+v is no fault", e.Kind, e.What, e.Body)
		}
	}
	for _, e := range []*Event{
		packet(Sent, PacketBody{}), packet(Delivered, PacketBody{}), packet(Sent, PacketBody{Head: Head{Proto: "ICMPv6", Type: 135}}),
		{Kind: Line, What: Sent, Body: &LineBody{Code: "250"}}, {Kind: Line, What: Received, Body: &LineBody{Code: "550"}},
		{Kind: Mail, What: Stored, Body: &MailBody{}}, {Kind: Mail, What: Compared, Body: &MailBody{Same: true}},
		{Kind: State, What: HostState, Body: &StateBody{Before: "down", After: "up"}},
	} {
		if f.Match(e) {
			t.Errorf("%s.%s %+v is a fault", e.Kind, e.What, e.Body)
		}
	}
}

func TestCompletions(t *testing.T) {
	values := func(field string) []string {
		if field == "host" {
			return []string{"laptop", "mail.acme.test", "two words"}
		}
		return nil
	}
	for _, c := range []struct {
		text  string
		from  int
		first []string // the first of the candidates; all, when they end in ""
	}{
		{"pa", 0, []string{"packet", ""}},
		{"packet.d", 0, []string{"packet.delivered", "packet.dropped", "packet.duplicated", "packet.delayed", ""}},
		{"not (li", 5, []string{"line", "link="}},
		{"!li", 1, []string{"line"}},
		{"line ve", 5, []string{"verb=", ""}},
		{"lookup ve", 7, []string{""}},
		{"line or zo", 8, []string{"zone=", ""}},
		{"host=", 5, []string{"laptop", "mail.acme.test", `"two words"`, ""}},
		{"packet host!=ma", 13, []string{"mail.acme.test", ""}},
		{"host in (laptop, m", 17, []string{"mail.acme.test", ""}},
		{"line secret=", 12, []string{"true", "false", ""}},
		{"what=stor", 5, []string{"stored", ""}},
		{`text="ho`, 5, []string{""}},
		{"FAU", 0, []string{"faults", ""}},
		{"", 0, []string{"packet", "socket"}},
	} {
		from, got := Completions(c.text, len(c.text), values)
		want, exact := c.first, false
		if n := len(want); want[n-1] == "" {
			want, exact = want[:n-1], true
		}
		if len(got) > len(want) && !exact {
			got = got[:len(want)]
		}
		if len(got)+len(want) > 0 && (from != c.from || !slices.Equal(got, want)) {
			t.Errorf("%q: from %d %q, want from %d %q", c.text, from, got, c.from, want)
		}
	}
	if _, got := Completions("host=x li", 4, values); !slices.Equal(got, []string{"host="}) {
		t.Errorf("in the middle: %q", got)
	}
}

func FuzzParseFilter(f *testing.F) {
	for _, s := range []string{
		"any", "mail.stored host=x", `line text~"a b" or code>=500`, "lookup records~/a b/ !x", "packet (head.flags~S||at<2s) && not a",
		`verb in (a,"b c") "in" (x)`, "faults /x/", `text="\x00`, "a ) b", "(line host=x) zone=y", `text~(`, "not=x", "in=x",
	} {
		f.Add(s)
	}
	events := selectorEvents()
	says := func(e *Event) string { return e.What }
	f.Fuzz(func(t *testing.T, text string) {
		for _, at := range []int{0, len(text) / 2, len(text)} {
			if from, _ := Completions(text, at, nil); from < 0 || from > at {
				t.Fatalf("%q at %d: completed from %d", text, at, from)
			}
		}
		one, err := ParseFilter(text, says)
		if err != nil {
			var fe *FilterError
			if !errors.As(err, &fe) || fe.Column < 1 {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		again, err := ParseFilter(one.String(), says)
		if err != nil {
			t.Fatalf("%q prints as %q: %v", text, one, err)
		}
		if again.String() != one.String() {
			t.Fatalf("%q prints as %q and then as %q", text, one, again)
		}
		for _, e := range events {
			if one.Match(e) != again.Match(e) || one.Names(e) != again.Names(e) {
				t.Fatalf("%q and %q differ on event %d", text, one, e.Seq)
			}
			if one.Names(e) && !one.Match(e) {
				t.Fatalf("%q names event %d and does not let it through", one, e.Seq)
			}
		}
	})
}

func BenchmarkFilterMatch(b *testing.B) {
	for _, text := range []string{"line.sent verb=RCPT", "host=laptop or code>=500", "not faults", "such"} {
		b.Run(text, func(b *testing.B) {
			f := mustFilter(b, text)
			events := selectorEvents()
			for i := 0; b.Loop(); i++ {
				f.Match(events[i%len(events)])
			}
		})
	}
}
