package message

import (
	"bytes"
	"strings"
	"testing"
)

func TestParseHeader(t *testing.T) {
	raw := []byte("Received: one\r\n\tfolded\r\nSubject:=?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n =?utf-8?q?_an_alle?= x\r\nreceived : two \r\ngarbage\r\n\r\nbody: no\r\n")
	h := ParseHeader(raw)
	want := []struct{ name, value string }{
		{"Received", "one\tfolded"},
		{"Subject", "=?utf-8?q?Gr=C3=BC=C3=9Fe?= =?utf-8?q?_an_alle?= x"},
		{"received", "two"},
		{"", "garbage"},
	}
	if len(h.Fields) != len(want) {
		t.Fatalf("got %d fields, want %d", len(h.Fields), len(want))
	}
	for i, f := range h.Fields {
		if f.Name != want[i].name || f.Value != want[i].value {
			t.Errorf("field %d: got %q %q", i, f.Name, f.Value)
		}
		if !bytes.Equal(f.Raw, raw[f.From:f.To]) {
			t.Errorf("field %d: its range is not its bytes", i)
		}
	}
	if got := h.Fields[1].Decoded(); got != "Grüße an alle x" {
		t.Errorf("decoded: %q", got)
	}
	if h.Get("SUBJECT") != want[1].value || h.Get("To") != "" || !h.Has("subject") || h.Has("To") {
		t.Error("Get or Has is wrong")
	}
	if n := len(h.All("RECEIVED")); n != 2 {
		t.Errorf("All gives %d, want 2", n)
	}
}

func TestDecodedIsHarmless(t *testing.T) {
	f := ParseHeader([]byte("Subject: =?utf-8?q?=1B[2J=E2=80=AEx?=\r\n")).Fields[0]
	if got := f.Decoded(); got != "\uFFFD[2J\uFFFDx" {
		t.Errorf("got %q", got)
	}
}

func TestParseHeaderIsBounded(t *testing.T) {
	raw := []byte(strings.Repeat("a:\r\n", MaxFields+5) + "\r\nbody")
	h := ParseHeader(raw)
	if !h.Over || len(h.Fields) != MaxFields+1 {
		t.Fatalf("over %v, %d fields", h.Over, len(h.Fields))
	}
	header, body := Split(raw)
	if last := h.Fields[MaxFields]; last.Name != "" || last.To != len(header) || len(last.Raw) != 20 {
		t.Errorf("the last field is %q, %d to %d", last.Raw, last.From, last.To)
	}
	if string(body) != "body" {
		t.Errorf("body %q", body)
	}
}

func TestSplit(t *testing.T) {
	for _, tt := range []struct{ in, header, body string }{
		{"", "", ""},
		{"A: b\r\n", "A: b\r\n", ""},
		{"A: b", "A: b", ""},
		{"A: b\r\n\r\n", "A: b\r\n", ""},
		{"A: b\r\n\r\nx\r\n\r\ny", "A: b\r\n", "x\r\n\r\ny"},
		{"A: b\n c\n\nx", "A: b\n c\n", "x"},
		{"\r\nx", "", "x"},
		{"A: b\r\n \r\nB: c\r\n\r\nx", "A: b\r\n \r\nB: c\r\n", "x"},
	} {
		header, body := Split([]byte(tt.in))
		if string(header) != tt.header || string(body) != tt.body {
			t.Errorf("%q: got %q and %q", tt.in, header, body)
		}
	}
}

func TestAddedOnTheWay(t *testing.T) {
	const sent = "From: a@b.test\r\nSubject: x\r\n\r\nHello\r\n"
	for _, tt := range []struct {
		name, sent, arrived string
		added               string // names
		same                bool
	}{
		{"nothing", sent, sent, "", true},
		{"two", sent, "Return-Path: <a@b.test>\r\nReceived: x\r\n\ty; z\r\n" + sent, "Return-Path Received", true},
		{"body changed", sent, "Received: x\r\n" + strings.Replace(sent, "Hello", "hello", 1), "Received", false},
		{"first field changed", sent, "Received: x\r\n" + strings.Replace(sent, "a@b", "b@b", 1), "", false},
		{"garbage in front", sent, "garbage\r\n" + sent, "", false},
		{"no line end in front", sent, "X: " + sent, "", false},
		{"a body in front", sent, "X: y\r\n\r\n" + sent, "", false},
		{"cut off", sent, "Received: x\r\n" + sent[:len(sent)-2], "Received", false},
		{"sent nothing", "", sent, "", false},
	} {
		added, same := AddedOnTheWay([]byte(tt.sent), []byte(tt.arrived))
		var names []string
		for _, f := range added {
			names = append(names, f.Name)
		}
		got := strings.Join(names, " ")
		if tt.name == "garbage in front" {
			got = strings.TrimSpace(got) // a nameless line may be told, but is no proof
		}
		if got != tt.added || same != tt.same {
			t.Errorf("%s: got %q, %v", tt.name, got, same)
		}
	}
}

func TestPrepend(t *testing.T) {
	got := Prepend([]byte("A: b\r\n"), []byte("1: x\r\n"), []byte("2: y\r\n"))
	if string(got) != "1: x\r\n2: y\r\nA: b\r\n" {
		t.Errorf("got %q", got)
	}
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte("A: b\r\n c\r\nB : =?utf-8?q?x?=\r\n\r\nbody"))
	f.Add([]byte("x\n\n"))
	f.Add([]byte(" \r\r\n:"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		header, body := Split(raw)
		var all []byte
		for _, field := range ParseHeader(raw).Fields {
			all = append(all, field.Raw...)
			field.Decoded()
		}
		if !bytes.Equal(all, header) {
			t.Fatalf("the fields are %q, the header is %q", all, header)
		}
		if !bytes.HasPrefix(raw, header) || !bytes.HasSuffix(raw, body) || len(raw)-len(header)-len(body) > 2 {
			t.Fatalf("%q is split into %q and %q", raw, header, body)
		}
		mail := Prepend(raw, []byte("Received: x; y\r\n"))
		if added, same := AddedOnTheWay(raw, mail); len(raw) > 0 && !isWSP(raw[0]) && (!same || len(added) != 1) {
			t.Fatalf("%q: added %d, same %v", raw, len(added), same)
		}
	})
}
