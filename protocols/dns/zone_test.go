package dns

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func mustZone(t testing.TB, origin, text string) *Zone {
	t.Helper()
	z, err := ParseZone(strings.NewReader(text), origin, "test.zone")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func fileZone(t testing.TB, origin, name string) *Zone {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return mustZone(t, origin, string(text))
}

const soaLine = "@ SOA ns hostmaster 1 7200 900 1209600 300\n"

func TestParseZoneErrors(t *testing.T) {
	for _, test := range []struct {
		name, text string
		line       int
		want       string
	}{
		{"bad address", "$TTL 300\n@ SOA ns h 1 2 3 4 5\nwww A 1.2.3\n", 3, "bad A"},
		{"unknown type", "$TTL 300\n\n; comment\nwww MIX 10 a\n", 4, "MIX"},
		{"no TTL", "www A 192.0.2.1\n", 1, "missing TTL"},
		{"no data", "$TTL 300\nwww A 192.0.2.1\nftp A\n", 3, "no data"},
		{"class", "$TTL 300\nwww CH A 192.0.2.1\n", 2, "class CH"},
		{"include", "$TTL 300\n$INCLUDE /etc/passwd\n", 2, "not allowed"},
		{"open parenthesis", "$TTL 300\n@ SOA ns h ( 1 2 3\n4 5\nwww A 192.0.2.1\n", 4, "bad SOA"},
		{"label too long", "$TTL 300\n" + strings.Repeat("a", 64) + " A 192.0.2.1\n", 2, "owner"},
		{"too many", "$TTL 300\n$GENERATE 1-60000 a$ A 192.0.2.1\n$GENERATE 1-60000 b$ A 192.0.2.1\n", 3, "more than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseZone(strings.NewReader(test.text), "example.test", "z")
			var ze *ZoneError
			if !errors.As(err, &ze) {
				t.Fatalf("error %v is no ZoneError", err)
			}
			if ze.Line != test.line || !strings.Contains(ze.Text, test.want) {
				t.Errorf("got line %d, %q", ze.Line, ze.Text)
			}
			if !strings.HasPrefix(err.Error(), "z:") {
				t.Errorf("%q does not name the file", err)
			}
		})
	}
}

func TestRecordLines(t *testing.T) {
	z := mustZone(t, "example.test.", `; head
$TTL 300
@ IN SOA ns hostmaster (
    1 ; serial
    7200 900 1209600 300 )

  NS ns
$ORIGIN sub.example.test.
; between
ns.example.test. A 192.0.2.1
www TXT "a ; b"

last TXT "x"`+"\n")
	var got []int
	for _, r := range z.Records() {
		got = append(got, r.Line)
	}
	if want := []int{3, 7, 10, 11, 13}; !slices.Equal(got, want) {
		t.Errorf("lines %v, want %v", got, want)
	}
}

func TestEscapedNamesCompareEqual(t *testing.T) {
	z := mustZone(t, "example.test", "$TTL 300\n"+soaLine+"\\119ww A 192.0.2.1\n")
	if z.nodes["www.example.test."] == nil {
		t.Errorf("names %v", z.names)
	}
}

func TestCheck(t *testing.T) {
	const ok = "$TTL 300\n" + soaLine + "@ NS ns\nns A 192.0.2.1\n"
	for _, test := range []struct {
		name, text string
		want       string // problems, as "kind name line"
	}{
		{"good", ok + "@ MX 10 ns\nwww CNAME ns\n", ""},
		{"no SOA", "$TTL 300\n@ NS ns\nns A 192.0.2.1\n", "no-soa example.test. 0"},
		{"no NS", "$TTL 300\n" + soaLine, "no-ns example.test. 0"},
		{"two SOAs", ok + "@ SOA ns h 2 3 4 5 6\n", "many-soa example.test. 2"},
		{"SOA below", ok + "sub SOA ns h 2 3 4 5 6\n", "misplaced-soa sub.example.test. 5"},
		{"glue missing", ok + "sub NS ns.sub\n", "missing-glue sub.example.test. 5"},
		{"glue there", ok + "sub NS ns.sub\nns.sub A 192.0.2.2\n", ""},
		{"glue elsewhere", ok + "sub NS ns.other.test.\n", ""},
		{"CNAME and A", ok + "www CNAME ns\nwww A 192.0.2.2\n", "cname-and-other www.example.test. 5"},
		{"CNAME at the top", ok + "@ CNAME ns\n", "cname-and-other example.test. 5\ncname-and-other example.test. 5"},
		{"two CNAMEs", ok + "www CNAME ns\nwww CNAME nt\nnt A 192.0.2.2\n", "many-cname www.example.test. 5"},
		{"CNAME loop", ok + "a CNAME b\nb CNAME a\n", "cname-loop a.example.test. 5\ncname-loop b.example.test. 6"},
		{"MX to CNAME", ok + "@ MX 10 mail\nmail CNAME ns\n", "mx-to-cname example.test. 5"},
		{"MX to nothing", ok + "@ MX 10 mail\n", "no-address example.test. 5"},
		{"MX to a wildcard", ok + "@ MX 10 mail\n* A 192.0.2.2\n", ""},
		{"MX abroad", ok + "@ MX 10 mail.other.test.\n", ""},
		{"NS to CNAME", ok + "@ NS nt\nnt CNAME ns\n", "ns-to-cname example.test. 3"},
		{"null MX", ok + "@ MX 0 .\n", ""},
		{"null MX and another", ok + "@ MX 0 .\n@ MX 10 ns\n", "null-mx-and-other example.test. 5"},
		{"occluded", ok + "sub NS ns\nwww.sub A 192.0.2.3\n", "occluded www.sub.example.test. 6"},
		{"wildcard NS", ok + "*.x NS ns\n", "wildcard-ns *.x.example.test. 5"},
		{"DNAME", ok + "old DNAME ns\n", "unsupported old.example.test. 5"},
		{"foreign", ok + "www.other.test. A 192.0.2.3\n", "out-of-zone www.other.test. 5"},
		{"twice", ok + "ns A 192.0.2.1\n", "duplicate ns.example.test. 5"},
		{"two TTLs", ok + "ns 60 A 192.0.2.2\n", "mixed-ttl ns.example.test. 5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, p := range mustZone(t, "example.test", test.text).Check() {
				got = append(got, strings.Join([]string{string(p.Kind), p.Name, itoa(p.Line)}, " "))
			}
			if s := strings.Join(got, "\n"); s != test.want {
				t.Errorf("got %q, want %q", s, test.want)
			}
		})
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

func TestProblemString(t *testing.T) {
	z := mustZone(t, "example.test", "$TTL 300\n"+soaLine+"@ NS ns\n@ MX 10 mail\nns A 192.0.2.1\nmail CNAME ns\n")
	const want = "test.zone:4: warning: example.test. MX points to mail.example.test., which is an alias [mx-to-cname]"
	if got := z.Check(); len(got) != 1 || got[0].String() != want {
		t.Errorf("got %v", got)
	}
}

func TestLowestTTLCounts(t *testing.T) {
	z := mustZone(t, "example.test", "$TTL 300\n"+soaLine+"www A 192.0.2.1\nwww 60 A 192.0.2.2\n")
	for _, r := range z.Records()[1:] {
		if r.RR.Header().Ttl != 60 {
			t.Errorf("TTL of %v", r.RR)
		}
	}
}

func FuzzParseZone(f *testing.F) {
	for _, name := range []string{"root-1034.zone", "edu-1034.zone"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("$TTL 1\n@ SOA a b 1 2 3 4 5\n* CNAME x\nx CNAME *\n@ NS ns.a\na NS ns.a\n")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ToUpper(text), "$GENERATE") {
			return // costs time, not cover
		}
		z, err := ParseZone(strings.NewReader(text), "example.test.", "z")
		if err != nil {
			return
		}
		z.Check()
		a, err := NewAuthority(z)
		if err != nil {
			return
		}
		for _, r := range z.Records() {
			q := new(dns.Msg).SetQuestion(r.RR.Header().Name, r.RR.Header().Rrtype)
			if _, err := a.Handle(q, UDP).Pack(); err != nil {
				t.Fatalf("%v: %v", r.RR, err)
			}
		}
	})
}
