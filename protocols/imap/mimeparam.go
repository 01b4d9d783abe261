package imap

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// param is one parameter of a MIME header field, its name as it was written.
type param struct{ name, value string }

func paramOf(params []param, name string) string {
	for _, p := range params {
		if strings.EqualFold(p.name, name) {
			return p.value
		}
	}
	return ""
}

// parseParams reads what follows the first value of a Content-Type or
// Content-Disposition field: ";" and name=value, any number of times
// (RFC 2045 §5.1). What is no parameter is passed over.
func parseParams(s string) []param {
	p := addressScanner{s: s}
	var out []param
	for {
		p.space()
		for p.i < len(p.s) && p.s[p.i] != ';' {
			p.i++
		}
		if p.i >= len(p.s) {
			return joinParams(out)
		}
		p.i++
		p.space()
		name := p.token("=;")
		p.space()
		if name == "" || p.i >= len(p.s) || p.s[p.i] != '=' {
			continue
		}
		p.i++
		p.space()
		var value string
		if p.i < len(p.s) && p.s[p.i] == '"' {
			value = p.quoted()
		} else {
			value = p.token(";")
		}
		out = append(out, param{name, value})
	}
}

// token reads up to white space, a comment, or one of stop.
func (p *addressScanner) token(stop string) string {
	start := p.i
	for p.i < len(p.s) && !strings.ContainsRune(" \t\r\n("+stop, rune(p.s[p.i])) {
		p.i++
	}
	return p.s[start:p.i]
}

// segment is one piece of a parameter that was continued (RFC 2231 §3).
type segment struct {
	n       int
	encoded bool
	value   string
}

// joinParams puts parameters that were continued together again, and decodes them
// if they carry a charset: "baz*0", "baz*1" become "baz", and "foo*0*", "foo*1*"
// become "foo*" in UTF-8 (RFC 9051 §7.5.2). A parameter in one piece stays as it
// is, "name*=utf-8”…" too, which mail programs decode themselves.
func joinParams(in []param) []param {
	var out []param
	segments := map[string][]segment{} // looked up by name alone
	for _, p := range in {
		base, seg, continued := cutSegment(p)
		if !continued {
			out = append(out, p)
			continue
		}
		key := strings.ToLower(base)
		if segments[key] == nil {
			out = append(out, param{name: base + "*0"})
		}
		segments[key] = append(segments[key], seg)
	}
	for i, p := range out {
		base, seen := strings.CutSuffix(p.name, "*0")
		if !seen || segments[strings.ToLower(base)] == nil {
			continue
		}
		out[i] = joinSegments(base, segments[strings.ToLower(base)])
	}
	return out
}

func cutSegment(p param) (base string, seg segment, continued bool) {
	name, encoded := strings.CutSuffix(p.name, "*")
	star := strings.LastIndexByte(name, '*')
	if star <= 0 {
		return "", segment{}, false
	}
	n, err := strconv.Atoi(name[star+1:])
	if err != nil || n < 0 || strconv.Itoa(n) != name[star+1:] {
		return "", segment{}, false
	}
	return name[:star], segment{n, encoded, p.value}, true
}

func joinSegments(base string, segs []segment) param {
	slices.SortStableFunc(segs, func(a, b segment) int { return cmp.Compare(a.n, b.n) })
	charset, extended := "", false
	var b strings.Builder
	for i, s := range segs {
		v := s.value
		if s.encoded {
			if i == 0 {
				// charset'language'text (RFC 2231 §4.1)
				if parts := strings.SplitN(v, "'", 3); len(parts) == 3 {
					charset, v = parts[0], parts[2]
				}
			}
			extended = true
			if raw, err := url.PathUnescape(v); err == nil {
				v = raw
			}
		}
		b.WriteString(v)
	}
	if !extended {
		return param{base, b.String()}
	}
	return param{base + "*", toUTF8(charset, b.String())}
}
