package mta

import (
	"fmt"

	"mailwalk/protocols/smtp"
)

// full is the refusal of a recipient whose mailbox has no room for the mail, with
// the reason; nil if it has. Room may be made, so the refusal is for now, unless the
// mail would not fit into an empty mailbox (RFC 3463 §3.3).
func (s *session) full(address string) (*smtp.Reply, string) {
	left, all := s.Mailboxes.Room(address)
	switch {
	case all < 0:
		return nil, ""
	case s.size > all:
		return smtp.NewReply(552, smtp.Enhanced{5, 2, 3}, "<%s>: the mail is larger than the mailbox", address),
			fmt.Sprintf("the mail has %d octets, and the mailbox holds %d at most", s.size, all)
	case left <= 0 || s.size > left:
		return smtp.NewReply(452, smtp.Enhanced{4, 2, 2}, "<%s>: the mailbox is full", address),
			fmt.Sprintf("the mailbox holds %d octets, and %d of them are free", all, max(left, 0))
	}
	return nil, ""
}
