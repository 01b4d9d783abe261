package lab

import "testing"

func TestMeant(t *testing.T) {
	names := []string{"hold-line", "drop-line", "answer", "cut", "off", "zone globex.test"}
	for given, want := range map[string]string{
		"drop": "drop-line", "hold": "hold-line", "dorp-line": "drop-line", "answr 451 4.3.0 no": "answer", "of": "off", "zone globex.tset": "zone globex.test",
		"": "", "duplicate": "", " ": "",
	} {
		if got := Meant(given, names); got != want {
			t.Errorf("%q: %q, not %q", given, got, want)
		}
	}
}
