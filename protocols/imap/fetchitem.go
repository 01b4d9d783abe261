package imap

// fetchKind is what a FETCH data item gives.
type fetchKind uint8

const (
	itemFlags fetchKind = iota
	itemUID
	itemInternalDate
	itemSize
	itemEnvelope
	itemBody          // BODY without a section
	itemBodyStructure // BODYSTRUCTURE
	itemSection       // BODY[…] and the RFC822 items of IMAP4rev1
	itemBinary        // BINARY[…]
	itemBinarySize    // BINARY.SIZE[…]
)

// fetchItem is one data item of a FETCH command.
//
// RFC 9051 §6.4.5, RFC 3501 §6.4.5
type fetchItem struct {
	kind    fetchKind
	section Section
	// peek says that the item does not set \Seen.
	peek bool
	// label stands in the response in place of BODY[…], for the items that
	// IMAP4rev1 has besides.
	label string
}

func (it fetchItem) needsContent() bool { return it.kind >= itemEnvelope }

func (it fetchItem) setsSeen() bool {
	return (it.kind == itemSection || it.kind == itemBinary) && !it.peek
}

// fetchItems reads one item, a list of items, or a macro.
func (l *lexer) fetchItems() []fetchItem {
	if l.peek() == '(' {
		var items []fetchItem
		l.list(1, func() { items = append(items, l.fetchItem()) })
		return items
	}
	at := l.pos
	fast := []fetchItem{{kind: itemFlags}, {kind: itemInternalDate}, {kind: itemSize}}
	switch l.label() {
	case "FAST":
		return fast
	case "ALL":
		return append(fast, fetchItem{kind: itemEnvelope})
	case "FULL":
		return append(fast, fetchItem{kind: itemEnvelope}, fetchItem{kind: itemBody})
	}
	l.pos = at
	return []fetchItem{l.fetchItem()}
}

func (l *lexer) fetchItem() fetchItem {
	at := l.pos
	switch l.label() {
	case "FLAGS":
		return fetchItem{kind: itemFlags}
	case "UID":
		return fetchItem{kind: itemUID}
	case "INTERNALDATE":
		return fetchItem{kind: itemInternalDate}
	case "RFC822.SIZE":
		return fetchItem{kind: itemSize}
	case "ENVELOPE":
		return fetchItem{kind: itemEnvelope}
	case "BODYSTRUCTURE":
		return fetchItem{kind: itemBodyStructure}
	case "BODY":
		if l.peek() != '[' {
			return fetchItem{kind: itemBody}
		}
		return l.sectionItem(fetchItem{kind: itemSection})
	case "BODY.PEEK":
		return l.sectionItem(fetchItem{kind: itemSection, peek: true})
	case "BINARY":
		return l.binaryItem(fetchItem{kind: itemBinary})
	case "BINARY.PEEK":
		return l.binaryItem(fetchItem{kind: itemBinary, peek: true})
	case "BINARY.SIZE":
		return l.binaryItem(fetchItem{kind: itemBinarySize})
	case "RFC822":
		return fetchItem{kind: itemSection, label: "RFC822"}
	case "RFC822.HEADER":
		return fetchItem{kind: itemSection, label: "RFC822.HEADER", peek: true, section: Section{Text: SectionHeader}}
	case "RFC822.TEXT":
		return fetchItem{kind: itemSection, label: "RFC822.TEXT", section: Section{Text: SectionBodyText}}
	default:
		l.pos = at
		l.fail("a data item name")
		return fetchItem{}
	}
}

func (l *lexer) sectionItem(it fetchItem) fetchItem {
	it.section = l.section()
	it.section.Partial = l.partial()
	return it
}

// binaryItem reads section-binary, which has part numbers alone.
func (l *lexer) binaryItem(it fetchItem) fetchItem {
	at := l.pos
	it.section = l.section()
	if it.section.Text != WholePart {
		l.pos = at
		l.fail("part numbers alone")
	}
	if it.kind == itemBinary {
		it.section.Partial = l.partial()
	}
	return it
}
