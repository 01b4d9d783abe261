package secure

// Content types of records (RFC 8446 §5.1).
const (
	alertRecord = 21
	dataRecord  = 23
)

// headLen is the length of a record's header (RFC 8446 §5.1).
const headLen = 5

// records goes over one direction of a TCP stream and finds the TLS records in it.
type records struct {
	at   int64 // octets so far
	tls  bool  // TLS has begun
	from int64 // where the record under way begins
	head []byte
	rest int // octets that its body still has
	body []byte
	each func(r record)
}

// record is one that is whole.
type record struct {
	kind     byte
	from, to int64
	// alert is the description in an alert that is not sealed; 0 otherwise.
	alert byte
}

func (r record) bodyLen() int64 { return r.to - r.from - headLen }

// begin has TLS begin at the next octet.
func (s *records) begin() { s.tls, s.head, s.rest = true, s.head[:0], 0 }

// want is how many octets the header or the body under way still has.
func (s *records) want() int {
	if s.rest > 0 {
		return s.rest
	}
	return headLen - len(s.head)
}

// feed goes over the next octets.
func (s *records) feed(p []byte) {
	if !s.tls {
		s.at += int64(len(p))
		return
	}
	for len(p) > 0 {
		n := min(s.want(), len(p))
		part := p[:n]
		p = p[n:]
		if s.rest > 0 {
			s.rest -= n
			if len(s.body) < 2 {
				s.body = append(s.body, part[:min(n, 2-len(s.body))]...)
			}
		} else {
			if len(s.head) == 0 {
				s.from = s.at
			}
			s.head = append(s.head, part...)
			if len(s.head) == headLen {
				s.rest = int(s.head[3])<<8 | int(s.head[4])
				s.body = s.body[:0]
			}
		}
		s.at += int64(n)
		if len(s.head) == headLen && s.rest == 0 {
			s.whole()
		}
	}
}

func (s *records) whole() {
	r := record{kind: s.head[0], from: s.from, to: s.at}
	if r.kind == alertRecord && r.bodyLen() == 2 {
		r.alert = s.body[1]
	}
	s.head = s.head[:0]
	if s.each != nil {
		s.each(r)
	}
}
