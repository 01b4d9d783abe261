package sim

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"mailwalk/protocols/message"
	"mailwalk/scenarios"
)

// prepareChange finds out whether a part of a mail can be another before it is
// written.
func (w *World) prepareChange(a Act) (func() error, error) {
	i := slices.IndexFunc(w.scenario.Mails, func(m *scenarios.Mail) bool { return strconv.Itoa(m.Number) == a.Target })
	if i < 0 {
		return nil, errors.New("there is no such mail")
	}
	l := w.mails[w.scenario.Mails[i].ID]
	if w.sent[a.Target] != nil {
		return nil, errors.New("it is written already")
	}
	if a.What != ChangeRecipients && l.raw != nil {
		return nil, errors.New("it is a file, which is sent as it is")
	}
	value := string(a.Input)
	switch a.What {
	case ChangeSubject:
		if err := CheckSubject(value); err != nil {
			return nil, err
		}
		return func() error { l.draft.Subject = value; return nil }, nil
	case ChangeText:
		return func() error { l.draft.Text = value; return nil }, nil
	}
	to, err := Recipients(w.scenario, value)
	if err != nil {
		return nil, err
	}
	return func() error {
		l.to = nil
		for _, r := range to {
			l.to = append(l.to, r.Mailbox())
		}
		l.draft.To, l.draft.Cc, l.draft.Bcc = to, nil, nil
		return nil
	}, nil
}

// CheckSubject says why a text cannot be the subject of a mail: it is one line.
func CheckSubject(s string) error {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return errors.New("a subject is one line, without control characters")
	}
	return nil
}

// Recipients reads whom a mail is to: addresses, or short names of a walk's people,
// with commas between.
func Recipients(sc *scenarios.Scenario, list string) ([]message.Address, error) {
	var to []message.Address
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if p := sc.Person(item); p != nil {
			to = append(to, address(scenarios.Address{Name: p.Name, Addr: p.Address}))
			continue
		}
		a, err := message.ParseAddress(item)
		if err != nil {
			return nil, fmt.Errorf("recipient %q: %w; write addresses with commas between, as in bob@globex.test, carol@acme.test", item, err)
		}
		to = append(to, a)
	}
	return to, nil
}
