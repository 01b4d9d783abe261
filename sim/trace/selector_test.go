package trace

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mailwalk/protocols/dialog"
)

func selectorEvents() []*Event {
	return []*Event{
		{Seq: 1, At: 5 * time.Millisecond, Host: "laptop", Kind: Packet, What: Sent, Body: &PacketBody{
			Frame: 1, Link: "lan", From: "laptop/eth0", Data: []byte("\x00AUTH PLAIN abc"),
			Head: Head{Proto: "TCP", Src: netip.MustParseAddr("192.0.2.10"), DstPort: 25, Flags: "SA", Len: 14},
		}},
		{Seq: 2, At: time.Second, Host: "mail.globex.test", Kind: Line, What: Sent, IDs: IDs{Mail: "1"}, Body: &LineBody{
			Service: "smtp", Role: dialog.Reply, Range: Range{FromServer: true, From: 10, To: 30}, Text: "550 no such user", Verb: "RCPT", Code: "550",
		}},
		{Seq: 3, At: 2 * time.Second, Host: "resolver", Kind: Lookup, What: Answer, Body: &LookupBody{
			Name: "globex.test.", Type: "MX", ServerAddr: netip.MustParseAddrPort("198.51.100.54:53"), Authoritative: true,
			Records:    []Record{{"globex.test.", 3600, "MX", "10 mail.globex.test."}, {"globex.test.", 3600, "MX", "20 backup.globex.test."}},
			Additional: []Record{{"mail.globex.test.", 3600, "A", "198.51.100.25"}},
		}},
		{Seq: 4, At: 15 * time.Minute, Host: "mail.globex.test", Kind: Mail, What: Stored, IDs: IDs{Mail: "1", Hop: "1.3"}, Body: &MailBody{
			Mailbox: "bob@globex.test/INBOX", UID: 7, Recipients: []string{"bob@globex.test", "eve@globex.test"}, Content: &Content{ID: "00ff", Size: 512},
		}},
		{Seq: 5, At: 16 * time.Minute, Host: "laptop", Kind: Act, What: "fetch", Body: &ActBody{By: "bob"}},
	}
}

func TestSelectorMatch(t *testing.T) {
	for text, want := range map[string][]uint64{
		"any":                                     {1, 2, 3, 4, 5},
		"packet":                                  {1},
		"packet.delivered":                        nil,
		"act.fetch by=bob":                        {5},
		"any host=laptop":                         {1, 5},
		"any host!=laptop":                        {2, 3, 4},
		"any at>=15m":                             {4, 5},
		"any at<1s":                               {1},
		"packet flags~S dstPort=25":               {1},
		"packet head.flags~S head.dstPort<100":    {1},
		"packet src=192.0.2.10":                   {1},
		`packet data~"AUTH PLAIN"`:                {1},
		"packet dst=\"\"":                         {1},
		"packet range.from=0":                     nil,
		"packet range.from!=0":                    {1},
		"line.sent verb=RCPT code=550":            {2},
		"line code>=500 code<600":                 {2},
		"line code>550":                           nil,
		"line text~/^5[0-9]{2} no/":               {2},
		"line text!~/^5[0-9]{2} no/":              nil,
		`line text~"such user"`:                   {2},
		"line fromServer=true role=reply from=10": {2},
		"line secret=false":                       {2},
		"any mail=1":                              {2, 4},
		"any hop=1.3":                             {4},
		"lookup.answer records.type=MX":           {3},
		"lookup records.data=\"20 backup.globex.test.\"": {3},
		"lookup records~\"3600 MX 10 mail\"":             {3},
		"lookup records.ttl>3599 records.ttl<3601":       {3},
		"lookup additional.type!=MX":                     {3},
		"lookup records.type!=MX":                        nil,
		"lookup serverAddr=198.51.100.54:53":             {3},
		"lookup error=\"\"":                              {3},
		"mail.stored mailbox~bob@ uid=7 size>500":        {4},
		"mail recipients=eve@globex.test":                {4},
		"mail recipients!=eve@globex.test":               nil,
		"mail content.sha256=00ff":                       {4},
		"any mailbox~bob":                                {4},
		"any mailbox!=x":                                 {4},
		"mail.stored nth=2":                              {4},
	} {
		s, err := ParseSelector(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got []uint64
		for _, e := range selectorEvents() {
			if s.Match(e) {
				got = append(got, e.Seq)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: events %v, want %v", text, got, want)
		}
	}
	if (Selector{}).Match(selectorEvents()[0]) {
		t.Error("the zero selector picks an event")
	}
}

func TestSelectorErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "column 1: there is nothing",
		"maill.stored":                `column 1: there is no kind of event "maill"; did you mean mail?`,
		"mail.storde":                 `column 6: mail events have no step "storde"; did you mean stored?`,
		"mail.":                       "column 6: mail events have no step",
		"act.":                        "column 5: there is no step behind the dot",
		"mail.stored mailbxo=x":       `column 13: mail events have no field "mailbxo"; did you mean mailbox?`,
		"mail.stored zone=x":          `column 13: mail events have no field "zone"`,
		"any zzzzzz=x":                `column 5: events have no field "zzzzzz"`,
		"host=x":                      "column 1: a condition stands where kind.what is to stand; put any in front",
		"mail.stored host":            "column 17: an operator is missing behind host",
		"mail.stored host = x":        "column 17: an operator is missing",
		"mail.stored host=":           "column 18: a value is missing",
		"mail.stored =x":              "column 13: a field's name is missing",
		`mail.stored host="x`:         "column 18: the quoted value is not finished",
		`mail.stored host="x"y`:       "column 21: something stands right behind",
		"line text~/(/":               "column 11: the regular expression is wrong",
		"line text~/x":                "column 11: the regular expression is not finished",
		"line text~/x/y":              "column 14: something stands right behind",
		"mail.stored #2":              "column 13: \"#2\" is no condition; write nth=2",
		"mail.stored nth=0":           `column 13: "0" is no count`,
		"mail.stored nth=2 host=x":    "column 19: something stands behind the count; put the count last",
		"mail.stored at>2":            "column 16: at is a time",
		"mail.stored uid=x":           "column 17: uid is a number",
		"mail.stored same=maybe":      "column 18: same is true or false",
		"line.sent code>x":            "column 16: code is a number",
		"mail.stored host=é mailbxo=": "column 20: mail events have no field",
	} {
		_, err := ParseSelector(text)
		var se *SelectorError
		if !errors.As(err, &se) {
			t.Errorf("%q: error %v, want a SelectorError", text, err)
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestSelectorString(t *testing.T) {
	for text, want := range map[string]string{
		"any":                         "any",
		"  mail.stored   host=x ":     "mail.stored host=x",
		`line text~"a b" code!="" `:   `line text~"a b" code!=""`,
		`line text~/a\/b c/ nth=3`:    `line text~/a\/b c/ nth=3`,
		`line text="/x" text="\"q\""`: `line text="/x" text="\"q\""`,
		`line text="plain"`:           "line text=plain",
	} {
		s, err := ParseSelector(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := s.String(); got != want {
			t.Errorf("%q prints as %q, want %q", text, got, want)
		}
	}
	if s := (Selector{}); s.String() != "" || !s.IsZero() {
		t.Error("the zero selector prints as something")
	}
	var s Selector
	if err := s.UnmarshalText(nil); err != nil || !s.IsZero() {
		t.Errorf("the empty text: %v", err)
	}
}

func TestSelectorNearest(t *testing.T) {
	for text, want := range map[string]struct {
		seq    uint64
		missed string
	}{
		"line.sent verb=RCPT code=250":        {2, `code is 550, not 250`},
		"line.received verb=RCPT":             {2, "it is line.sent, not line.received"},
		"mail.stored mailbox~carol mail=1":    {4, "mailbox is bob@globex.test/INBOX, not containing carol"},
		"mail.stored uid>7 same=true":         {4, "uid is 7, not > 7; same is false, not true"},
		"decision.mx":                         {0, "no decision event happened"},
		"mail.stored":                         {4, ""},
		"any host=nobody":                     {1, "host is laptop, not nobody"},
		"mail reason~x":                       {4, "reason is empty, not containing x"},
		"lookup.answer records.data~/^30 /":   {3, `records.data is "10 mail.globex.test.", "20 backup.globex.test.", not matching /^30 /`},
		"any mailbox~eve host=laptop at<10ms": {1, "it has no mailbox"},
	} {
		e, missed := MustSelector(text).Nearest(slices.Values(selectorEvents()))
		var seq uint64
		if e != nil {
			seq = e.Seq
		}
		if seq != want.seq || missed != want.missed {
			t.Errorf("%s:\n got %d %q\nwant %d %q", text, seq, missed, want.seq, want.missed)
		}
	}
}

// Every constant of a step in body.go is known to Steps, and the other way
// round.
func TestStepsAreComplete(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "body.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, k := range Kinds() {
		for _, step := range Steps(k) {
			known[step] = true
		}
	}
	declared := map[string]bool{}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST || !strings.HasPrefix(g.Doc.Text(), "Steps of") && !strings.HasPrefix(g.Doc.Text(), "What a state") {
			continue
		}
		for _, s := range g.Specs {
			for _, v := range s.(*ast.ValueSpec).Values {
				step, err := strconv.Unquote(v.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				declared[step] = true
				if !known[step] {
					t.Errorf("Steps does not list %q", step)
				}
			}
		}
	}
	for step := range known {
		if !declared[step] {
			t.Errorf("Steps lists %q, which body.go does not declare", step)
		}
	}
}

// No field of a body hides one that every event has.
func TestFieldNamesAreUnique(t *testing.T) {
	for _, k := range Kinds() {
		seen := map[string]bool{}
		for _, name := range fieldTables()[k].names() {
			if seen[name] {
				t.Errorf("%s: two fields are called %s", k, name)
			}
			seen[name] = true
		}
	}
}

func FuzzParseSelector(f *testing.F) {
	for _, s := range []string{"any", "mail.stored host=x nth=2", `line text~"a b" code>=500`, "lookup records~/a b/", "packet head.flags~S at<2s", `line text="\x00`} {
		f.Add(s)
	}
	events := selectorEvents()
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSelector(text)
		if err != nil {
			var se *SelectorError
			if !errors.As(err, &se) || se.Column < 1 {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		again, err := ParseSelector(s.String())
		if err != nil {
			t.Fatalf("%q prints as %q: %v", text, s, err)
		}
		if again.String() != s.String() {
			t.Fatalf("%q prints as %q and then as %q", text, s, again)
		}
		for _, e := range events {
			if s.Match(e) != again.Match(e) {
				t.Fatalf("%q and %q differ on event %d", text, s, e.Seq)
			}
		}
	})
}

func BenchmarkSelectorMatch(b *testing.B) {
	s := MustSelector("line.sent verb=RCPT code=250")
	e := selectorEvents()[1]
	for b.Loop() {
		s.Match(e)
	}
}
