package tui

import (
	"fmt"
	"strings"
)

// hexRows shows bytes in hex and as text, so many to a row as the width has room
// for: 16, 8 or 4.
func hexRows(data []byte, width int) []string {
	per := 16
	for per > 4 && hexWidth(per) > width {
		per /= 2
	}
	var rows []string
	for at := 0; at < len(data); at += per {
		part := data[at:min(at+per, len(data))]
		var hex, text strings.Builder
		for i, c := range part {
			if i > 0 && i%8 == 0 {
				hex.WriteByte(' ')
			}
			fmt.Fprintf(&hex, "%02x ", c)
			if c < 0x20 || c > 0x7e {
				c = '.'
			}
			text.WriteByte(c)
		}
		rows = append(rows, fmt.Sprintf("%04x  %-*s %s", at, per*3+(per-1)/8, hex.String(), text.String()))
	}
	return rows
}

func hexWidth(per int) int { return 6 + per*3 + (per-1)/8 + 1 + per }
