package scenarios

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"math/rand/v2"
)

// Content makes the octets up. It fails when the size is too small for a file of
// the kind.
func (g *Generated) Content() ([]byte, error) {
	rng := rand.New(rand.NewPCG(g.Seed, uint64(len(g.Kind))))
	switch g.Kind {
	case PNGContent:
		return pngOf(int(g.Size), rng)
	case PDFContent:
		return pdfOf(int(g.Size), rng)
	}
	return randomOf(int(g.Size), rng), nil
}

func randomOf(size int, rng *rand.Rand) []byte {
	b := make([]byte, 0, size+7)
	for len(b) < size {
		b = binary.LittleEndian.AppendUint64(b, rng.Uint64())
	}
	return b[:size]
}

// A PNG file of an exact size is an image that is not compressed, and a comment
// that fills up what is left.
const (
	pngSignature = "\x89PNG\r\n\x1a\n"
	chunkFrame   = 12 // length, type, CRC
	pngComment   = "Comment\x00"
	pngFixed     = len(pngSignature) + chunkFrame + 13 /* IHDR */ + chunkFrame /* IDAT */ + chunkFrame + len(pngComment) + chunkFrame /* IEND */
	storedBlock  = 65535
)

func pngOf(size int, rng *rand.Rand) ([]byte, error) {
	width, height := 1, 1
	for side := 1; pngFixed+zlibSize(side, side) <= size; side = side + 1 + side/64 {
		width, height = side, side
	}
	fill := size - pngFixed - zlibSize(width, height)
	if fill < 0 {
		return nil, fmt.Errorf("a PNG file has at least %d octets", pngFixed+zlibSize(1, 1))
	}
	out := bytes.NewBuffer(make([]byte, 0, size))
	out.WriteString(pngSignature)
	header := binary.BigEndian.AppendUint32(nil, uint32(width))
	header = binary.BigEndian.AppendUint32(header, uint32(height))
	// Eight bits of grey, the one compression and filter method there is, not
	// interlaced.
	pngChunk(out, "IHDR", append(header, 8, 0, 0, 0, 0))
	pngChunk(out, "tEXt", append([]byte(pngComment), bytes.Repeat([]byte("."), fill)...))
	pngChunk(out, "IDAT", zlibStored(picture(width, height, rng)))
	pngChunk(out, "IEND", nil)
	return out.Bytes(), nil
}

func pngChunk(out *bytes.Buffer, kind string, data []byte) {
	out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(data))))
	body := append([]byte(kind), data...)
	out.Write(body)
	out.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(body)))
}

// picture has a filter octet and then a grey for each pixel of a row: a slope
// with some noise, so that it looks like something.
func picture(width, height int, rng *rand.Rand) []byte {
	rows := make([]byte, 0, height*(width+1))
	for y := range height {
		rows = append(rows, 0)
		for x := range width {
			rows = append(rows, byte((x+y)*200/(width+height))+byte(rng.Uint32()%32))
		}
	}
	return rows
}

// zlibSize is the size of zlibStored's result for a picture.
func zlibSize(width, height int) int {
	n := height * (width + 1)
	return 2 + n + 5*max(1, (n+storedBlock-1)/storedBlock) + 4
}

// zlibStored wraps data as RFC 1950 does, in stored blocks (RFC 1951 §3.2.4):
// the same octets whatever compressor the program was built with.
func zlibStored(data []byte) []byte {
	out := []byte{0x78, 0x01}
	sum := adler32.Checksum(data)
	for first := true; first || len(data) > 0; first = false {
		n := min(len(data), storedBlock)
		final := byte(0)
		if n == len(data) {
			final = 1
		}
		out = append(out, final)
		out = binary.LittleEndian.AppendUint16(out, uint16(n))
		out = binary.LittleEndian.AppendUint16(out, ^uint16(n))
		out = append(out, data[:n]...)
		data = data[n:]
	}
	return binary.BigEndian.AppendUint32(out, sum)
}

// pdfOf is a PDF file of one page with a line of text; comments before the
// cross-reference table fill it up to its size.
func pdfOf(size int, rng *rand.Rand) ([]byte, error) {
	text := fmt.Sprintf("BT /F1 24 Tf 72 700 Td (Report %d) Tj ET", rng.Uint32()%9000+1000)
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(text), text),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	out := []byte("%PDF-1.4\n")
	var offsets []int
	for i, o := range objects {
		offsets = append(offsets, len(out))
		out = fmt.Appendf(out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := fmt.Appendf(nil, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range offsets {
		table = fmt.Appendf(table, "%010d 00000 n \n", at)
	}
	table = fmt.Appendf(table, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n", len(objects)+1)
	const end = "\n%%EOF\n"
	// The table's place is written in as many digits as the size has, so that
	// the size does not depend on it.
	digits := len(fmt.Sprint(size))
	fill := size - len(out) - len(table) - digits - len(end)
	if fill < 0 {
		return nil, fmt.Errorf("a PDF file has at least %d octets", size-fill)
	}
	out = append(out, comments(fill)...)
	at := len(out)
	out = append(out, table...)
	out = fmt.Appendf(out, "%0*d", digits, at)
	return append(out, end...), nil
}

// comments are n octets of PDF comment lines.
func comments(n int) []byte {
	const width = 72
	out := bytes.Repeat([]byte("%"), n)
	for i := width - 1; i < n; i += width {
		out[i] = '\n'
	}
	if n > 0 {
		out[n-1] = '\n'
	}
	return out
}
