package message

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gomessage "github.com/emersion/go-message"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var (
	alice = Address{"Alice", "alice", "acme.test"}
	bob   = Address{"", "bob", "example.test"}
	date  = time.Date(2024, 3, 5, 9, 30, 0, 0, time.FixedZone("", 3600))
)

func draft(change func(*Draft)) Draft {
	d := Draft{From: []Address{alice}, To: []Address{bob}, Subject: "Hello", Text: "Hello Bob!\n",
		Date: date, MessageID: "<1@acme.test>"}
	change(&d)
	return d
}

var drafts = []struct {
	name  string
	draft Draft
}{
	{"plain", draft(func(d *Draft) {})},
	{"umlauts", draft(func(d *Draft) {
		d.From[0] = Address{"Jürgen Müller", "juergen", "acme.test"}
		d.Subject = "Re: Grüße aus München"
		d.Text = "Schöne Grüße!\nTrailing space \nFrom here = there\n.\n"
	})},
	{"long-header", draft(func(d *Draft) {
		for i := range 6 {
			d.To = append(d.To, Address{fmt.Sprintf("Colleague Number %d", i), fmt.Sprintf("colleague.%d", i), "department.example.test"})
		}
		d.Subject = strings.Repeat("a long subject that goes on ", 6) + "and ends"
		d.References = []string{"<" + strings.Repeat("a", 40) + "@x.test>", "<" + strings.Repeat("b", 40) + "@x.test>"}
		d.InReplyTo = d.References[1]
		d.MailProgram = "mailwalk"
		d.Extra = []ExtraField{{"X-Class", "Netzwerke für alle"}, {"Auto-Submitted", "no"}}
	})},
	{"japanese", draft(func(d *Draft) {
		d.Subject = strings.Repeat("電子メールはどのように届くのか", 4)
		d.Text = "こんにちは\n"
	})},
	{"attachments", draft(func(d *Draft) {
		d.Cc = []Address{{"", "carol", "example.test"}}
		d.Bcc = []Address{{"", "secret", "example.test"}}
		d.Attachments = []Attachment{
			{Name: "notes.txt", Content: []byte("plain\n")},
			{Name: "grüße.txt", Content: []byte("grüße\n")},
			{Name: `a "b" c.bin`, Content: []byte{0, 1, 2, 255}},
			{Name: strings.Repeat("sehr langer näme ", 8) + ".pdf", Content: []byte("%PDF-")},
			{Name: "mail.eml", Content: []byte("From: x@y.test\r\n\r\nInside\r\n")},
			{Name: "empty.csv"},
			{Content: []byte("no name"), Type: "text/x-note; charset=us-ascii"},
		}
	})},
	{"long-line", draft(func(d *Draft) { d.Text = strings.Repeat("0123456789", 100) })},
	{"international-address", draft(func(d *Draft) { d.To = []Address{{"用户", "用户", "例子.测试"}} })},
}

func TestComposeGolden(t *testing.T) {
	for _, tt := range drafts {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Compose(tt.draft)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", "compose", tt.name+".eml")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs (-update rewrites it); got:\n%s", file, got)
			}
			checkComposed(t, tt.draft, got)
		})
	}
}

// checkComposed holds a composed mail against the draft it was made of.
func checkComposed(t *testing.T, d Draft, msg []byte) {
	t.Helper()
	if out, changes, err := Canonicalize(msg, CanonicalOptions{}); err != nil || len(changes) > 0 || !bytes.Equal(out, msg) {
		t.Errorf("not canonical: %v %v", changes, err)
	}
	header, _ := Split(msg)
	for l := range strings.SplitSeq(string(header), "\r\n") {
		if len(l) > 78 {
			t.Errorf("a header line has %d octets: %s", len(l), l)
		}
	}
	h := ParseHeader(msg)
	var subject string
	for _, f := range h.All("Subject") {
		subject = decodeWords(f.Value)
	}
	if subject != d.Subject {
		t.Errorf("the subject reads %q, want %q", subject, d.Subject)
	}
	for _, f := range []struct {
		name string
		want []Address
	}{{"From", d.From}, {"To", d.To}, {"Cc", d.Cc}} {
		if len(f.want) == 0 {
			continue
		}
		got, err := ParseAddressList(h.Get(f.name))
		if err != nil || fmt.Sprint(got) != fmt.Sprint(f.want) {
			t.Errorf("%s reads %v, %v", f.name, got, err)
		}
	}
	for _, a := range d.Bcc {
		if bytes.Contains(msg, []byte(a.Mailbox())) {
			t.Errorf("the mail has the Bcc recipient %s", a)
		}
	}
	root := Structure(msg)
	root.Walk(func(p *Part) {
		if len(p.Problems) > 0 {
			t.Errorf("part %s: %v", p.Path, p.Problems)
		}
	})
	parts := root.Children
	if len(d.Attachments) == 0 {
		parts = []*Part{root}
	}
	if d.Text != "" || len(d.Attachments) == 0 {
		text, part, err := root.ForShow()
		want := string(crlf(d.Text))
		if err != nil || part != parts[0] || text != Showable(strings.ReplaceAll(want, "\r\n", "\n")) {
			t.Errorf("the text reads %q, %v", text, err)
		}
		parts = parts[1:]
	}
	if len(parts) != len(d.Attachments) {
		t.Fatalf("it has %d attachments, want %d", len(parts), len(d.Attachments))
	}
	for i, a := range d.Attachments {
		p := parts[i]
		content, err := p.Decode()
		if err != nil || !bytes.Equal(content, a.Content) || p.DecodedSize != len(a.Content) {
			t.Errorf("attachment %d: %d octets, said to be %d, want %d: %v", i, len(content), p.DecodedSize, len(a.Content), err)
		}
		if p.FileName != Showable(a.Name) || p.Disposition != "attachment" {
			t.Errorf("attachment %d: named %q, want %q", i, p.FileName, a.Name)
		}
	}
	checkWithGoMessage(t, d, msg)
}

// checkWithGoMessage reads the attachments with a reader that shares no code
// with this package.
func checkWithGoMessage(t *testing.T, d Draft, msg []byte) {
	t.Helper()
	e, err := gomessage.Read(bytes.NewReader(msg))
	if err != nil {
		t.Errorf("go-message: %v", err)
		return
	}
	mr := e.MultipartReader()
	if mr == nil {
		return
	}
	if d.Text != "" {
		if _, err := mr.NextPart(); err != nil {
			t.Errorf("go-message: %v", err)
		}
	}
	for i, a := range d.Attachments {
		p, err := mr.NextPart()
		if err != nil {
			t.Errorf("go-message: attachment %d: %v", i, err)
			return
		}
		content, err := io.ReadAll(p.Body)
		if ct, _, _ := p.Header.ContentType(); strings.HasPrefix(ct, "text/") {
			// It converts text to UTF-8, which all of ours is.
			err = nil
		}
		if err != nil || !bytes.Equal(content, a.Content) {
			t.Errorf("go-message: attachment %d: %d octets, %v", i, len(content), err)
		}
		if strings.Contains(a.Name, "=?") {
			continue // it decodes twice, which RFC 2047 §5 does not allow
		}
		if _, params, err := p.Header.ContentDisposition(); err != nil || params["filename"] != a.Name {
			t.Errorf("go-message: attachment %d: named %q, %v", i, params["filename"], err)
		}
	}
}

func TestComposeRefuses(t *testing.T) {
	for _, tt := range []struct {
		want   string
		change func(*Draft)
	}{
		{"no author", func(d *Draft) { d.From = nil }},
		{"Sender", func(d *Draft) { d.From = append(d.From, bob) }},
		{"To: ", func(d *Draft) { d.To = []Address{{"", "bob", ""}} }},
		{"Bcc: ", func(d *Draft) { d.Bcc = []Address{{"", "", "x.test"}} }},
		{"To: ", func(d *Draft) { d.To = []Address{{"", "bob\r\nX", "x.test"}} }},
		{"To: ", func(d *Draft) { d.To = []Address{{"\xff", "bob", "x.test"}} }},
		{"Subject: a line break", func(d *Draft) { d.Subject = "x\r\nBcc: y" }},
		{"Subject: it is not valid UTF-8", func(d *Draft) { d.Subject = "\xff" }},
		{"Date", func(d *Draft) { d.Date = time.Time{} }},
		{"Message-ID", func(d *Draft) { d.MessageID = "1@acme.test" }},
		{"In-Reply-To", func(d *Draft) { d.InReplyTo = "<a b@x>" }},
		{"text: it is not valid UTF-8", func(d *Draft) { d.Text = "\xff" }},
		{"another place", func(d *Draft) { d.Extra = []ExtraField{{"BCC", "x"}} }},
		{"another place", func(d *Draft) { d.Extra = []ExtraField{{"Content-Language", "de"}} }},
		{"no name of a field", func(d *Draft) { d.Extra = []ExtraField{{"X Y", "x"}} }},
		{"X-A: a line break", func(d *Draft) { d.Extra = []ExtraField{{"X-A", "x\nY: z"}} }},
		{"directories", func(d *Draft) { d.Attachments = []Attachment{{Name: "../x"}} }},
		{"control", func(d *Draft) { d.Attachments = []Attachment{{Name: "a\r\nb"}} }},
		{"media type", func(d *Draft) { d.Attachments = []Attachment{{Type: "text"}} }},
		{"multipart", func(d *Draft) { d.Attachments = []Attachment{{Type: "multipart/mixed; boundary=x"}} }},
		{"canonical", func(d *Draft) { d.Attachments = []Attachment{{Type: "message/rfc822", Content: []byte("a\n")}} }},
		{"boundary", func(d *Draft) {
			d.Attachments = []Attachment{{Name: "x"}}
			d.Boundary = func(int) string { return "ü" }
		}},
		{"none of 100 tries", func(d *Draft) {
			d.Text = "--x"
			d.Attachments = []Attachment{{Name: "x"}}
			d.Boundary = func(int) string { return "x" }
		}},
	} {
		got, err := Compose(draft(func(d *Draft) { tt.change(d) }))
		if err == nil || !strings.Contains(err.Error(), tt.want) || got != nil {
			t.Errorf("%s: got %q, %v", tt.want, got, err)
		}
	}
	_, err := Compose(draft(func(d *Draft) { d.Cc = []Address{{"", "x", "y..z"}} }))
	var e *AddressError
	if !errors.As(err, &e) {
		t.Errorf("an address error is not to be found: %v", err)
	}
}

func TestBoundaryIsFree(t *testing.T) {
	msg, err := Compose(draft(func(d *Draft) {
		d.Text = "--=_part_0\n--b1\n"
		d.Attachments = []Attachment{{Name: "x"}}
		d.Boundary = func(n int) string { return fmt.Sprintf("b%d", n+1) }
	}))
	if err != nil || Structure(msg).Param("boundary") != "b2" {
		t.Errorf("got %v\n%s", err, msg)
	}
}

func TestRecipients(t *testing.T) {
	d := Draft{To: []Address{alice, bob}, Cc: []Address{{"", "Bob", "example.test"}}, Bcc: []Address{{"x", "alice", "ACME.test"}, {"", "c", "d.test"}}}
	got := fmt.Sprint(d.Recipients())
	if want := "[alice@acme.test bob@example.test Bob@example.test c@d.test]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestComposeAndReadBack composes random mails and reads them back.
func TestComposeAndReadBack(t *testing.T) {
	const seed = 1
	r := rand.New(rand.NewSource(seed))
	text := func(n int) string {
		var b strings.Builder
		for range r.Intn(n) {
			b.WriteString([]string{"a", "word ", " ", "ü", "日本", "=", "=?", "\t", ".", "\"", "--=_part_0", "😀", "?="}[r.Intn(13)])
		}
		return b.String()
	}
	for i := range 300 {
		d := draft(func(d *Draft) {
			d.Subject = strings.ReplaceAll(text(40), "\t", "")
			d.To[0].Name = text(20)
			d.Text = strings.ReplaceAll(text(400), ".", "\r\n")
		})
		for range r.Intn(4) {
			content := make([]byte, r.Intn(500))
			r.Read(content)
			name := strings.ReplaceAll(text(30), "\t", "")
			d.Attachments = append(d.Attachments, Attachment{Name: name, Content: content})
		}
		msg, err := Compose(d)
		if err != nil {
			t.Fatalf("seed %d, mail %d: %v", seed, i, err)
		}
		if checkComposed(t, d, msg); t.Failed() {
			t.Fatalf("seed %d, mail %d:\n%s", seed, i, msg)
		}
		if again, err := Compose(d); err != nil || !bytes.Equal(again, msg) {
			t.Fatalf("seed %d, mail %d: not the same twice", seed, i)
		}
	}
}

func FuzzCompose(f *testing.F) {
	f.Add("Hello", "Alice", "text\n", "a.txt", []byte("x"))
	f.Add(" Grüße  =?x?q?y?= ", "a, \"b\"", "\x00\r", "=?utf-8?q?x?=", []byte{})
	f.Add(strings.Repeat("x", 100), " ", "", "ü*'%.eml", []byte("A: b\r\n"))
	f.Fuzz(func(t *testing.T, subject, name, text, file string, content []byte) {
		d := draft(func(d *Draft) {
			d.Subject, d.Text = subject, text
			d.To[0].Name = name
			if file != "" {
				d.Attachments = []Attachment{{Name: file, Content: content}}
			}
		})
		msg, err := Compose(d)
		if err != nil {
			return
		}
		checkComposed(t, d, msg)
	})
}

func BenchmarkCompose5MB(b *testing.B) {
	content := make([]byte, 5<<20)
	rand.New(rand.NewSource(1)).Read(content)
	d := draft(func(d *Draft) { d.Attachments = []Attachment{{Name: "photo.jpg", Content: content}} })
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compose(d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStructure5MB(b *testing.B) {
	content := make([]byte, 5<<20)
	rand.New(rand.NewSource(1)).Read(content)
	msg, err := Compose(draft(func(d *Draft) { d.Attachments = []Attachment{{Name: "photo.jpg", Content: content}} }))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Structure(msg).Find("2").Decode(); err != nil {
			b.Fatal(err)
		}
	}
}
