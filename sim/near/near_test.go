package near

import "testing"

func TestName(t *testing.T) {
	names := []string{"hosts", "host", "links", "label", "latency"}
	for word, want := range map[string]string{
		"hots": "hosts", "HOSTS": "hosts", "hosst": "hosts", "link": "links", "lable": "label", "latncy": "latency",
		"zebra": "", "": "", "x": "",
	} {
		if got := Name(word, names); got != want {
			t.Errorf("Name(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"ab", "ba", 1}, {"kitten", "sitting", 3}, {"Ärger", "arger", 1}, {"MAIL", "mail", 0},
	} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := Distance(c.b, c.a); got != c.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", c.b, c.a, got, c.want)
		}
	}
}
