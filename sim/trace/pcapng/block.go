package pcapng

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"unicode/utf8"
)

// Block types, from the chapters of draft-ietf-opsawg-pcapng that have the
// blocks' names.
const (
	sectionHeaderBlock        = 0x0a0d0d0a
	interfaceDescriptionBlock = 1
	nameResolutionBlock       = 4
	enhancedPacketBlock       = 6
	decryptionSecretsBlock    = 10
)

// Codes of options. Those of one kind of block mean something else in another.
const (
	optEnd     = 0
	optComment = 1

	shbUserAppl = 4

	ifName        = 2
	ifDescription = 3
	ifTSResol     = 9

	epbFlags    = 2
	epbPacketID = 5
)

const (
	byteOrderMagic   = 0x1a2b3c4d
	linkTypeEthernet = 1
	outbound         = 2 // of epb_flags
	nanoseconds      = 9 // of if_tsresol: 10^-9 s
	tlsKeyLog        = 0x544c534b
	recordEnd        = 0
	recordIPv4       = 1
	recordIPv6       = 2
	unknownLength    = math.MaxUint64 // of a section
)

// blockWriter writes one block after another, in little-endian order.
type blockWriter struct {
	w       io.Writer
	written int64
	buf     []byte // the block that is being made
	err     error  // the first in it
}

// begin begins a block: its type, and a length that end fills in.
func (b *blockWriter) begin(blockType uint32) {
	b.buf, b.err = b.buf[:0], nil
	b.u32(blockType)
	b.u32(0)
}

// end ends the block with its length and writes it.
func (b *blockWriter) end() error {
	size := uint32(len(b.buf) + 4)
	b.u32(size)
	binary.LittleEndian.PutUint32(b.buf[4:], size)
	if b.err != nil {
		return b.err
	}
	n, err := b.w.Write(b.buf)
	b.written += int64(n)
	return err
}

func (b *blockWriter) u16(v uint16) { b.buf = binary.LittleEndian.AppendUint16(b.buf, v) }
func (b *blockWriter) u32(v uint32) { b.buf = binary.LittleEndian.AppendUint32(b.buf, v) }
func (b *blockWriter) u64(v uint64) { b.buf = binary.LittleEndian.AppendUint64(b.buf, v) }

// padded adds octets, and zeros up to the next multiple of four.
func (b *blockWriter) padded(v []byte) {
	b.buf = append(b.buf, v...)
	for len(b.buf)%4 != 0 {
		b.buf = append(b.buf, 0)
	}
}

// tagged adds a code, a length and a value: an option, or a record of a name.
func (b *blockWriter) tagged(code uint16, v []byte) {
	if len(v) > math.MaxUint16 {
		b.err = fmt.Errorf("%.40q… has %d octets, and a capture file has room for %d", v, len(v), math.MaxUint16)
		return
	}
	b.u16(code)
	b.u16(uint16(len(v)))
	b.padded(v)
}

// text adds an option that is a text.
func (b *blockWriter) text(code uint16, s string) { b.tagged(code, []byte(clean(s))) }

// comments adds a comment for each text; one that is too long for an option
// becomes several.
func (b *blockWriter) comments(texts ...string) {
	for _, s := range texts {
		s = clean(s)
		for len(s) > math.MaxUint16 {
			cut := math.MaxUint16
			for !utf8.RuneStart(s[cut]) {
				cut--
			}
			b.tagged(optComment, []byte(s[:cut]))
			s = s[cut:]
		}
		b.tagged(optComment, []byte(s))
	}
}

func (b *blockWriter) endOptions() { b.tagged(optEnd, nil) }

// section writes the Section Header Block.
func (b *blockWriter) section(application, comment string) error {
	b.begin(sectionHeaderBlock)
	b.u32(byteOrderMagic)
	b.u16(1) // version 1.0
	b.u16(0)
	b.u64(unknownLength)
	b.comments(comment)
	b.text(shbUserAppl, application)
	b.endOptions()
	return b.end()
}

// iface writes an Interface Description Block. Interfaces are numbered from 0 in
// the order of these blocks.
func (b *blockWriter) iface(name, description string) error {
	b.begin(interfaceDescriptionBlock)
	b.u16(linkTypeEthernet)
	b.u16(0)
	b.u32(0) // whole frames, however long
	b.text(ifName, name)
	b.text(ifDescription, description)
	b.tagged(ifTSResol, []byte{nanoseconds})
	b.endOptions()
	return b.end()
}

// names writes a Name Resolution Block.
func (b *blockWriter) names(all []addrName) error {
	b.begin(nameResolutionBlock)
	for _, n := range all {
		record := uint16(recordIPv6)
		if n.addr.Is4() {
			record = recordIPv4
		}
		v := append(n.addr.AsSlice(), clean(n.name)...)
		b.tagged(record, append(v, 0))
	}
	b.tagged(recordEnd, nil)
	return b.end()
}

// tlsSecrets writes a Decryption Secrets Block with a TLS key log. It has to come
// before the packets that it opens.
func (b *blockWriter) tlsSecrets(keyLog []byte) error {
	if !bytes.HasSuffix(keyLog, []byte("\n")) { // each line has to have its end
		keyLog = append(bytes.Clone(keyLog), '\n')
	}
	b.begin(decryptionSecretsBlock)
	b.u32(tlsKeyLog)
	b.u32(uint32(len(keyLog)))
	b.padded(keyLog)
	return b.end()
}

// packet is a frame to be written.
type packet struct {
	iface    uint32
	time     uint64 // nanoseconds since 1970
	data     []byte
	id       uint64
	comments []string
}

// packet writes an Enhanced Packet Block.
func (b *blockWriter) packet(p packet) error {
	b.begin(enhancedPacketBlock)
	b.u32(p.iface)
	b.u32(uint32(p.time >> 32))
	b.u32(uint32(p.time))
	b.u32(uint32(len(p.data)))
	b.u32(uint32(len(p.data)))
	b.padded(p.data)
	b.comments(p.comments...)
	b.tagged(epbFlags, binary.LittleEndian.AppendUint32(nil, outbound))
	b.tagged(epbPacketID, binary.LittleEndian.AppendUint64(nil, p.id))
	b.endOptions()
	return b.end()
}
