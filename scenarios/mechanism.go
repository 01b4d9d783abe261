package scenarios

import "mailwalk/protocols/sasl"

// Mechanism is a way to log in: a SASL mechanism, by its registered name.
type Mechanism string

func (Mechanism) values() []string {
	var names []string
	for _, m := range sasl.Mechanisms() {
		names = append(names, m.Name)
	}
	return names
}

// Mechanisms are the names of the mechanisms that a mail server offers, in its
// order; nil when nothing was said of them.
func (m *MTA) Mechanisms() []string {
	var names []string
	for _, a := range m.Auth {
		names = append(names, string(a))
	}
	return names
}
