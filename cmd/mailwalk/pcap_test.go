package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// TestTshark has Wireshark's dissector read a capture of each link of each walk,
// and holds what it finds against the trace.
func TestTshark(t *testing.T) {
	tshark := lookTshark(t)
	version := tsharkVersion(t, tshark)
	dir := t.TempDir()
	for _, name := range scenarios.Names() {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, name)
			mustExecute(t, "run", name, "--record", file+".trace", "--pcap", file+".pcapng")
			mustExecute(t, "export", file+".trace", "--pcap", file+".again.pcapng")
			sameContent(t, file+".pcapng", file+".again.pcapng")
			tr := readTrace(t, file+".trace")
			changed, damaged := arrived(tr)
			sc, err := scenarios.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, link := range sc.Links {
				capture := file + "." + link.Name + ".pcapng"
				mustExecute(t, "export", file+".trace", "--pcap", capture, "--link", link.Name)
				l := linkTest{
					tshark: tshark, version: version, sc: sc, link: link.Name, capture: capture, trace: tr,
					sent: sentOn(tr, link.Name), changed: changed, damaged: damaged,
				}
				t.Run(link.Name, func(t *testing.T) {
					t.Parallel()
					l.run(t)
				})
			}
			t.Run("all", func(t *testing.T) {
				t.Parallel()
				wholeFile(t, tshark, file+".pcapng", tr)
			})
		})
	}
}

// lookTshark finds tshark, without which a test is skipped where it may be.
func lookTshark(t *testing.T) string {
	t.Helper()
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		if os.Getenv("MAILWALK_CI") != "" {
			t.Fatal(err)
		}
		t.Skip("tshark is not installed")
	}
	return tshark
}

// tsharkVersion is such as 4.0.17.
func tsharkVersion(t *testing.T, tshark string) string {
	t.Helper()
	first, _, _ := strings.Cut(runTshark(t, tshark, "--version"), "\n")
	for word := range strings.FieldsSeq(first) {
		if word[0] >= '0' && word[0] <= '9' {
			return strings.TrimSuffix(word, ".")
		}
	}
	t.Fatalf("tshark says of its version %q", first)
	return ""
}

func mustExecute(t *testing.T, args ...string) {
	t.Helper()
	var stderr bytes.Buffer
	if code := execute(args, io.Discard, &stderr); code != 0 {
		t.Fatalf("mailwalk %s: exit code %d: %s", strings.Join(args, " "), code, &stderr)
	}
}

func sameContent(t *testing.T, a, b string) {
	t.Helper()
	x, errX := os.ReadFile(a)
	y, errY := os.ReadFile(b)
	if err := errors.Join(errX, errY); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x, y) {
		t.Errorf("%s and %s differ", filepath.Base(a), filepath.Base(b))
	}
}

func readTrace(t *testing.T, name string) *trace.Trace {
	t.Helper()
	tr, file, err := openTrace(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return tr
}

// sentOn are the events that put frames on a link; on all with an empty name.
func sentOn(tr *trace.Trace, link string) []*trace.Event {
	var sent []*trace.Event
	for e := range tr.All() {
		if b, ok := e.Body.(*trace.PacketBody); ok && (link == "" || b.Link == link) && (e.What == trace.Sent || e.What == trace.Duplicated) {
			sent = append(sent, e)
		}
	}
	return sent
}

// Between values, and between several values of a field of a packet. No comment
// has these.
const fieldEnd, valueEnd = "\t", "\x1f"

// dissect reads a capture with all checks on, and returns fields of each packet
// and what else is printed.
func dissect(t *testing.T, tshark, capture string, fields []string, more ...string) (packets []map[string]string, rest string) {
	t.Helper()
	args := append([]string{
		"-r", capture, "-T", "fields", "-E", "aggregator=" + valueEnd,
		"-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
		"-o", "smtp.decryption:TRUE", // decodes the base64 of AUTH
	}, more...)
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	rows, rest, _ := strings.Cut(runTshark(t, tshark, args...), "\n===")
	for line := range strings.Lines(rows) {
		values := strings.Split(strings.TrimRight(line, "\r\n"), fieldEnd)
		if line == "\n" {
			continue
		}
		if len(values) != len(fields) {
			t.Fatalf("tshark printed %q for the fields %q", line, fields)
		}
		p := make(map[string]string)
		for i, f := range fields {
			p[f] = values[i]
		}
		packets = append(packets, p)
	}
	return packets, rest
}

func runTshark(t *testing.T, tshark string, args ...string) string {
	t.Helper()
	cmd := exec.Command(tshark, args...)
	// A person's own settings of Wireshark are not to be looked at.
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "XDG_CONFIG_HOME=", "TZ=UTC")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v: %s", err, &stderr)
	}
	return string(out)
}

// linkTest is the capture of one link and what the trace has of it.
type linkTest struct {
	tshark, version, link, capture string
	sc                             *scenarios.Scenario
	trace                          *trace.Trace
	sent                           []*trace.Event
	changed                        map[uint64][]byte // frames as they arrived, where it is not as they were sent
	damaged                        map[uint64]bool   // frames
}

// packetFields are those that are compared of each packet.
func packetFields() []string {
	fields := []string{
		"frame.time_epoch", "frame.len", "frame.interface_name", "frame.protocols", "_ws.expert.severity", "_ws.expert.message",
		"_ws.malformed", "ip.checksum.status",
	}
	fields = append(fields, slices.Sorted(maps.Values(checksums))...)
	for _, f := range analysisFields {
		fields = append(fields, "tcp.analysis."+f)
	}
	return fields
}

// complaints are what Wireshark has to say against a packet where nothing goes wrong.
var complaints = slices.Concat(guessedAgain, []string{lostSegment, ackLostSegment, duplicateACK, zeroWindow, keepAlive})

func (l linkTest) run(t *testing.T) {
	conns, streams := l.carried()
	var follow []string
	for i := range conns {
		follow = append(follow, "-z", "follow,tcp,raw,"+strconv.Itoa(i))
	}
	packets, rest := dissect(t, l.tshark, l.capture, packetFields(), follow...)
	l.packets(t, packets)
	l.streams(t, conns, streams, parseFollowed(t, rest))
}

// packets compares each packet with its event.
func (l linkTest) packets(t *testing.T, got []map[string]string) {
	if len(got) != len(l.sent) {
		t.Fatalf("%d packets, want %d", len(got), len(l.sent))
	}
	judge := newJudge(l.version)
	high := make(map[string]int64)  // the end of each stream so far
	broken := make(map[string]bool) // streams of which Wireshark does not see all, or not in order
	for i, p := range got {
		e, b := l.sent[i], l.sent[i].Body.(*trace.PacketBody)
		repeated := false // or in no order: Wireshark says so, in words of its own, and may not dissect it
		s := fmt.Sprint(e.Conn, b.Head.Src, b.Head.SrcPort)
		broken[s] = broken[s] || l.damaged[b.Frame] || slices.Contains(b.LinkAnalysis, trace.PreviousUnseen)
		if b.Range != nil {
			repeated = b.Range.From < high[s] || broken[s]
			high[s] = max(high[s], b.Range.To)
		}
		complain := func(format string, args ...any) {
			t.Helper()
			t.Errorf("packet %d, event %d: %s", i+1, e.Seq, fmt.Sprintf(format, args...))
		}
		if want := strconv.Itoa(len(b.Data)); p["frame.len"] != want {
			complain("%s octets, want %s", p["frame.len"], want)
		}
		if at := l.sc.Start.Add(e.At); p["frame.time_epoch"] != fmt.Sprintf("%d.%09d", at.Unix(), at.Nanosecond()) {
			complain("time %s, want %s", p["frame.time_epoch"], at.Format(time.RFC3339Nano))
		}
		if p["frame.interface_name"] != l.link {
			complain("interface %s", p["frame.interface_name"])
		}
		// Where a chunk of BDAT ends within a line, Wireshark waits for the end of the line.
		waits := b.Range != nil && !bytes.Contains(b.Data[len(b.Data)-b.Head.Len:], []byte("\n"))
		protocols := strings.Split(p["frame.protocols"], ":")
		if want := dissector(b.Head); !slices.Contains(protocols, want) && !slices.Contains(protocols, "tls") && (b.Range != nil && !repeated && !(want == "smtp" && waits) || want == "dns" && !l.damaged[b.Frame]) {
			complain("protocols %s, want %s", p["frame.protocols"], want)
		}
		data := b.Data
		if c, ok := l.changed[b.Frame]; ok && e.What == trace.Sent {
			data = c
		}
		compareChecksums(b, l.damaged[b.Frame], p, complain)
		judge.compare(e, data, p, complain)
		if len(l.sc.Faults) > 0 || repeated || b.Head.Proto == "ICMP" {
			continue // what Wireshark complains about is the walk's lesson
		}
		for _, f := range complaints {
			if p["tcp.analysis."+f] != "" {
				complain("Wireshark says %s", f)
			}
		}
		for severity := range strings.SplitSeq(p["_ws.expert.severity"], valueEnd) {
			// Who still says under TLS that it closes, to one who has closed, gets an RST.
			if l.sc.SpeaksTLS() && strings.Contains(p["_ws.expert.message"], "Connection reset (RST)") {
				continue
			}
			if n, err := strconv.ParseUint(severity, 0, 32); severity != "" && (err != nil || n >= warning) {
				complain("Wireshark warns: %s", p["_ws.expert.message"])
			}
		}
	}
}

// warning is the severity of an expert information from which on something is
// wrong.
const warning = 0x00600000

// dissector is what Wireshark calls the protocol of a port.
func dissector(h trace.Head) string {
	ports := []uint16{h.SrcPort, h.DstPort}
	for port, name := range map[uint16]string{53: "dns", 25: "smtp", 587: "smtp", 110: "pop", 143: "imap"} {
		if slices.Contains(ports, port) {
			return name
		}
	}
	return ""
}

// carried are the connections of the link, numbered as Wireshark does, and the
// two streams of each, the client's first, as the segments carried them.
func (l linkTest) carried() (conns []string, streams map[string]*[2][]byte) {
	streams = make(map[string]*[2][]byte)
	for _, e := range l.sent {
		b := e.Body.(*trace.PacketBody)
		if b.Head.Proto != "TCP" {
			continue
		}
		s := streams[e.Conn]
		if s == nil {
			s = new([2][]byte)
			streams[e.Conn] = s
			conns = append(conns, e.Conn)
		}
		if b.Range == nil {
			continue
		}
		_, payload := trace.ParseHead(b.Data)
		d := side(b.Range.FromServer)
		if missing := b.Range.To - int64(len(s[d])); missing > 0 {
			s[d] = append(s[d], make([]byte, missing)...)
		}
		copy(s[d][b.Range.From:], payload)
	}
	return conns, streams
}

func side(fromServer bool) int {
	if fromServer {
		return 1
	}
	return 0
}

// streams compares what Wireshark puts together with what the segments carried,
// and with the lines that were said.
func (l linkTest) streams(t *testing.T, conns []string, streams map[string]*[2][]byte, followed map[string]*[2][]byte) {
	if len(followed) != len(conns) {
		t.Fatalf("tshark followed %d streams, want %d", len(followed), len(conns))
	}
	for i, conn := range conns {
		for d, want := range streams[conn] {
			if got := followed[strconv.Itoa(i)][d]; !bytes.Equal(got, want) {
				t.Errorf("%s, direction %d: Wireshark puts together %d octets that are not the %d of the trace", conn, d, len(got), len(want))
			}
		}
	}
	for e := range l.trace.All() {
		b, ok := e.Body.(*trace.LineBody)
		s := streams[e.Conn]
		if !ok || s == nil || b.Content != nil || e.What != trace.Sent && e.What != trace.Received {
			continue
		}
		if _, sealed := l.trace.Index().OnWire(e.Seq); sealed {
			continue // TestTsharkOpensTLS looks into those
		}
		if got := string(s[side(b.FromServer)][b.From:b.To]); got != b.Text+"\r\n" {
			t.Errorf("event %d: the stream has %q where %q was said", e.Seq, got, b.Text)
		}
	}
}

// parseFollowed reads what -z follow,tcp,raw prints, by the stream's number:
// octets in hex, those of the second end behind a tab.
func parseFollowed(t *testing.T, out string) map[string]*[2][]byte {
	t.Helper()
	all := make(map[string]*[2][]byte)
	var s *[2][]byte
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\r\n")
		if number, ok := strings.CutPrefix(line, "Filter: tcp.stream eq "); ok {
			s = new([2][]byte)
			all[number] = s
		}
		text, second := strings.CutPrefix(line, "\t")
		octets, err := hex.DecodeString(text)
		if err != nil || len(octets) == 0 {
			continue // a heading
		}
		if s == nil {
			t.Fatalf("tshark printed %q before any stream", line)
		}
		s[side(second)] = append(s[side(second)], octets...)
	}
	return all
}

// wholeFile looks at the capture of all links: its interfaces and names, and that
// a packet has one identifier on all of them.
func wholeFile(t *testing.T, tshark, capture string, tr *trace.Trace) {
	sent := sentOn(tr, "")
	got, _ := dissect(t, tshark, capture, []string{"frame.interface_name", "frame.packet_id", "ip.id", "ip.src", "ip.src_host", "ipv6.src", "ipv6.src_host", "tcp.options.timestamp.tsval", "frame.comment"}, "-N", "n")
	if len(got) != len(sent) {
		t.Fatalf("%d packets, want %d", len(got), len(sent))
	}
	owners := make(map[string]string)
	for _, e := range sent {
		if a := e.Body.(*trace.PacketBody).Head.Src.String(); owners[a] == "" {
			owners[a] = e.Host
		}
	}
	ids := make(map[string]map[string]bool) // by what routers leave as it is; equal packets have several
	comments := 0
	for i, p := range got {
		b := sent[i].Body.(*trace.PacketBody)
		if p["frame.interface_name"] != b.Link {
			t.Errorf("packet %d: interface %s, want %s", i+1, p["frame.interface_name"], b.Link)
		}
		source, _, _ := strings.Cut(p["ip.src"]+p["ipv6.src"], valueEnd) // of the packet, not of one that it quotes
		name, _, _ := strings.Cut(p["ip.src_host"]+p["ipv6.src_host"], valueEnd)
		if want := owners[source]; name != want {
			t.Errorf("packet %d: %s is called %s, want %s", i+1, source, name, want)
		}
		_, payload := trace.ParseHead(b.Data)
		packet := fmt.Sprint(b.Head.Src, b.Head.Dst, p["ip.id"], p["tcp.options.timestamp.tsval"], b.Head.Seq, b.Head.Ack, b.Head.Flags, string(payload))
		id := p["frame.packet_id"]
		if passedOn := sent[i].Host != owners[source]; passedOn && len(payload) > 0 && !ids[packet][id] {
			t.Errorf("packet %d has id %s, which it had not before the router", i+1, id)
		}
		if ids[packet] == nil {
			ids[packet] = make(map[string]bool)
		}
		ids[packet][id] = true
		if p["frame.comment"] != "" {
			comments += strings.Count(p["frame.comment"], valueEnd) + 1
		}
	}
	of := make(map[string]string)
	for packet, all := range ids {
		for id := range all {
			if other, ok := of[id]; ok {
				t.Errorf("two packets have id %s: %q and %q", id, other, packet)
			}
			of[id] = packet
		}
	}
	if comments < len(tr.Index().Mails()) {
		t.Errorf("%d comments", comments)
	}
}
