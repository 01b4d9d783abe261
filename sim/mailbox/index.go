package mailbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"

	"mailwalk/protocols/imap"
)

// The index is text. Each line is one record: the CRC-32 (IEEE) of what follows as
// eight hex digits, a space, and JSON. The first record has the whole state, those
// after it what changed since. A generation of the index ends when the store starts
// and finds it torn or long; the next one begins with the state as it is then.

// record is one line of an index.
type record struct {
	State   *state   `json:"state,omitempty"`
	Changes []change `json:"changes,omitempty"`
}

// state is all that an account has.
type state struct {
	// Validity is the last UIDVALIDITY that was given.
	Validity  uint32         `json:"uidValidity"`
	Mailboxes []mailboxState `json:"mailboxes"`
	Followed  []string       `json:"followed,omitempty"`
	Delivered []string       `json:"delivered,omitempty"`
}

type mailboxState struct {
	Name     string         `json:"name"`
	Validity uint32         `json:"uidValidity"`
	Next     uint32         `json:"uidNext"`
	Recent   uint32         `json:"recent"`
	Messages []messageState `json:"mails,omitempty"`
}

type messageState struct {
	UID     uint32      `json:"uid"`
	Flags   []imap.Flag `json:"flags,omitempty"`
	Content *content    `json:"content"`
}

// line writes a record.
func (r record) line() ([]byte, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write a record: %w", err)
	}
	return fmt.Appendf(nil, "%s %s\n", checksum(b), b), nil
}

// parseRecord reads a line without its LF.
func parseRecord(line []byte) (record, error) {
	var r record
	sum, text, ok := bytes.Cut(line, []byte(" "))
	if !ok || len(sum) != 8 {
		return r, fmt.Errorf("%w: no checksum", ErrDamaged)
	}
	if want := checksum(text); want != string(sum) {
		return r, fmt.Errorf("%w: checksum %q, but the record's is %s", ErrDamaged, sum, want)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return r, nil
}

// parseIndex reads the records of an index. A last line that is not whole was cut
// off by a crash: torn tells so. A line that is damaged before the end is an error,
// since no crash explains it.
func parseIndex(text []byte) (records []record, torn bool, err error) {
	for n := 1; len(text) > 0; n++ {
		line, rest, ended := bytes.Cut(text, []byte("\n"))
		text = rest
		if !ended {
			return records, true, nil
		}
		r, err := parseRecord(line)
		switch {
		case err != nil && len(rest) == 0:
			return records, true, nil
		case err != nil:
			return nil, false, fmt.Errorf("line %d: %w", n, err)
		case (n == 1) != (r.State != nil):
			return nil, false, fmt.Errorf("line %d: %w: the state stands on the first line and on no other", n, ErrDamaged)
		}
		records = append(records, r)
	}
	return records, false, nil
}

// state is what the first record of a generation has.
func (a *account) state() *state {
	s := &state{Validity: a.validity, Followed: slices.Clone(a.followed), Delivered: slices.Clone(a.delivered)}
	for _, b := range a.boxes {
		m := mailboxState{Name: b.name, Validity: b.validity, Next: b.next, Recent: b.recent}
		for _, x := range b.messages {
			m.Messages = append(m.Messages, messageState{UID: x.uid, Flags: x.flags, Content: x.content})
		}
		s.Mailboxes = append(s.Mailboxes, m)
	}
	return s
}

// restore puts a state in place of what the account has.
func (a *account) restore(s *state) error {
	a.boxes, a.files, a.followed = nil, map[uint64]int{}, slices.Clone(s.Followed)
	slices.Sort(a.followed)
	a.delivered = slices.Clone(s.Delivered)
	for _, m := range s.Mailboxes {
		if a.mailbox(m.Name) != nil || m.Validity == 0 {
			return fmt.Errorf("%w: mailbox %q comes twice or has no UIDVALIDITY", ErrDamaged, m.Name)
		}
		b := a.insert(m.Name, m.Validity)
		for _, x := range m.Messages {
			if x.Content == nil {
				return fmt.Errorf("%w: mail %d of %q has no content", ErrDamaged, x.UID, m.Name)
			}
			if _, err := b.add(x.UID, x.Content, x.Flags); err != nil {
				return fmt.Errorf("%w: %w", ErrDamaged, err)
			}
		}
		b.next = max(b.next, m.Next)
		b.recent = min(m.Recent, b.next)
		b.recentKept = b.recent
	}
	if a.mailbox(imap.Inbox) == nil {
		return fmt.Errorf("%w: no INBOX", ErrDamaged)
	}
	a.validity = max(a.validity, s.Validity)
	return nil
}

// indexName and mailName are the account's files.
func (a *account) indexName(generation uint64) string {
	return a.dir + "/index." + strconv.FormatUint(generation, 10)
}

func (a *account) mailName(file uint64) string {
	return a.dir + "/mails/" + strconv.FormatUint(file, 10)
}

// numbered lists the numbers of the files whose names are prefix and a number,
// ascending.
func (a *account) numbered(prefix string) []uint64 {
	var numbers []uint64
	for _, name := range a.store.host.Disk().List(prefix) {
		n, err := strconv.ParseUint(strings.TrimPrefix(name, prefix), 10, 64)
		if err != nil {
			continue // not one of the store's
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers
}

func checksum(text []byte) string { return fmt.Sprintf("%08x", crc32.ChecksumIEEE(text)) }
