package trace

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Encoder writes events as JSON, one a line, in the form that README.md has.
type Encoder struct {
	w    io.Writer
	text func(*Event) string
	buf  []byte
}

// NewEncoder returns an encoder that writes to w, one Write a line. The text
// function says in plain words what an event is; without it the lines have no
// text.
func NewEncoder(w io.Writer, text func(*Event) string) *Encoder {
	return &Encoder{w: w, text: text}
}

// Encode writes an event and a line end.
func (enc *Encoder) Encode(e *Event) error {
	text := ""
	if enc.text != nil {
		text = enc.text(e)
	}
	line, err := AppendJSON(enc.buf[:0], e, text)
	if err != nil {
		return err
	}
	enc.buf = append(line, '\n')
	_, err = enc.w.Write(enc.buf)
	return err
}

// AppendJSON appends an event as one JSON object, without a line end. It fails
// only for an event whose body is not of this package.
func AppendJSON(dst []byte, e *Event, text string) ([]byte, error) {
	body, err := describe(e)
	if err != nil {
		return dst, err
	}
	w := jsonWriter{dst: append(dst, '{')}
	w.long("seq", must, &e.Seq)
	w.moment("at", must, &e.At)
	w.str("kind", must, (*string)(&e.Kind))
	w.str("what", must, &e.What)
	w.str("host", must, &e.Host)
	if text != "" {
		w.str("text", may, &text)
	}
	w.str("key", may, &e.Key)
	e.IDs.fields(&w)
	if len(e.Causes) > 0 {
		w.name("causes")
		w.dst = append(w.dst, '[')
		for i, c := range e.Causes {
			if i > 0 {
				w.dst = append(w.dst, ',')
			}
			w.dst = strconv.AppendUint(w.dst, c, 10)
		}
		w.dst = append(w.dst, ']')
	}
	if body != nil {
		w.open("body", true)
		body.fields(&w)
		w.shut()
	}
	w.endOctets()
	return append(w.dst, '}'), nil
}

// Decoder reads what an Encoder wrote.
type Decoder struct {
	r    *bufio.Reader
	line int
}

// NewDecoder returns a decoder that reads from r.
func NewDecoder(r io.Reader) *Decoder {
	return &Decoder{r: bufio.NewReaderSize(r, 64<<10)}
}

// Decode returns the next event, or [io.EOF] when there is none. Other errors
// name the line. Empty lines are passed over. A last line without a line end
// counts. Lists and byte strings that were empty come back as nil, and the text
// is left out, for it is made anew from the event.
func (d *Decoder) Decode() (*Event, error) {
	for {
		line, err := d.r.ReadBytes('\n')
		if err != nil && (err != io.EOF || len(line) == 0) {
			return nil, err
		}
		d.line++
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		e, err := ParseJSON(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", d.line, err)
		}
		return e, nil
	}
}

// ParseJSON reads one event that AppendJSON wrote. Names that it does not know
// are passed over.
func ParseJSON(line []byte) (*Event, error) {
	var in struct {
		Seq    uint64
		At     json.Number
		Kind   Kind
		What   string
		Host   string
		Key    string
		IDs    `json:",inline"`
		Causes []uint64
		Body   json.RawMessage
		Octets map[string][]byte
	}
	if err := json.Unmarshal(line, &in); err != nil {
		return nil, fmt.Errorf("not an event: %w", err)
	}
	at, err := parseSeconds(string(in.At))
	if err != nil {
		return nil, fmt.Errorf("event %d: at: %w", in.Seq, err)
	}
	e := &Event{
		Seq: in.Seq, At: at, Host: in.Host, Kind: in.Kind, What: in.What, Key: in.Key,
		IDs: in.IDs,
	}
	if len(in.Causes) > 0 {
		e.Causes = in.Causes
	}
	r := jsonReader{octets: in.Octets}
	// The event's own texts may have octets outside UTF-8 too.
	for _, f := range []struct {
		name string
		v    *string
	}{
		{"kind", (*string)(&e.Kind)}, {"what", &e.What}, {"host", &e.Host}, {"key", &e.Key},
		{"mail", &e.Mail}, {"hop", &e.Hop}, {"conn", &e.Conn}, {"lookup", &e.Lookup}, {"queue", &e.Queue},
	} {
		r.mend(f.name, f.v)
	}
	if len(in.Body) == 0 || string(in.Body) == "null" {
		return e, nil
	}
	body := newBody(e.Kind)
	if body == nil {
		return nil, fmt.Errorf("event %d: the kind %q is not known", e.Seq, e.Kind)
	}
	r.enter("body", in.Body)
	body.fields(&r)
	if r.err != nil {
		return nil, fmt.Errorf("event %d: %w", e.Seq, r.err)
	}
	e.Body = body
	return e, nil
}

// appendSeconds writes a time as seconds with exactly nine decimals.
func appendSeconds(dst []byte, d time.Duration) []byte {
	n := uint64(d)
	if d < 0 {
		dst = append(dst, '-')
		n = -n
	}
	dst = strconv.AppendUint(dst, n/1e9, 10)
	dst = append(dst, '.')
	fraction := n % 1e9
	for unit := uint64(1e8); unit > 0; unit /= 10 {
		dst = append(dst, '0'+byte(fraction/unit%10))
	}
	return dst
}

var errSeconds = errors.New("not a number of seconds")

// parseSeconds reads seconds with up to nine decimals.
func parseSeconds(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	if len(fraction) > 9 || len(whole) == 0 || len(whole) > 10 {
		return 0, fmt.Errorf("%w: %q", errSeconds, s)
	}
	n, err := strconv.ParseUint(whole+(fraction + "000000000")[:9], 10, 64)
	switch {
	case err != nil || n > 1<<63 || n == 1<<63 && !negative:
		return 0, fmt.Errorf("%w: %q", errSeconds, s)
	case negative:
		return time.Duration(-n), nil
	}
	return time.Duration(n), nil
}
