package message

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestReceivedField(t *testing.T) {
	v4, v6 := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	for _, tt := range []struct {
		name string
		r    Received
		want string
	}{
		{"whole", Received{FromHELO: "laptop.acme.test", FromName: "dsl-1.isp.test", FromIP: v4, By: "mail.acme.test", Program: "mailwalk",
			With: "ESMTPSA", ID: "4F2A1", For: "bob@example.test", TLS: "TLS_AES_128_GCM_SHA256", Date: date},
			"Received: from laptop.acme.test (dsl-1.isp.test [192.0.2.1])\r\n" +
				"\tby mail.acme.test (mailwalk) with ESMTPSA id 4F2A1\r\n" +
				"\tfor <bob@example.test> tls TLS_AES_128_GCM_SHA256;\r\n" +
				"\tTue, 5 Mar 2024 09:30:00 +0100\r\n"},
		{"IPv6, no name, many recipients", Received{FromHELO: "[IPv6:2001:db8::1]", FromIP: v6, By: "mx.example.test", With: "SMTP", ID: "<a@b>", Date: date},
			"Received: from [IPv6:2001:db8::1] ([IPv6:2001:db8::1])\r\n" +
				"\tby mx.example.test with SMTP id <a@b>;\r\n" +
				"\tTue, 5 Mar 2024 09:30:00 +0100\r\n"},
		{"no SMTP", Received{By: "web.acme.test", With: "HTTP", For: `"b\"; c"@example.test`, Date: date},
			"Received: by web.acme.test with HTTP\r\n" +
				"\tfor <\"b\\\"; c\"@example.test>; Tue, 5 Mar 2024 09:30:00 +0100\r\n"},
	} {
		got, err := tt.r.Field()
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: got %v\n%q\nwant\n%q", tt.name, err, got, tt.want)
			continue
		}
		back, err := ParseReceived(ParseHeader(got).Get("Received"))
		if err != nil || fmt.Sprint(back) != fmt.Sprint(tt.r) {
			t.Errorf("%s: reads back as %+v, %v", tt.name, back, err)
		}
		for l := range strings.SplitSeq(string(got), "\r\n") {
			if len(l) > 78 {
				t.Errorf("%s: a line has %d octets", tt.name, len(l))
			}
		}
	}
}

func TestReceivedRefuses(t *testing.T) {
	good := Received{FromHELO: "a.test", FromIP: netip.MustParseAddr("192.0.2.1"), By: "b.test", Date: date}
	for _, tt := range []struct {
		want   string
		change func(*Received)
	}{
		{"from", func(r *Received) { r.FromHELO = "a\r\nX: y" }},
		{"from", func(r *Received) { r.FromHELO = "a) by evil (" }},
		{"from", func(r *Received) { r.FromHELO = "a b" }},
		{"from", func(r *Received) { r.FromHELO = "[192.0.2]" }},
		{"from", func(r *Received) { r.FromName = "x]" }},
		{"from", func(r *Received) { r.FromHELO = "" }},
		{"from", func(r *Received) { r.FromName, r.FromIP = "x", netip.Addr{} }},
		{"by", func(r *Received) { r.By = "" }},
		{"by", func(r *Received) { r.Program = "a)(b" }},
		{"with", func(r *Received) { r.With = "E SMTP" }},
		{"id", func(r *Received) { r.ID = "a;b" }},
		{"for", func(r *Received) { r.For = "bob" }},
		{"date", func(r *Received) { r.Date = time.Time{} }},
	} {
		r := good
		tt.change(&r)
		if got, err := r.Field(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: got %q, %v, want %q", r, got, err, tt.want)
		}
	}
}

func TestParseReceived(t *testing.T) {
	for _, tt := range []struct{ in, want, err string }{
		// As Postfix writes it.
		{"from mail.a.test (unknown [192.0.2.7])\t(using TLSv1.3 with cipher X (256/256 bits))\t(No client certificate requested)\tby mx.b.test (Postfix) with ESMTPS id 4F2A1\tfor <bob@b.test>; Tue,  5 Mar 2024 09:30:00 +0100 (CET)",
			"helo=mail.a.test name= ip=192.0.2.7 by=mx.b.test prog=Postfix via= with=ESMTPS id=4F2A1 for=bob@b.test tls= date=1709627400 comments=[using TLSv1.3 with cipher X (256/256 bits)|No client certificate requested] rest=[]", ""},
		// As Exim does.
		{"from [192.0.2.9] (helo=pc) by mx.b.test with esmtpsa (TLS1.3) tls TLS_AES_256_GCM_SHA384 (Exim 4.97) (envelope-from <a@a.test>) id 1rhTQk-0001 for bob@b.test; Tue, 05 Mar 2024 08:30:00 +0000",
			"helo=[192.0.2.9] name= ip=192.0.2.9 by=mx.b.test prog= via= with=esmtpsa id=1rhTQk-0001 for=bob@b.test tls=TLS_AES_256_GCM_SHA384 date=1709627400 comments=[helo=pc|TLS1.3|Exim 4.97|envelope-from <a@a.test>] rest=[]", ""},
		// As Google does.
		{"from x.test (x.test. [2001:db8::5]) by mx.google.com with ESMTPS id a-b.1.2024 for <bob@b.test> (version=TLS1_3 bits=256/256); Tue, 05 Mar 2024 00:30:00 -0800 (PST)",
			"helo=x.test name=x.test ip=2001:db8::5 by=mx.google.com prog= via= with=ESMTPS id=a-b.1.2024 for=bob@b.test tls= date=1709627400 comments=[version=TLS1_3 bits=256/256] rest=[]", ""},
		{"from A.test (192.0.2.1) by B.test (192.0.2.2) with Microsoft SMTP Server (TLS) id 15.1; Tue, 5 Mar 2024 09:30:00 CET",
			"helo=A.test name= ip= by=B.test prog=192.0.2.2 via= with=Microsoft SMTP Server id=15.1 for= tls= date=1709631000 comments=[192.0.2.1|TLS] rest=[]", ""},
		{"(qmail 22 invoked by uid 0); 5 Mar 2024 08:30:00 -0000",
			"helo= name= ip= by= prog= via= with= id= for= tls= date=1709627400 comments=[qmail 22 invoked by uid 0] rest=[]", ""},
		{"from by by from; Tue, 5 Mar 2024 03:30:00 EST", "helo=by name= ip= by=from prog= via= with= id= for= tls= date=1709627400 comments=[] rest=[]", ""},
		{"what (a;b) from x", "helo=x name= ip= by= prog= via= with= id= for= tls= date=-62135596800 comments=[a;b] rest=[what]", "no semicolon"},
		{"from x; yesterday", "helo=x name= ip= by= prog= via= with= id= for= tls= date=-62135596800 comments=[] rest=[]", "yesterday"},
		{"", "helo= name= ip= by= prog= via= with= id= for= tls= date=-62135596800 comments=[] rest=[]", "no semicolon"},
		{"from x (y", "helo=x name= ip= by= prog= via= with= id= for= tls= date=-62135596800 comments=[y] rest=[]", "no semicolon"},
		{strings.Repeat("x", maxReceived+1), "helo= name= ip= by= prog= via= with= id= for= tls= date=-62135596800 comments=[] rest=[]", "octets"},
	} {
		r, err := ParseReceived(tt.in)
		ip := ""
		if r.FromIP.IsValid() {
			ip = r.FromIP.String()
		}
		got := fmt.Sprintf("helo=%s name=%s ip=%s by=%s prog=%s via=%s with=%s id=%s for=%s tls=%s date=%d comments=[%s] rest=[%s]",
			r.FromHELO, r.FromName, ip, r.By, r.Program, r.Via, r.With, r.ID, r.For, r.TLS, r.Date.Unix(), strings.Join(r.Comments, "|"), strings.Join(r.Rest, "|"))
		if got != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", clip(tt.in), got, tt.want)
		}
		if (tt.err == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: got error %v, want %q", clip(tt.in), err, tt.err)
		}
	}
}

func TestHops(t *testing.T) {
	msg := []byte("Return-Path: <a@b>\r\nReceived: by two; Tue, 5 Mar 2024 09:30:01 +0100\r\nreceived: by one;\r\n Tue, 5 Mar 2024 09:30:00 +0100\r\n\r\nReceived: no\r\n")
	hops := Hops(msg)
	if len(hops) != 2 || hops[0].Received.By != "one" || hops[1].Received.By != "two" || hops[0].Err != nil {
		t.Errorf("got %+v", hops)
	}
	if n := CountReceived(msg); n != 2 {
		t.Errorf("counted %d", n)
	}
}

func TestTransmission(t *testing.T) {
	for _, tt := range []struct {
		extended, tls, auth, utf8 bool
		want                      string
	}{
		{false, false, false, false, "SMTP"}, {true, false, false, false, "ESMTP"}, {true, true, false, false, "ESMTPS"},
		{true, false, true, false, "ESMTPA"}, {true, true, true, false, "ESMTPSA"}, {true, true, true, true, "UTF8SMTPSA"},
		{true, false, false, true, "UTF8SMTP"},
	} {
		if got := Transmission(tt.extended, tt.tls, tt.auth, tt.utf8); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

func TestReturnPath(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", "Return-Path: <>\r\n"},
		{"alice@acme.test", "Return-Path: <alice@acme.test>\r\n"},
		{`"a b"@acme.test`, "Return-Path: <\"a b\"@acme.test>\r\n"},
		{"alice", ""}, {"a@b\r\nX: y", ""}, {"<a@b>", ""},
	} {
		got, err := ReturnPath(tt.in)
		if string(got) != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%q: got %q, %v", tt.in, got, err)
		}
	}
}

func TestMessageID(t *testing.T) {
	for _, tt := range []struct{ left, domain, want string }{
		{"20240305.1", "acme.test", "<20240305.1@acme.test>"},
		{"a b", "acme.test", ""}, {"", "acme.test", ""}, {"a", "acme..test", ""}, {"ü", "acme.test", ""},
		{strings.Repeat("a", 500), "acme.test", ""},
	} {
		got, err := MessageID(tt.left, tt.domain)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s %s: got %q, %v", tt.left, tt.domain, got, err)
		}
	}
}

func TestDates(t *testing.T) {
	for _, tt := range []struct{ in, want string }{ // want is FormatDate; empty for an error
		{"Tue, 5 Mar 2024 09:30:00 +0100", "Tue, 5 Mar 2024 09:30:00 +0100"},
		{"5 Mar 2024 09:30 +0100", "Tue, 5 Mar 2024 09:30:00 +0100"},
		{"Tue,  5 Mar 2024 09:30:00 -0800 (PST)", "Tue, 5 Mar 2024 09:30:00 -0800"},
		{"Tue, 5 Mar 2024 09:30:00 PST", "Tue, 5 Mar 2024 09:30:00 -0800"},
		{"Tue, 5 Mar 2024 09:30:00 GMT", "Tue, 5 Mar 2024 09:30:00 +0000"},
		{"Tue, 5 Mar 2024 09:30:00 CET", "Tue, 5 Mar 2024 09:30:00 +0000"},
		{"5 Mar 94 09:30:00 EST", "Sat, 5 Mar 1994 09:30:00 -0500"},
		{"Tue, 35 Mar 2024 09:30:00 +0100", ""},
		{"", ""}, {"now", ""},
	} {
		got, err := ParseDate(tt.in)
		if (err == nil) != (tt.want != "") || err == nil && FormatDate(got) != tt.want {
			t.Errorf("%s: got %s, %v", tt.in, got, err)
		}
		if err == nil && got.Location() == time.Local {
			t.Errorf("%s: the zone is the machine's", tt.in)
		}
	}
	odd := time.Date(1890, 1, 1, 0, 0, 0, 0, time.FixedZone("LMT", 3208))
	if got := FormatDate(odd); got != "Tue, 31 Dec 1889 23:06:32 +0000" {
		t.Errorf("a zone with seconds: %s", got)
	}
}

func FuzzReceived(f *testing.F) {
	f.Add("from a.test (b.test [192.0.2.1]) by c.test (x) with ESMTP id 1 for <d@e.test>; Tue, 5 Mar 2024 09:30:00 +0100", "a.test", "d@e.test")
	f.Add("from by (([IPv6:]) \\) \"; ;", "[192.0.2.1]", "")
	f.Fuzz(func(t *testing.T, value, helo, forAddr string) {
		if r, err := ParseReceived(value); err == nil && r.Date.Location() == time.Local {
			t.Fatal("the zone is the machine's")
		}
		r := Received{FromHELO: helo, FromIP: netip.MustParseAddr("192.0.2.1"), By: "b.test", For: forAddr, Date: date}
		if helo == "" {
			r.FromIP = netip.Addr{}
		}
		raw, err := r.Field()
		if err != nil {
			return
		}
		h := ParseHeader(raw)
		if len(h.Fields) != 1 || len(h.Fields[0].Raw) != len(raw) {
			t.Fatalf("%q is not one field", raw)
		}
		back, err := ParseReceived(h.Fields[0].Value)
		if err != nil || back.FromHELO != helo || back.By != "b.test" || !back.Date.Equal(date) {
			t.Fatalf("%q reads back as %+v, %v", raw, back, err)
		}
	})
}
