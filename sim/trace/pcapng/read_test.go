package pcapng

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// block is a block read back, and what of it the tests look at.
type block struct {
	kind    uint32
	body    []byte // without its options
	options []option
}

type option struct {
	code  uint16
	value []byte
}

// texts are the values of all options of a code.
func (b block) texts(code uint16) []string {
	var all []string
	for _, o := range b.options {
		if o.code == code {
			all = append(all, string(o.value))
		}
	}
	return all
}

func (b block) u32(at int) uint32 { return binary.LittleEndian.Uint32(b.body[at:]) }

// frame is a packet read back.
type frame struct {
	iface    uint32
	time     uint64
	data     []byte
	id       uint64
	comments []string
}

func (b block) frame(t *testing.T) frame {
	t.Helper()
	f := frame{
		iface: b.u32(0), time: uint64(b.u32(4))<<32 | uint64(b.u32(8)),
		data: b.body[20 : 20+b.u32(12)], comments: b.texts(optComment),
	}
	if b.u32(12) != b.u32(16) {
		t.Errorf("captured length %d, original length %d", b.u32(12), b.u32(16))
	}
	if flags := b.texts(epbFlags); len(flags) != 1 || flags[0] != "\x02\x00\x00\x00" {
		t.Errorf("flags % x, want those of an outbound packet", flags)
	}
	ids := b.texts(epbPacketID)
	if len(ids) != 1 || len(ids[0]) != 8 {
		t.Fatalf("packet ids %q, want one of 8 octets", ids)
	}
	f.id = binary.LittleEndian.Uint64([]byte(ids[0]))
	return f
}

// readBlocks reads a capture file and fails where its blocks are not whole, not
// aligned or not ended.
func readBlocks(t *testing.T, file []byte) []block {
	t.Helper()
	var all []block
	for at := 0; at < len(file); {
		rest := file[at:]
		if len(rest) < 12 {
			t.Fatalf("%d octets are left at %d: no block", len(rest), at)
		}
		kind, size := binary.LittleEndian.Uint32(rest), binary.LittleEndian.Uint32(rest[4:])
		if size < 12 || size%4 != 0 || int(size) > len(rest) {
			t.Fatalf("the block at %d says it has %d octets, and there are %d", at, size, len(rest))
		}
		if last := binary.LittleEndian.Uint32(rest[size-4:]); last != size {
			t.Fatalf("the block at %d begins with length %d and ends with length %d", at, size, last)
		}
		all = append(all, parseBlock(t, kind, rest[8:size-4]))
		at += int(size)
	}
	return all
}

func parseBlock(t *testing.T, kind uint32, body []byte) block {
	t.Helper()
	fixed := 0
	switch kind {
	case sectionHeaderBlock:
		fixed = 16
	case interfaceDescriptionBlock:
		fixed = 8
	case enhancedPacketBlock:
		fixed = 20 + int(binary.LittleEndian.Uint32(body[12:])+3)/4*4
	case nameResolutionBlock:
		fixed = len(body) // has no options
	case decryptionSecretsBlock:
		fixed = 8 + int(binary.LittleEndian.Uint32(body[4:])+3)/4*4
	default:
		t.Fatalf("block of unknown type %#x", kind)
	}
	b := block{kind: kind, body: body[:fixed]}
	list := tlvs(t, body[fixed:])
	if len(list) > 0 {
		if end := list[len(list)-1]; end.code != optEnd || len(end.value) != 0 {
			t.Errorf("block %#x: the options end with %d", kind, end.code)
		}
		b.options = list[:len(list)-1]
	}
	for _, o := range b.options {
		if o.code == optEnd {
			t.Errorf("block %#x: options go on behind their end", kind)
		}
	}
	return b
}

// tlvs reads codes, lengths and values, with their padding.
func tlvs(t *testing.T, rest []byte) []option {
	t.Helper()
	var all []option
	for len(rest) > 0 {
		if len(rest) < 4 {
			t.Fatalf("%d octets are left: no option", len(rest))
		}
		o := option{code: binary.LittleEndian.Uint16(rest)}
		size := int(binary.LittleEndian.Uint16(rest[2:]))
		padded := (size + 3) / 4 * 4
		rest = rest[4:]
		if padded > len(rest) {
			t.Fatalf("an option says it has %d octets, and there are %d", size, len(rest))
		}
		o.value = slices.Clone(rest[:size])
		if len(bytes.Trim(rest[size:padded], "\x00")) > 0 {
			t.Errorf("padding % x, want zeros", rest[size:padded])
		}
		rest = rest[padded:]
		all = append(all, o)
	}
	return all
}

// ofKind are the blocks of a kind.
func ofKind(all []block, kind uint32) []block {
	return slices.DeleteFunc(slices.Clone(all), func(b block) bool { return b.kind != kind })
}

// frames are the packets of a file.
func frames(t *testing.T, all []block) []frame {
	t.Helper()
	var list []frame
	for _, b := range ofKind(all, enhancedPacketBlock) {
		list = append(list, b.frame(t))
	}
	return list
}
