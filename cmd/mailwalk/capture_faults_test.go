package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mailwalk/scenarios"
	"mailwalk/sim"
	"mailwalk/sim/trace"
	"mailwalk/sim/trace/pcapng"
)

// TestTsharkFaults is TestTshark for walks in which something goes wrong: Wireshark
// finds just what the trace tells of.
func TestTsharkFaults(t *testing.T) {
	tshark := lookTshark(t)
	version := tsharkVersion(t, tshark)
	const data = "packet: packet.sent dstPort=25 len>0 host=mail.acme.test"
	for _, x := range []struct {
		walk   string
		edit   [2]string // a text of the walk's file, and what takes its place
		faults []string
		words  []string // of the analysis of some packet
	}{
		{walk: "first-letter", faults: []string{data + " nth=3, does: drop"}, words: []string{trace.Retransmission}},
		{walk: "first-letter", faults: []string{data + " nth=3, does: delay, by: 3s"}, words: []string{trace.Retransmission, trace.OutOfOrder}},
		{walk: "first-letter", faults: []string{data + " nth=3, does: duplicate"}, words: []string{trace.Duplicate}},
		{walk: "first-letter", faults: []string{data + " nth=3, does: corrupt"}, words: []string{trace.Retransmission}},
		{walk: "first-letter", faults: []string{"packet: packet.sent flags~S, does: duplicate"}, words: []string{trace.Duplicate}},
		{walk: "first-letter", faults: []string{"packet: packet.sent flags=S host=mail.acme.test nth=1, does: delay, by: 1500ms"}, words: []string{trace.Retransmission, trace.OutOfOrder}},
		{walk: "first-letter", faults: []string{"packet: packet.sent proto=UDP, does: corrupt, every: 3"}},
		{walk: "first-letter", faults: []string{"link: globex-net, does: cut, after: connection.opened service=smtp, for: 20s"}, words: []string{trace.Retransmission}},
		{walk: "first-letter", faults: []string{"host: mail.globex.test, does: off, after: line.sent verb=RCPT service=smtp, for: 1m"}, words: []string{trace.Retransmission}},
		{walk: "attachment", faults: []string{"packet: packet.sent len>1000, does: drop, percent: 10"}, words: []string{trace.FastRetransmission, trace.PreviousUnseen, trace.DuplicateACK}},
		{walk: "attachment", faults: []string{"packet: packet.sent len>1000 host=mail.acme.test nth=20, does: delay, by: 3s"}, words: []string{trace.FastRetransmission, trace.OutOfOrder}},
		{walk: "attachment", faults: []string{"packet: packet.sent proto=TCP, does: duplicate, percent: 10"}, words: []string{trace.Duplicate, trace.DuplicateACK}},
		{walk: "attachment", edit: globex("mtu: 600"), faults: []string{"packet: packet.sent proto=TCP, does: corrupt, percent: 4"}, words: []string{trace.Retransmission}},
		{walk: "attachment", edit: globex("jitter: 2ms", "reorder: yes"), faults: []string{data + " nth=20, does: reorder"}, words: []string{trace.OutOfOrder}},
		{walk: "attachment", edit: globex("bandwidth: 1Mbit/s", "queue: 5"), faults: []string{data + " nth=3, does: reorder"}, words: []string{trace.FastRetransmission}},
		{walk: "attachment", edit: globex("loss: 2%"), faults: []string{data + " nth=9, does: reset"}, words: []string{trace.FastRetransmission}},
	} {
		t.Run(x.walk+" "+strings.Join(x.faults, ", "), func(t *testing.T) {
			sc := spoilt(t, x.walk, x.edit, x.faults...)
			tr := runWalk(t, sc)
			for _, word := range x.words {
				if !slices.ContainsFunc(sentOn(tr, ""), func(e *trace.Event) bool {
					return slices.Contains(e.Body.(*trace.PacketBody).LinkAnalysis, word)
				}) {
					t.Errorf("no packet is told to be %q", word)
				}
			}
			captureLinks(t, tshark, version, sc, tr)
		})
	}
}

// captureSeed repeats what TestTsharkRandomFaults has found: its seed stands in the
// names of what failed.
var captureSeed = flag.Uint64("capture-seed", 1, "the seed of TestTsharkRandomFaults; 0 draws one")

// TestTsharkRandomFaults is the same for whatever goes wrong.
func TestTsharkRandomFaults(t *testing.T) {
	tshark := lookTshark(t)
	version := tsharkVersion(t, tshark)
	seed := *captureSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	r := rand.New(rand.NewPCG(seed, 0))
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	for range 6 {
		var faults []string
		for range 1 + r.IntN(3) {
			match := pick("dstPort=25", "srcPort=25", "dstPort=587", "srcPort=110", "proto=TCP", "proto=UDP", "len>0", "proto=TCP len=0", "flags~S", "flags~F")
			does := pick("drop", "duplicate", "corrupt", "reorder", "reset", "delay, by: 1ms", "delay, by: 10ms", "delay, by: 300ms", "delay, by: 3s")
			often := pick("every: 3", "every: 10", "percent: 5", "percent: 20", "percent: 40")
			faults = append(faults, "packet: packet.sent "+match+", does: "+does+", "+often)
		}
		edit := [][2]string{{}, globex("loss: 3%"), globex("jitter: 2ms", "reorder: yes"), globex("jitter: 1ms"), globex("bandwidth: 1Mbit/s", "queue: 5")}[r.IntN(5)]
		sc := spoilt(t, pick("first-letter", "attachment"), edit, faults...)
		t.Run(fmt.Sprintf("seed %d, %s %q %s", seed, sc.Name, edit[1], strings.Join(faults, ", ")), func(t *testing.T) {
			captureLinks(t, tshark, version, sc, runWalk(t, sc))
		})
	}
}

// globex is an edit that gives a link of a walk more fields.
func globex(fields ...string) [2]string {
	const link = "  globex-net:\n    prefix: 198.51.100.0/24\n"
	return [2]string{link, link + "    " + strings.Join(fields, "\n    ") + "\n"}
}

// spoilt is a walk with another text in its file and with faults.
func spoilt(t *testing.T, name string, edit [2]string, faults ...string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	text := string(sc.Source)
	for _, e := range [][2]string{edit, {"\nnotes:\n", "\nfaults:\n  - {" + strings.Join(faults, "}\n  - {") + "}\n\nnotes:\n"}} {
		if !strings.Contains(text, e[0]) {
			t.Fatalf("%s has no %q", name, e[0])
		}
		text = strings.Replace(text, e[0], e[1], 1)
	}
	sc, err = scenarios.Parse(name+".yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func runWalk(t *testing.T, sc *scenarios.Scenario) *trace.Trace {
	t.Helper()
	w, err := sim.New(sc, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Run(t.Context()), w.Close()); err != nil {
		t.Fatal(err)
	}
	return w.Trace()
}

// captureLinks has tshark read a capture of each link.
func captureLinks(t *testing.T, tshark, version string, sc *scenarios.Scenario, tr *trace.Trace) {
	t.Helper()
	dir := t.TempDir()
	changed, damaged := arrived(tr)
	for _, link := range sc.Links {
		l := linkTest{
			tshark: tshark, version: version, sc: sc, link: link.Name, capture: filepath.Join(dir, link.Name), trace: tr,
			sent: sentOn(tr, link.Name), changed: changed, damaged: damaged,
		}
		writeCapture(t, tr, pcapng.Options{Link: link.Name, Start: sc.Start}, l.capture)
		t.Run(link.Name, func(t *testing.T) {
			t.Parallel()
			packets, _ := dissect(t, l.tshark, l.capture, packetFields())
			l.packets(t, packets)
		})
	}
}

func writeCapture(t *testing.T, tr *trace.Trace, o pcapng.Options, name string) {
	t.Helper()
	c, err := pcapng.New(tr, o)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.WriteTo(f)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}
