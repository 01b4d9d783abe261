package trace

import (
	"slices"
	"testing"
)

func TestValues(t *testing.T) {
	reply := &Event{Host: "mail.acme.test", Kind: Line, What: Sent, Body: &LineBody{Code: "250", Range: Range{To: 12}}}
	answer := &Event{Kind: Lookup, What: Answer, Body: &LookupBody{Records: []Record{{Type: "MX"}, {Type: "A"}}}}
	for _, c := range []struct {
		e    *Event
		name string
		want []string
	}{
		{reply, "code", []string{"250"}},
		{reply, "host", []string{"mail.acme.test"}},
		{reply, "range.to", nil},
		{reply, "to", []string{"12"}},
		{reply, "text", nil},
		{reply, "type", nil},
		{answer, "records.type", []string{"MX", "A"}},
	} {
		if got := Values(c.e, c.name); !slices.Equal(got, c.want) {
			t.Errorf("%s of %s: %q, want %q", c.name, c.e.Kind, got, c.want)
		}
	}
	if !HasField(Line, "code") || HasField(Line, "mss") || !HasField(Packet, "mss") || !HasField("", "host") || HasField("", "code") {
		t.Error("the fields of the kinds")
	}
	for _, k := range append(Kinds(), "") {
		for _, name := range FieldNames(k) {
			if !HasField(k, name) {
				t.Errorf("%q has no %s", k, name)
			}
		}
	}
}
