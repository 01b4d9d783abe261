package scenarios

import (
	"bytes"
	"fmt"
	"image/png"
	"strconv"
	"testing"
)

// checkKind tells whether a content is what programs of its kind can open.
func checkKind(t *testing.T, kind GeneratedKind, content []byte) {
	t.Helper()
	switch kind {
	case PNGContent:
		img, err := png.Decode(bytes.NewReader(content))
		if err != nil {
			t.Errorf("PNG of %d octets: %v", len(content), err)
			return
		}
		if b := img.Bounds(); b.Dx()*b.Dy() < len(content)*9/10-400 {
			t.Errorf("PNG of %d octets has %d pixels alone", len(content), b.Dx()*b.Dy())
		}
	case PDFContent:
		checkPDF(t, content)
	}
}

// checkPDF looks for the objects where the cross-reference table says they are.
func checkPDF(t *testing.T, content []byte) {
	t.Helper()
	_, tail, _ := bytes.Cut(content, []byte("startxref\n"))
	digits, _, _ := bytes.Cut(tail, []byte("\n"))
	at, err := strconv.Atoi(string(digits))
	if err != nil || at >= len(content) || !bytes.HasPrefix(content[at:], []byte("xref\n0 6\n")) {
		t.Errorf("PDF of %d octets: no table at %q (%v)", len(content), digits, err)
		return
	}
	lines := bytes.Split(content[at:], []byte("\n"))
	for i := 1; i <= 5; i++ {
		offset, err := strconv.Atoi(string(lines[2+i][:10]))
		if err != nil || !bytes.HasPrefix(content[offset:], fmt.Appendf(nil, "%d 0 obj\n", i)) {
			t.Errorf("PDF of %d octets: object %d is not at %d (%v)", len(content), i, offset, err)
		}
		if len(lines[2+i]) != 19 {
			t.Errorf("entry %d of the table has %d octets without its line end, want 19", i, len(lines[2+i]))
		}
	}
}

func TestGenerated(t *testing.T) {
	for _, kind := range []GeneratedKind{RandomContent, PNGContent, PDFContent} {
		for _, size := range []Size{700, 1000, 4096, 60_000, 65_535, 65_536, 300_001} {
			g := Generated{Kind: kind, Size: size, Seed: 7}
			content, err := g.Content()
			if err != nil {
				t.Errorf("%s of %v: %v", kind, size, err)
				continue
			}
			again, _ := g.Content()
			if Size(len(content)) != size || !bytes.Equal(content, again) {
				t.Errorf("%s of %v has %d octets, the same twice: %v", kind, size, len(content), bytes.Equal(content, again))
			}
			if other, _ := (&Generated{Kind: kind, Size: size, Seed: 8}).Content(); bytes.Equal(content, other) {
				t.Errorf("%s of %v is the same for another seed", kind, size)
			}
			checkKind(t, kind, content)
		}
		if _, err := (&Generated{Kind: kind, Size: 10}).Content(); (err == nil) != (kind == RandomContent) {
			t.Errorf("%s of 10 octets: %v", kind, err)
		}
	}
}
