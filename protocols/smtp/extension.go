package smtp

import "strings"

// Extension is one line of the answer to EHLO: SIZE 26214400.
type Extension struct {
	Keyword string // in upper case
	Params  string // what follows the keyword, "" for nothing
}

// String returns the line's text.
func (e Extension) String() string {
	if e.Params == "" {
		return e.Keyword
	}
	return e.Keyword + " " + e.Params
}

// Extensions are what a server offers, in its order.
type Extensions []Extension

// Lookup returns the parameters of an extension and whether it is offered.
// keyword may be in any case (RFC 5321 §4.1.1.1).
func (es Extensions) Lookup(keyword string) (params string, ok bool) {
	for _, e := range es {
		if strings.EqualFold(e.Keyword, keyword) {
			return e.Params, true
		}
	}
	return "", false
}

// Has tells whether an extension is offered.
func (es Extensions) Has(keyword string) bool {
	_, ok := es.Lookup(keyword)
	return ok
}

// Words returns the parameters of an extension one by one, in upper case: what
// they are for those that do not distinguish it, such as AUTH (RFC 4954 §3).
func (es Extensions) Words(keyword string) []string {
	params, _ := es.Lookup(keyword)
	return strings.Fields(upper(params))
}

// ParseExtensions reads the extensions from the answer to EHLO: each line after
// the first holds one (RFC 5321 §4.1.1.1). A line that is none is passed over,
// since it can offer nothing.
func ParseExtensions(ehlo *Reply) Extensions {
	var es Extensions
	for i, text := range ehlo.Lines {
		if i == 0 {
			continue
		}
		keyword, params, _ := strings.Cut(strings.TrimRight(text, " \t"), " ")
		if isKeyword(keyword) {
			es = append(es, Extension{upper(keyword), strings.Trim(params, " \t")})
		}
	}
	return es
}
