package pop3

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"mailwalk/protocols/dialog"
)

// ScanListing is a line of LIST's answer (RFC 1939 §5).
type ScanListing struct {
	Message int   // message-number, from 1
	Size    int64 // octets
}

// UniqueID is a line of UIDL's answer (RFC 1939 §7).
type UniqueID struct {
	Message int // message-number, from 1
	UID     string
}

// Capability is a line of CAPA's answer (RFC 2449 §5).
type Capability struct {
	Tag    string // in upper case
	Params []string
}

// Capabilities are what a server can do, in its order.
type Capabilities []Capability

// Get finds a capability by its tag, in upper case.
func (cs Capabilities) Get(tag string) (Capability, bool) {
	i := slices.IndexFunc(cs, func(c Capability) bool { return c.Tag == tag })
	if i < 0 {
		return Capability{}, false
	}
	return cs[i], true
}

// listing does a command that is answered by a line for each thing.
func listing[T any](ctx context.Context, c *Client, verb string, parse func(string) (T, error)) ([]T, error) {
	if _, err := c.do(ctx, verb, verb); err != nil {
		return nil, err
	}
	var list []T
	for {
		line, end, err := c.readListed(ctx)
		if err == nil && !end && len(list) == c.opts.MaxMessages {
			err = fmt.Errorf("%w: a listing of more than %d lines", ErrTooLarge, c.opts.MaxMessages)
		}
		if err != nil {
			return nil, c.spoil(ctx, verb, err)
		}
		if end {
			return list, nil
		}
		entry, err := parse(line)
		if err != nil {
			return nil, c.spoil(ctx, verb, err)
		}
		list = append(list, entry)
	}
}

// single does the same command for one message.
func single[T any](ctx context.Context, c *Client, verb string, msg int, parse func(string) (T, error), number func(T) int) (T, error) {
	var none T
	r, err := c.doMessage(ctx, verb, msg, "")
	if err != nil {
		return none, err
	}
	entry, err := parse(r.Text)
	if err == nil && number(entry) != msg {
		err = fmt.Errorf("%w: message %d instead of %d", ErrResponse, number(entry), msg)
	}
	if err != nil {
		return none, c.spoil(ctx, verb, err)
	}
	return entry, nil
}

// readListed reads a line of a multi-line answer: the end, or a line whose
// stuffed dot is taken away (RFC 1939 §3).
func (c *Client) readListed(ctx context.Context) (line string, end bool, err error) {
	b, err := c.readLine(ctx, dialog.Reply)
	if err != nil {
		return "", false, err
	}
	rest, dotted := bytes.CutPrefix(b, []byte("."))
	return string(rest), dotted && len(rest) == 0, nil
}

// parseDropListing reads "nn mm". RFC 1939 §5 lets a server add more after it.
func parseDropListing(s string) (count int, size int64, err error) {
	first, rest, found := strings.Cut(s, " ")
	second, _, _ := strings.Cut(rest, " ")
	n, nok := parseSize(first)
	size, sok := parseSize(second)
	if !found || !nok || !sok || n > math.MaxInt32 {
		return 0, 0, fmt.Errorf("%w: %.80q is no drop listing", ErrResponse, s)
	}
	return int(n), size, nil
}

// parseScanListing reads "msg size". RFC 1939 §5 lets a server add more after
// it.
func parseScanListing(s string) (ScanListing, error) {
	n, size, err := parseDropListing(s)
	if err != nil || n < 1 {
		return ScanListing{}, fmt.Errorf("%w: %.80q is no scan listing", ErrResponse, s)
	}
	return ScanListing{Message: n, Size: size}, nil
}

// parseUniqueID reads "msg uid", after which nothing may follow.
func parseUniqueID(s string) (UniqueID, error) {
	first, uid, _ := strings.Cut(s, " ")
	n, ok := parseSize(first)
	if !ok || n < 1 || n > math.MaxInt32 || !validUID(uid) {
		return UniqueID{}, fmt.Errorf("%w: %.80q is no unique-id listing", ErrResponse, s)
	}
	return UniqueID{Message: int(n), UID: uid}, nil
}

func parseCapability(s string) (Capability, error) {
	words := strings.Split(s, " ")
	for _, w := range words {
		if w == "" || strings.IndexFunc(w, control) >= 0 {
			return Capability{}, fmt.Errorf("%w: %.80q is no capability", ErrResponse, s)
		}
	}
	return Capability{Tag: strings.ToUpper(words[0]), Params: words[1:]}, nil
}

// parseSize reads a decimal number (RFC 1939 §4).
func parseSize(s string) (int64, bool) {
	n, err := strconv.ParseUint(s, 10, 63)
	return int64(n), err == nil
}
