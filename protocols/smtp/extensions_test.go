package smtp

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// TestSendDeclares: Send says of a mail what the server can hear and the mail
// needs, or refuses before anything is said.
func TestSendDeclares(t *testing.T) {
	utf8 := Path{"jörg", "bücher.example"}
	dsn := Envelope{
		From:   Path{"a", "bar.com"},
		Params: MailParams{Ret: RetHdrs, EnvID: "id+1"},
		Recipients: []Recipient{{
			To:     Path{"b", "foo.com"},
			Params: RcptParams{NotifySuccess | NotifyDelay, OriginalRecipient{"rfc822", "b=b@foo.com"}},
		}},
	}
	to := envelopeTo("b")
	from := to
	from.From = utf8
	rcpt := Envelope{From: to.From, Recipients: []Recipient{{To: utf8}}}
	inPart := to
	inPart.Params.UTF8 = true
	const text = "Subject: x\r\n\r\nx\r\n"
	tests := []struct {
		name    string
		offer   Server
		opts    ClientOptions
		env     Envelope
		content string
		want    MailParams
		rcpt    RcptParams
		err     error
	}{
		{name: "ASCII", offer: Server{SMTPUTF8: true, DSN: true}, env: to, content: text, want: MailParams{Size: 17}},
		{name: "sender", offer: Server{SMTPUTF8: true}, env: from, content: text, want: MailParams{Size: 17, UTF8: true}},
		{name: "recipient", offer: Server{SMTPUTF8: true}, env: rcpt, content: text, want: MailParams{Size: 17, UTF8: true}},
		{name: "header", offer: Server{SMTPUTF8: true}, env: to, content: "Subject: ü\r\n\r\n", want: MailParams{Size: 15, UTF8: true, Body: Body8BitMIME}},
		{name: "body", offer: Server{SMTPUTF8: true}, env: to, content: "\r\nü\r\n", want: MailParams{Size: 6, Body: Body8BitMIME}},
		{name: "said in vain", env: inPart, content: text, want: MailParams{Size: 17}},
		{name: "sender, not offered", env: from, content: text, err: ErrNoUTF8},
		{name: "recipient, not offered", env: rcpt, content: text, err: ErrNoUTF8},
		{name: "header, not offered", env: to, content: "Subject: ü\r\n\r\n", err: ErrNoUTF8},
		{name: "said, not offered", env: inPart, content: "\r\nü\r\n", err: ErrNoUTF8},
		{name: "header, undeclared", opts: ClientOptions{Undeclared: true}, env: to, content: "Subject: ü\r\n\r\n", want: MailParams{Size: 15, Body: Body8BitMIME}},
		{name: "DSN", offer: Server{DSN: true}, env: dsn, content: text, want: MailParams{Size: 17, Ret: RetHdrs, EnvID: "id+1"}, rcpt: dsn.Recipients[0].Params},
		{name: "DSN, not offered", env: dsn, content: text, want: MailParams{Size: 17}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv, b := realServer()
			srv.SMTPUTF8, srv.DSN = tt.offer.SMTPUTF8, tt.offer.DSN
			c := serve(t, srv, nil, tt.opts)
			ctx := context.Background()
			if _, err := c.Hello(ctx); err != nil {
				t.Fatal(err)
			}
			_, err := c.Send(ctx, tt.env, []byte(tt.content))
			if tt.err != nil {
				if !errors.Is(err, tt.err) || len(b.mails) > 0 {
					t.Errorf("%v, want %v", err, tt.err)
				}
				if _, err := c.Noop(ctx); err != nil {
					t.Errorf("the session is no more: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			m := b.mails[0]
			if m.env.Params != tt.want || m.env.Recipients[0].Params != tt.rcpt {
				t.Errorf("said %+v, %+v; want %+v, %+v", m.env.Params, m.env.Recipients[0].Params, tt.want, tt.rcpt)
			}
			with := "ESMTP"
			if tt.want.UTF8 {
				with = "UTF8SMTP"
			}
			if got := m.peer.Protocol(); got != with {
				t.Errorf("with %s, want %s", got, with)
			}
		})
	}
}

// TestClientParams: what a client cannot say in its own commands either.
func TestClientParams(t *testing.T) {
	srv, _ := realServer()
	srv.DSN, srv.SMTPUTF8 = true, true
	c := serve(t, srv, nil, ClientOptions{})
	ctx := context.Background()
	if _, err := c.Hello(ctx); err != nil {
		t.Fatal(err)
	}
	utf8 := Path{"jörg", "foo.com"}
	if _, err := c.Mail(ctx, utf8, MailParams{}); !errors.Is(err, ErrNoUTF8) {
		t.Errorf("MAIL: %v", err)
	}
	for _, bad := range []MailParams{{EnvID: "a\x00"}, {EnvID: strings.Repeat("=", 34)}, {Ret: "BODY"}, {Body: "9BIT"}} {
		if _, err := c.Mail(ctx, Path{}, bad); !errors.Is(err, ErrArgument) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, err := c.Mail(ctx, Path{}, MailParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Rcpt(ctx, utf8, RcptParams{}); !errors.Is(err, ErrNoUTF8) {
		t.Errorf("RCPT: %v", err)
	}
	for _, bad := range []RcptParams{
		{ORcpt: OriginalRecipient{"rfc822\r\nQUIT", "a"}},
		{ORcpt: OriginalRecipient{"rfc 822", "a"}},
		{ORcpt: OriginalRecipient{"rfc822", ""}},
		{ORcpt: OriginalRecipient{"rfc822", "a\r\nb"}},
		{ORcpt: OriginalRecipient{"rfc822", strings.Repeat("a", 500)}},
		{Notify: NotifyNever | NotifyDelay},
	} {
		if _, err := c.Rcpt(ctx, Path{"b", "foo.com"}, bad); !errors.Is(err, ErrArgument) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, err := c.Rcpt(ctx, Path{"b", "foo.com"}, RcptParams{Notify: NotifyNever}); err != nil {
		t.Error(err)
	}
}

func TestLimits(t *testing.T) {
	tests := []struct {
		in   string
		want Limits
		out  string
	}{
		{"", Limits{}, ""},
		{"RCPTMAX=20", Limits{RcptMax: 20}, "RCPTMAX=20"},
		{"rcptdomainmax=1 X MAILMAX=5  RCPTMAX=999999", Limits{5, 999999, 1}, "MAILMAX=5 RCPTMAX=999999 RCPTDOMAINMAX=1"},
		{"RCPTMAX=0 MAILMAX=007 RCPTDOMAINMAX=1000000", Limits{}, ""},
		{"RCPTMAX MAILMAX= RCPTDOMAINMAX=-1 FUTURE=2", Limits{}, ""},
	}
	for _, tt := range tests {
		if got := ParseLimits(tt.in); got != tt.want || got.String() != tt.out {
			t.Errorf("%q: %+v, %q; want %+v, %q", tt.in, got, got, tt.want, tt.out)
		}
	}
}

// TestNotify: each set comes back as it went out.
func TestNotify(t *testing.T) {
	for n := Notify(1); n <= NotifyNever; n++ {
		var got RcptParams
		err := setNotify(&got, Param{"NOTIFY", n.String(), true})
		if ok := n <= NotifyNever; ok != (err == nil) || ok && got.Notify != n {
			t.Errorf("%q: %v, %v", n, got.Notify, err)
		}
	}
	var got RcptParams
	if err := setNotify(&got, Param{"NOTIFY", (NotifyNever | NotifyDelay).String(), true}); err == nil {
		t.Errorf("NEVER beside DELAY was taken for %v", got.Notify)
	}
}

func FuzzRcptParams(f *testing.F) {
	for _, s := range []string{"NOTIFY=NEVER", "NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@x", "ORCPT=x;", "ORCPT=utf-8;\\x{FC}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		params, err := ParseParams(s)
		if err != nil {
			return
		}
		var r RcptParams
		for _, p := range params {
			if known := findRcptParam(p.Keyword); known == nil || known.set(&r, p) != nil {
				return
			}
		}
		var again RcptParams
		for _, p := range r.Params() {
			if err := findRcptParam(p.Keyword).set(&again, p); err != nil {
				t.Fatalf("%q: prints %v: %v", s, p, err)
			}
		}
		if r != again {
			t.Fatalf("%q: %+v, then %+v", s, r, again)
		}
	})
}

// TestWithout: what a server does not offer, it does not heed either.
func TestWithout(t *testing.T) {
	srv, _ := realServer()
	srv.MaxSize, srv.Without = 10, []string{"PIPELINING", "SIZE", "8BITMIME"}
	c := serve(t, srv, nil, ClientOptions{})
	ctx := context.Background()
	if _, err := c.Hello(ctx); err != nil {
		t.Fatal(err)
	}
	for _, e := range srv.Without {
		if c.Extensions().Has(e) {
			t.Errorf("%s is offered", e)
		}
	}
	for _, params := range []MailParams{{Size: 5}, {Body: Body8BitMIME}} {
		r, err := c.Mail(ctx, Path{"a", "bar.com"}, params)
		if err == nil || r.Code != 555 {
			t.Errorf("MAIL with %v: %v, want 555", params.Params(), r)
		}
	}
	res, err := c.Send(ctx, envelopeTo("b"), []byte("Subject: longer than ten\r\n\r\n"))
	if err != nil || res.Data == nil || res.Data.Code != 552 {
		t.Errorf("too large: %v, %+v, want 552", err, res.Data)
	}
}
