package explain

import (
	"encoding/base64"
	"strings"
	"testing"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/sasl"
	"mailwalk/sim/trace"
)

// scram is the example of RFC 7677 §3.
var scram = []string{
	"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
	"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
	"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
	"",
}

// saslLines are the messages of all mechanisms as SMTP carries them.
func saslLines() []lineCase {
	var all []lineCase
	add := func(key string, b trace.LineBody) { all = append(all, lineCase{"line.sasl" + key, b}) }
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	response := func(mechanism string, n int64, message string) trace.LineBody {
		return trace.LineBody{Service: "submission", Role: dialog.Continuation, Text: message, Secret: true, Exchange: &trace.SASLStep{Mechanism: mechanism, Message: n}}
	}
	challenge := func(mechanism string, n int64, message string) trace.LineBody {
		return trace.LineBody{
			Service: "submission", Role: dialog.Reply, Verb: "AUTH", Code: "334", Text: "334 " + b64(message), Range: trace.Range{FromServer: true},
			Exchange: &trace.SASLStep{Mechanism: mechanism, Message: n},
		}
	}
	command := func(text string) trace.LineBody {
		return trace.LineBody{Service: "submission", Role: dialog.Command, Verb: "AUTH", Text: text, Secret: true}
	}
	add(".PLAIN.message", command("AUTH PLAIN "+b64("\x00alice\x00secret")))
	add(".PLAIN.message", command("auth plain "+b64("bob\x00alice\x00secret")))
	add(".PLAIN.message", response(sasl.Plain, 1, b64("\x00alice\x00secret")))
	add(".PLAIN.message", trace.LineBody{Service: "imap", Role: dialog.Command, Verb: "AUTHENTICATE", Text: "A1 AUTHENTICATE PLAIN " + b64("\x00alice\x00secret"), Secret: true})
	add(".empty-challenge", challenge(sasl.Plain, 1, ""))
	add(".LOGIN.prompt", challenge(sasl.Login, 1, "Username:"))
	add(".LOGIN.user", response(sasl.Login, 1, b64("alice")))
	add(".LOGIN.user", command("AUTH LOGIN "+b64("alice")))
	add(".LOGIN.password", response(sasl.Login, 2, b64("secret")))
	add(".CRAM-MD5.challenge", challenge(sasl.CRAMMD5, 1, "<1896.697170952@postoffice.reston.mci.net>"))
	add(".CRAM-MD5.response", response(sasl.CRAMMD5, 1, b64("tim b913a602c7eda7a495b4e6e7334d3890")))
	add(".SCRAM-SHA-256.client-first", command("AUTH SCRAM-SHA-256 "+b64(scram[0])))
	add(".SCRAM-SHA-256.client-first", response(sasl.SCRAMSHA256, 1, b64(scram[0])))
	add(".SCRAM-SHA-256.server-first", challenge(sasl.SCRAMSHA256, 1, scram[1]))
	add(".SCRAM-SHA-256.client-final", response(sasl.SCRAMSHA256, 2, b64(scram[2])))
	add(".SCRAM-SHA-256.server-final", challenge(sasl.SCRAMSHA256, 2, scram[3]))
	add(".SCRAM-SHA-256.server-final", challenge(sasl.SCRAMSHA256, 2, "e=other-error"))
	add(".SCRAM-SHA-256.acknowledgement", response(sasl.SCRAMSHA256, 3, ""))
	add(".cancel", response(sasl.SCRAMSHA256, 3, "*"))
	add("", response(sasl.SCRAMSHA256, 2, "no base64"))
	add("", command("AUTH PLAIN "+b64("alice")))
	return all
}

// TestLoginTitles: what stands in a message is read out.
func TestLoginTitles(t *testing.T) {
	wants := []string{
		"logs in as alice by PLAIN: the password, secret, is in the line",
		"secret, is in the line; on behalf of bob",
		"goes on with", // no form of PLAIN
	}
	var got []string
	for _, l := range saslLines() {
		e := &trace.Event{Kind: trace.Line, What: trace.Sent, Host: "alice-laptop", IDs: trace.IDs{Conn: "alice-laptop>mail.acme.test:587#1"}, Body: &l.body}
		got = append(got, Text(e))
	}
	all := strings.Join(got, "\n")
	for _, want := range append(wants, "asks: Username:", "name: alice", "the password: secret", "for tim with the digest b913", "the salt, W22ZaJ0SNY7soEsUEjb6gQ==, and 4096 rounds", "SCRAM-SHA-256 for user with", "why not: other-error") {
		if !strings.Contains(all, want) {
			t.Errorf("nothing says %q in\n%s", want, all)
		}
	}
}
