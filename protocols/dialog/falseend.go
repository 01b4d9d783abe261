package dialog

import "bytes"

// falseEnd looks for what a careless reader might take for the end of a content: a
// dot between line ends of which one is not CRLF, or between which NULs stand. It
// looks only at a content that has such octets, so that others cost nothing.
type falseEnd struct {
	tail  [falseEndReach]byte // the last octets before the present ones
	n     int                 // how many of them there are
	found []byte              // the first one, with its line ends
}

// falseEndReach is how many octets on each side of a dot are looked at.
const falseEndReach = 8

// pass is told of octets as they came. search says that they, or some before, are
// none that a content may have.
func (f *falseEnd) pass(b []byte, search bool) {
	if search && f.found == nil {
		f.search(append(f.tail[:f.n:f.n], b[:min(len(b), falseEndReach)]...))
		if f.found == nil {
			f.search(b)
		}
	}
	if len(b) >= falseEndReach {
		f.n = copy(f.tail[:], b[len(b)-falseEndReach:])
		return
	}
	keep := min(f.n, falseEndReach-len(b))
	copy(f.tail[:], f.tail[f.n-keep:f.n])
	f.n = keep + copy(f.tail[keep:], b)
}

func (f *falseEnd) search(b []byte) {
	for i := 0; ; i++ {
		j := bytes.IndexByte(b[i:], '.')
		if j < 0 {
			return
		}
		i += j
		left, right := i, i+1
		for left > 0 && i-left < falseEndReach && isLineEnd(b[left-1]) {
			left--
		}
		for right < len(b) && right-i <= falseEndReach && isLineEnd(b[right]) {
			right++
		}
		if endsLine(b[left:i]) && endsLine(b[i+1:right]) {
			f.found = bytes.Clone(b[left:right])
			return
		}
	}
}

func isLineEnd(ch byte) bool { return ch == '\r' || ch == '\n' || ch == 0 }

func endsLine(b []byte) bool { return bytes.ContainsAny(b, "\r\n") }
