package smtp

import (
	"fmt"
	"slices"
	"strings"
)

// Limits of the parameters of DSN in characters as they are sent, RFC 3461 §4.2
// and §4.4.
const (
	maxORcpt = 500
	maxEnvID = 100
)

// Ret says how much of the mail a notification of failure returns (RFC 3461
// §4.3). The empty Ret leaves it to the server.
type Ret string

// The values of RET.
const (
	RetFull Ret = "FULL" // the whole mail
	RetHdrs Ret = "HDRS" // the header alone
)

// Notify is a set of the events of which the sender wants to be told (RFC 3461
// §4.1). 0 means that nothing was said: the server tells of failures, and may tell
// of delays.
type Notify uint8

// The values of NOTIFY. NotifyNever stands alone.
const (
	NotifySuccess Notify = 1 << iota
	NotifyFailure
	NotifyDelay
	NotifyNever
)

var notifyNames = []struct {
	n    Notify
	name string
}{
	{NotifyNever, "NEVER"}, {NotifySuccess, "SUCCESS"}, {NotifyFailure, "FAILURE"}, {NotifyDelay, "DELAY"},
}

// Has tells whether all of the events in m are in n.
func (n Notify) Has(m Notify) bool { return n&m == m }

// String returns the value as it is sent, such as "SUCCESS,FAILURE", and "" if
// nothing was said.
func (n Notify) String() string {
	var names []string
	for _, x := range notifyNames {
		if n.Has(x.n) {
			names = append(names, x.name)
		}
	}
	return strings.Join(names, ",")
}

// OriginalRecipient is whom the sender meant, before any server on the way put
// another address in its place (RFC 3461 §4.2). The zero value means that nothing
// was said.
type OriginalRecipient struct {
	Type    string // the address's type, such as "rfc822"; an atom
	Address string // decoded from xtext, printable ASCII
}

// OriginalRecipientOf returns a mailbox with its type, in ASCII as in ORCPT and in the
// fields of a notification: a character beyond it is written in hexadecimal, as \x{F6}
// (RFC 6533 §3).
func OriginalRecipientOf(mailbox string) OriginalRecipient {
	if !is8Bit([]byte(mailbox)) {
		return OriginalRecipient{"rfc822", mailbox}
	}
	var b strings.Builder
	for _, r := range mailbox {
		if r <= ' ' || r > '~' || r == '\\' || r == '+' || r == '=' {
			fmt.Fprintf(&b, `\x{%X}`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return OriginalRecipient{"utf-8", b.String()}
}

// RcptParams are the parameters of RCPT that are understood here, all of DSN (RFC
// 3461 §4). The zero value is a RCPT without any.
type RcptParams struct {
	Notify Notify
	ORcpt  OriginalRecipient
}

// Params returns the parameters in the order of their keywords.
func (p RcptParams) Params() []Param {
	var params []Param
	if p.Notify != 0 {
		params = append(params, Param{"NOTIFY", p.Notify.String(), true})
	}
	if p.ORcpt != (OriginalRecipient{}) {
		params = append(params, Param{"ORCPT", p.ORcpt.Type + ";" + encodeXtext(p.ORcpt.Address), true})
	}
	return params
}

// rcptParam is a parameter of RCPT that an extension brings.
type rcptParam struct {
	keyword   string
	extension string // the EHLO keyword without which it is not recognised
	set       func(r *RcptParams, p Param) error
}

var rcptParams = []rcptParam{
	{"NOTIFY", "DSN", setNotify},
	{"ORCPT", "DSN", setORcpt},
}

func findRcptParam(keyword string) *rcptParam {
	i := slices.IndexFunc(rcptParams, func(p rcptParam) bool { return p.keyword == keyword })
	if i < 0 {
		return nil
	}
	return &rcptParams[i]
}

// setNotify parses
//
//	notify-esmtp-value = "NEVER" / 1#notify-list-element    RFC 3461 §4.1
func setNotify(r *RcptParams, p Param) error {
	var set Notify
	for word := range strings.SplitSeq(upper(p.Value), ",") {
		i := slices.IndexFunc(notifyNames, func(x struct {
			n    Notify
			name string
		}) bool {
			return x.name == word
		})
		if i < 0 {
			return syntaxError("NOTIFY", "is NEVER, or a list of SUCCESS, FAILURE and DELAY")
		}
		if n := notifyNames[i].n; set.Has(n) {
			return syntaxError("NOTIFY", "names an event twice")
		} else {
			set |= n
		}
	}
	if set.Has(NotifyNever) && set != NotifyNever {
		return syntaxError("NOTIFY", "has NEVER beside others")
	}
	r.Notify = set
	return nil
}

// setORcpt parses
//
//	original-recipient-address = addr-type ";" xtext        RFC 3461 §4.2
func setORcpt(r *RcptParams, p Param) error {
	typ, text, ok := strings.Cut(p.Value, ";")
	if !ok || !isAtomText(typ) {
		return syntaxError("ORCPT", "begins with an address type and a semicolon")
	}
	if len(p.Value) > maxORcpt {
		return syntaxError("ORCPT", "is longer than %d characters", maxORcpt)
	}
	address, ok := decodePrintable(text)
	if !ok || address == "" {
		return syntaxError("ORCPT", "is not xtext of printable characters")
	}
	r.ORcpt = OriginalRecipient{typ, address}
	return nil
}

func isAtomText(s string) bool {
	for i := range len(s) {
		if !isAtext(s[i]) || s[i] >= 0x80 {
			return false
		}
	}
	return s != ""
}

// setRet: ret-value = "FULL" / "HDRS", RFC 3461 §4.3.
func setRet(m *MailParams, p Param) error {
	switch ret := Ret(upper(p.Value)); ret {
	case RetFull, RetHdrs:
		m.Ret = ret
		return nil
	}
	return syntaxError("RET", "is FULL or HDRS")
}

// setEnvID: envid-parameter = "ENVID=" xtext, RFC 3461 §4.4.
func setEnvID(m *MailParams, p Param) error {
	if len(p.Value) > maxEnvID {
		return syntaxError("ENVID", "is longer than %d characters", maxEnvID)
	}
	id, ok := decodePrintable(p.Value)
	if !ok || id == "" {
		return syntaxError("ENVID", "is not xtext of printable characters")
	}
	m.EnvID = id
	return nil
}

// decodePrintable decodes xtext that stands for printable ASCII only, as it goes
// into the fields of a notification (RFC 3461 §4.2 and §4.4).
func decodePrintable(s string) (string, bool) {
	text, ok := decodeXtext(s)
	if !ok {
		return "", false
	}
	for i := range len(text) {
		if isControl(text[i]) || text[i] >= 0x80 {
			return "", false
		}
	}
	return text, true
}
