package explain

import (
	"strings"

	"mailwalk/sim/trace"
)

const dnsPort = 53

// frameKey is the key for what a frame carries.
func frameKey(b *trace.PacketBody) string {
	h := &b.Head
	switch h.Proto {
	case "TCP":
		return "packet.tcp." + segmentName(b)
	case "UDP":
		switch {
		case h.DstPort == dnsPort:
			return "packet.udp.dns-query"
		case h.SrcPort == dnsPort:
			return "packet.udp.dns-response"
		}
		return "packet.udp"
	case "ARP":
		switch h.Type {
		case 1:
			return "packet.arp.request"
		case 2:
			return "packet.arp.reply"
		}
		return "packet.arp"
	case "ICMP":
		return first("packet.icmp."+icmp4Name(h.Type, h.Code), "packet.icmp")
	case "ICMPv6":
		return first("packet.icmp6."+icmp6Name(h.Type), "packet.icmp6")
	}
	if h.Proto == "IPv4" || h.Proto == "IPv6" {
		return "packet.fragment"
	}
	return "packet.other"
}

// segmentName names a TCP segment by its flags (RFC 9293 §3.1), by what it
// carries, and by what the segments before make of it.
func segmentName(b *trace.PacketBody) string {
	h := &b.Head
	has := func(flag string) bool { return strings.Contains(h.Flags, flag) }
	switch {
	case has("R"):
		return "rst"
	case has("S") && has("F"):
		return "odd"
	case has("S") && has("A"):
		return "syn-ack"
	case has("S"):
		return "syn"
	case has("F") && h.Len > 0:
		return "data-fin"
	case has("F"):
		return "fin"
	case b.Analysis == trace.Retransmission, b.Analysis == trace.FastRetransmission:
		return b.Analysis
	case h.Len > 0:
		return "data"
	case has("A") && h.Window == 0:
		return "zero-window"
	case b.Analysis == trace.DuplicateACK, b.Analysis == trace.WindowUpdate:
		return b.Analysis
	case has("A"):
		return "ack"
	}
	return "odd"
}

func icmp4Name(typ, code uint8) string {
	switch typ {
	case 0:
		return "echo-reply"
	case 3:
		switch code {
		case 0:
			return "net-unreachable"
		case 1:
			return "host-unreachable"
		case 3:
			return "port-unreachable"
		case 4:
			return "too-big"
		case 9, 10, 13:
			return "prohibited"
		}
		return "unreachable"
	case 5:
		return "redirect"
	case 8:
		return "echo-request"
	case 11:
		return "time-exceeded"
	case 12:
		return "parameter-problem"
	}
	return ""
}

func icmp6Name(typ uint8) string {
	switch typ {
	case 1:
		return "unreachable"
	case 2:
		return "too-big"
	case 3:
		return "time-exceeded"
	case 4:
		return "parameter-problem"
	case 128:
		return "echo-request"
	case 129:
		return "echo-reply"
	case 130, 131, 132, 143:
		return "multicast-listener"
	case 133:
		return "router-solicitation"
	case 134:
		return "router-advertisement"
	case 135:
		return "neighbor-solicitation"
	case 136:
		return "neighbor-advertisement"
	case 137:
		return "redirect"
	}
	return ""
}
