package imap

import (
	"bytes"
	"strings"
)

// writeBody writes the body structure of a part: BODYSTRUCTURE with its extension
// data, or BODY without.
//
// RFC 9051 §7.5.2, §9 (body)
func writeBody(e *encoder, p *part, extended bool) {
	e.raw("(")
	if p.multipart() {
		for _, c := range p.children {
			writeBody(e, c, extended)
		}
		e.sp().str(p.subtype)
		if extended {
			e.sp()
			writeParams(e, p.params)
			writeExtension(e, p)
		}
		e.raw(")")
		return
	}

	e.str(p.typ).sp().str(p.subtype).sp()
	writeParams(e, p.params)
	for _, name := range []string{"Content-ID", "Content-Description"} {
		v, present := first(p.fields, name)
		e.sp().nilOr(v, present)
	}
	enc, present := first(p.fields, "Content-Transfer-Encoding")
	if !present || enc == "" {
		enc = "7BIT"
	}
	e.sp().str(enc).sp().number(int64(len(p.body)))

	switch {
	// IMAP4rev1 knows no envelope in a message/global (RFC 3501 §9, body-type-msg).
	case p.message != nil && (e.utf8 || p.is("message", "rfc822")):
		e.sp()
		writeEnvelope(e, p.message.fields)
		e.sp()
		writeBody(e, p.message, extended)
		e.sp().number(lines(p.body))
	case p.is("text", ""):
		e.sp().number(lines(p.body))
	}
	if extended {
		md5, present := first(p.fields, "Content-MD5")
		e.sp().nilOr(md5, present)
		writeExtension(e, p)
	}
	e.raw(")")
}

func lines(b []byte) int64 { return int64(bytes.Count(b, []byte{'\n'})) }

func writeParams(e *encoder, params []param) {
	if len(params) == 0 {
		e.raw("NIL")
		return
	}
	e.raw("(")
	join(e, params, func(p param) { e.str(p.name).sp().str(p.value) })
	e.raw(")")
}

// writeExtension writes disposition, language and location, each with a space
// before it.
func writeExtension(e *encoder, p *part) {
	e.sp()
	if v, present := first(p.fields, "Content-Disposition"); present && v != "" {
		kind, _, _ := strings.Cut(v, ";")
		e.raw("(").str(strings.TrimSpace(kind)).sp()
		writeParams(e, parseParams(v))
		e.raw(")")
	} else {
		e.raw("NIL")
	}
	e.sp()
	writeLanguage(e, p)
	v, present := first(p.fields, "Content-Location")
	e.sp().nilOr(v, present)
}

// writeLanguage writes the tags of Content-Language (RFC 3282 §2): one as a
// string, several as a list.
func writeLanguage(e *encoder, p *part) {
	v, _ := first(p.fields, "Content-Language")
	var tags []string
	for tag := range strings.SplitSeq(v, ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			tags = append(tags, tag)
		}
	}
	switch len(tags) {
	case 0:
		e.raw("NIL")
	case 1:
		e.str(tags[0])
	default:
		e.raw("(")
		join(e, tags, func(t string) { e.str(t) })
		e.raw(")")
	}
}
