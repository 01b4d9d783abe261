package trace

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// A trace file is the magic and then blocks, one after another:
//
//	octets  0     kind, see below
//	        1     0 when the payload is stored as it is, 1 when zstd packed it
//	        2-3   zero
//	        4-7   length of the payload in the file
//	        8-11  length of the payload unpacked
//	       12-15  number of things in it
//	       16-23  number of the first of them
//	       24-27  CRC-32C of the octets 0-23 and the payload as it is in the file
//	       28-    payload
//
// Numbers are little-endian. The first block is the header; contents come before
// the events that refer to them. A file that was ended in order has an index and
// an end at its end; one that was not is read up to the last whole block. Blocks
// are only ever added behind the others.
const magic = "\x89mwt\r\n\x1a\n"

const blockHeaderLen = 28

// Kinds of blocks.
const (
	headerBlock   = 'H' // the Header as JSON
	contentBlock  = 'C' // contents; the first is number 1
	eventBlock    = 'E' // events; the first is number 1
	snapshotBlock = 'S' // the View after the event of its first number
	indexBlock    = 'I' // where the other blocks are
	endBlock      = 'Z' // eight octets: where the index is
)

const (
	stored = 0
	packed = 1
)

// maxBlock is the length that no payload exceeds, unpacked or not.
const maxBlock = 128 << 20

// Errors of files that are not what they should be.
var (
	// ErrNotTrace is of a file that does not begin as a trace does.
	ErrNotTrace = errors.New("not a mailwalk trace")
	// ErrNewer is of a file that a later version of the program wrote.
	ErrNewer = errors.New("the trace was made by a newer version of the program")
	// ErrDamaged is of a file that was changed or cut after it was written.
	ErrDamaged = errors.New("the trace file is damaged")
	// ErrUnfinished is of a file whose writing was not ended in order.
	ErrUnfinished = errors.New("the trace file has no end")
)

var crcTable = crc32.MakeTable(crc32.Castagnoli)

// blockInfo is a block's header and its place in the file.
type blockInfo struct {
	kind   byte
	coding byte
	length uint32 // in the file
	size   uint32 // unpacked
	count  uint32
	first  uint64
	crc    uint32
	offset int64
}

// end is the offset behind the block.
func (b *blockInfo) end() int64 { return b.offset + blockHeaderLen + int64(b.length) }

// header appends the block's header with its checksum, append without.
func (b *blockInfo) header(dst []byte) []byte {
	return binary.LittleEndian.AppendUint32(b.append(dst), b.crc)
}

func (b *blockInfo) append(dst []byte) []byte {
	dst = append(dst, b.kind, b.coding, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, b.length)
	dst = binary.LittleEndian.AppendUint32(dst, b.size)
	dst = binary.LittleEndian.AppendUint32(dst, b.count)
	return binary.LittleEndian.AppendUint64(dst, b.first)
}

// parseBlockInfo reads the header h of a block at an offset, and tells whether it
// can be one.
func parseBlockInfo(h []byte, offset int64) (b blockInfo, ok bool) {
	b = blockInfo{
		kind: h[0], coding: h[1], offset: offset,
		length: binary.LittleEndian.Uint32(h[4:]), size: binary.LittleEndian.Uint32(h[8:]),
		count: binary.LittleEndian.Uint32(h[12:]), first: binary.LittleEndian.Uint64(h[16:]),
		crc: binary.LittleEndian.Uint32(h[24:]),
	}
	ok = b.length <= maxBlock && b.size <= maxBlock && b.coding <= packed && h[2]|h[3] == 0 && b.first <= 1<<62
	return b, ok
}

// readBlockInfo reads a block's header and sees that it can be one. The checksum
// is looked at with the payload.
func readBlockInfo(r io.ReaderAt, offset, fileSize int64) (blockInfo, error) {
	var h [blockHeaderLen]byte
	if fileSize-offset < blockHeaderLen {
		return blockInfo{}, fmt.Errorf("%w: a block at %d is cut short", ErrDamaged, offset)
	}
	if _, err := r.ReadAt(h[:], offset); err != nil {
		return blockInfo{}, err
	}
	b, ok := parseBlockInfo(h[:], offset)
	switch {
	case !ok:
		return b, fmt.Errorf("%w: no block begins at %d", ErrDamaged, offset)
	case b.end() > fileSize:
		return b, fmt.Errorf("%w: the block at %d is cut short", ErrDamaged, offset)
	}
	return b, nil
}

// readPayload reads, checks and unpacks a block's payload.
func readPayload(r io.ReaderAt, b blockInfo) ([]byte, error) {
	raw := make([]byte, blockHeaderLen+int(b.length))
	if _, err := r.ReadAt(raw, b.offset); err != nil {
		return nil, err
	}
	payload := raw[blockHeaderLen:]
	crc := crc32.Update(crc32.Checksum(raw[:blockHeaderLen-4], crcTable), crcTable, payload)
	// What is known of the block may come from the index.
	if known := b.header(nil); crc != b.crc || !bytes.Equal(known, raw[:blockHeaderLen]) {
		return nil, fmt.Errorf("%w: the checksum of the block at %d does not match", ErrDamaged, b.offset)
	}
	if b.coding == packed {
		var err error
		// A hint that lies costs no memory that the payload does not need.
		payload, err = unpacking().DecodeAll(payload, make([]byte, 0, min(b.size, 4<<20)))
		if err != nil {
			return nil, fmt.Errorf("%w: the block at %d: %w", ErrDamaged, b.offset, err)
		}
	}
	if len(payload) != int(b.size) {
		return nil, fmt.Errorf("%w: the block at %d has %d octets instead of %d", ErrDamaged, b.offset, len(payload), b.size)
	}
	return payload, nil
}

// unpacking is the decompressor, which all readers share. The options are such
// that it cannot fail to be made.
var unpacking = sync.OnceValue(func() *zstd.Decoder {
	d, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxBlock))
	return d
})

// packing is the compressor, which all writers share.
var packing = sync.OnceValue(func() *zstd.Encoder {
	e, _ := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false))
	return e
})
