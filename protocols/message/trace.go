package message

import (
	"bytes"
	"fmt"
)

// Prepend puts header fields, each whole and with its CRLF, in front of a mail.
// That is all that a server does to a mail that it passes on (RFC 5321 §4.4).
func Prepend(msg []byte, fields ...[]byte) []byte {
	size := len(msg)
	for _, f := range fields {
		size += len(f)
	}
	out := make([]byte, 0, size)
	for _, f := range fields {
		out = append(out, f...)
	}
	return append(out, msg...)
}

// ReturnPath is the field that the server of final delivery puts in front of a
// mail: the reverse-path that the client gave as MAIL FROM (RFC 5321 §4.4).
// reversePath is an address without angle brackets; the empty string is the null
// path, <>, that bounces come from.
func ReturnPath(reversePath string) ([]byte, error) {
	path, err := pathText(reversePath)
	if err != nil {
		return nil, fmt.Errorf("Return-Path: %w", err)
	}
	return []byte("Return-Path: <" + path + ">\r\n"), nil
}

func pathText(addr string) (string, error) {
	if addr == "" {
		return "", nil
	}
	local, domain, err := SplitAddress(addr)
	if err != nil {
		return "", err
	}
	return Address{Local: local, Domain: domain}.Mailbox(), nil
}

// AddedOnTheWay compares a mail as it was sent and as it arrived. added are the
// fields that stand in front, the last server's first. same says that everything
// below them is what was sent, byte for byte.
//
// If it is not, added is what stands before the first field of the mail as sent,
// or nothing if that is not found.
func AddedOnTheWay(sent, arrived []byte) (added []Field, same bool) {
	if bytes.HasSuffix(arrived, sent) && len(sent) > 0 && !isWSP(sent[0]) {
		front := arrived[:len(arrived)-len(sent)]
		h := ParseHeader(front)
		if wholeFields(h, front) {
			return h.Fields, true
		}
	}
	n := fieldLen(sent)
	if n == 0 {
		return nil, false
	}
	h := ParseHeader(arrived)
	for i, f := range h.Fields {
		if bytes.Equal(f.Raw, sent[:n]) {
			return h.Fields[:i:i], false
		}
	}
	return nil, false
}

// wholeFields tells whether front is header fields to its last octet.
func wholeFields(h Header, front []byte) bool {
	if len(front) == 0 {
		return true
	}
	if h.Over || len(h.Fields) == 0 || h.Fields[len(h.Fields)-1].To != len(front) || front[len(front)-1] != '\n' {
		return false
	}
	for _, f := range h.Fields {
		if f.Name == "" {
			return false
		}
	}
	return true
}
