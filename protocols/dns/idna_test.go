package dns

import "testing"

func TestToALabels(t *testing.T) {
	for _, x := range []struct{ in, want string }{
		{"mail.acme.test", "mail.acme.test"},
		{"MAIL.acme.test", "MAIL.acme.test"}, // nothing to do
		{"例子.test", "xn--fsqu00a.test"},
		{"bücher.test", "xn--bcher-kva.test"},
		{"BÜCHER.test", "xn--bcher-kva.test"},
		{"straße.test", "xn--strae-oqa.test"}, // a letter of its own since IDNA2008
		{"mail.例子.test", "mail.xn--fsqu00a.test"},
		{"_ü.test", ""},
		{"-ü.test", ""},
		{"a\u0300\u0300ü\u200d.test", ""},
		{"\xff.test", ""},
	} {
		got, err := ToALabels(x.in)
		if got != x.want || (err != nil) != (x.want == "") {
			t.Errorf("%q: %q, %v, want %q", x.in, got, err, x.want)
		}
	}
}
