package dns

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// ToALabels returns a domain name in the form in which the DNS has it: each label
// beyond ASCII, a U-label such as 例子, becomes an A-label, xn--fsqu00a (RFC 5891 §5). A
// name of ASCII alone is returned as it is. The error says why it is no name.
func ToALabels(name string) (string, error) {
	for i := range len(name) {
		if name[i] >= 0x80 {
			ascii, err := idna.Lookup.ToASCII(name)
			if err == nil && !utf8.ValidString(name) {
				err = errors.New("it is not UTF-8")
			}
			if err != nil {
				return "", fmt.Errorf("dns: %q is no domain name: %w", name, err)
			}
			return ascii, nil
		}
	}
	return name, nil
}
