package mailbox

// Room is how many octets of mail still fit into an account's mailboxes, and into
// empty ones. Both are less than 0 when there is no quota, and when there is no such
// account. A mail that lies in two mailboxes counts twice.
func (s *Store) Room(address string) (left, all int64) {
	a := s.find(address)
	if a == nil {
		return -1, -1
	}
	return a.room()
}

func (a *account) room() (left, all int64) {
	if a.quota == 0 {
		return -1, -1
	}
	left = a.quota
	for _, b := range a.boxes {
		for _, m := range b.messages {
			left -= m.Size
		}
	}
	return left, a.quota
}
