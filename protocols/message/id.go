package message

import "fmt"

// MessageID makes an identification, <left@domain>, of two parts that the caller
// has made unique together (RFC 5322 §3.6.4). Both must be dot-atoms.
func MessageID(left, domain string) (string, error) {
	for _, part := range []string{left, domain} {
		if !isDotAtom(part) || !isASCII(part) {
			return "", fmt.Errorf("message-id: %q is no dot-atom: letters, digits and !#$%%&'*+-/=?^_`{|}~, with single dots between", clip(part))
		}
	}
	id := "<" + left + "@" + domain + ">"
	if err := checkID(id); err != nil {
		return "", err
	}
	return id, nil
}

// checkID looks whether an identification can stand in a field without harm. It
// is laxer than the grammar: a reply must name the mail it answers, however that
// is called.
func checkID(id string) error {
	const most = 500 // any line it may stand on stays well below MaxLine
	switch {
	case len(id) < 3 || id[0] != '<' || id[len(id)-1] != '>':
		return fmt.Errorf("message-id %q: it has the form <left@right>", clip(id))
	case len(id) > most:
		return fmt.Errorf("message-id %q: it has %d octets, more than %d", clip(id), len(id), most)
	}
	for i := 1; i < len(id)-1; i++ {
		if c := id[i]; c <= ' ' || c >= 0x7f || c == '<' || c == '>' {
			return fmt.Errorf("message-id %q: the octet %q may not stand in it", clip(id), c)
		}
	}
	return nil
}
