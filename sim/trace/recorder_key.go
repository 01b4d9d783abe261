package trace

import (
	"crypto/sha256"
	"net/netip"
	"strconv"
)

// keyHash stands for a key without its number, so that a long walk need not keep all
// keys: the beginning of its SHA-256. Of 10 million keys two are alike in it with a
// probability of one in 300,000; then the second gets a number.
type keyHash [8]byte

func hashOf(key []byte) keyHash {
	sum := sha256.Sum256(key)
	return keyHash(sum[:])
}

// key names an event by what it is. The same thing happening again gets a
// number.
func (r *Recorder) key(e *Event) string {
	k := r.bareKey(e)
	h := hashOf(k)
	n := r.keys[h] + 1
	r.keys[h] = n
	if n > 1 {
		k = numbered(k, n)
	}
	r.scratch = k
	return string(k)
}

// keyOf is the key that an event would get if it were recorded now.
func (r *Recorder) keyOf(e *Event) string {
	k := r.bareKey(e)
	if n := r.keys[hashOf(k)]; n > 0 {
		k = numbered(k, n+1)
	}
	r.scratch = k
	return string(k)
}

func numbered(k []byte, n uint32) []byte {
	k = append(k, '#')
	return strconv.AppendInt(k, int64(n), 10)
}

// bareKey is the key without a number, in the scratch space.
func (r *Recorder) bareKey(e *Event) []byte {
	k := r.scratch[:0]
	add := func(parts ...string) {
		for _, p := range parts {
			if len(k) > 0 {
				k = append(k, '/')
			}
			k = append(k, p...)
		}
	}
	add(string(e.Kind), e.What)
	switch b := e.Body.(type) {
	case *PacketBody:
		add(b.Link, b.From)
		k = packetKey(k, e.Conn, b)
	case *SocketBody:
		k = socketKey(append(k, '/'), e, b)
	case *ConnectionBody:
		add(e.Conn, e.Host)
	case *LineBody:
		add(e.Conn, side(b.FromServer), strconv.FormatInt(b.From, 10))
	case *LookupBody:
		add(e.Lookup, e.Host, b.Server, b.Name, b.Type)
	case *DecisionBody:
		add(e.Host, e.Mail, b.Subject)
	case *MailBody:
		add(e.Host, e.Mail, b.Mailbox, b.Toward)
	case *StateBody:
		add(e.Host, b.Name, b.After)
	case *ActBody:
		add(e.Host, b.By, b.Target)
	case *NoteBody:
		add(e.Host)
	}
	return k
}

func side(fromServer bool) string {
	if fromServer {
		return "server"
	}
	return "client"
}

func socketKey(k []byte, e *Event, b *SocketBody) []byte {
	switch {
	case b.Range != nil:
		k = append(k, e.Conn...)
		k = append(k, '/')
		k = append(k, side(b.Range.FromServer)...)
		k = append(k, '/')
		k = strconv.AppendInt(k, b.Range.From, 10)
		k = append(k, '-')
		return strconv.AppendInt(k, b.Range.To, 10)
	case e.Conn != "":
		k = append(k, e.Conn...)
		k = append(k, '/')
		return append(k, e.Host...)
	}
	k = append(k, e.Host...)
	for _, a := range [2]netip.Addr{b.Local.Addr(), b.Remote.Addr()} {
		k = append(k, '/')
		k = a.AppendTo(k)
	}
	return k
}

func packetKey(k []byte, conn string, b *PacketBody) []byte {
	k = append(k, '/')
	h := &b.Head
	if conn != "" && h.Proto == "TCP" {
		k = append(k, conn...)
		k = append(k, '/')
		k = append(k, h.Flags...)
		if b.Range != nil {
			k = append(k, '/')
			k = append(k, side(b.Range.FromServer)...)
			k = append(k, '/')
			k = strconv.AppendInt(k, b.Range.From, 10)
			k = append(k, '-')
			k = strconv.AppendInt(k, b.Range.To, 10)
		}
		return k
	}
	k = append(k, h.Proto...)
	for _, a := range [2]netip.Addr{h.Src, h.Dst} {
		if a.IsValid() {
			k = append(k, '/')
			k = a.AppendTo(k)
		}
	}
	return k
}
