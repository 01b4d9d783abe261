package tui

import "strings"

// meaning is what a layer or one of its fields is for, in one sentence with its
// source. A field that stands in several headers under one name has one meaning
// unless its layer has its own.
func meaning(layer, field, source string) string {
	if field == "" {
		words := layerMeanings[layer]
		if words == "" || source == "" || strings.Contains(words, "RFC") {
			return words
		}
		return words + " " + source + "."
	}
	if words := fieldMeanings[layer+"/"+field]; words != "" {
		return words
	}
	return fieldMeanings[field]
}

var layerMeanings = map[string]string{
	"Ethernet":              "The envelope for one cable: which network card sends, which is to take it. A router writes a new one for the next cable.",
	"ARP":                   "Asks who on this cable has an IP address, or answers with the card's own address.",
	"IPv4":                  "The envelope for the whole way: which computer sends, which is to get it, over however many cables.",
	"IPv6":                  "The envelope for the whole way, with addresses of 16 octets.",
	"TCP":                   "Makes a stream of octets out of packets that may be lost or overtake each other: ports name the programs, numbers the octets.",
	"UDP":                   "Adds but the programs' ports, a length and a checksum: one question, one answer, nothing is sent again by itself.",
	"ICMP":                  "The network's own messages: echo, and errors about other packets.",
	"ICMPv6":                "The network's own messages for IPv6: errors, and finding neighbours.",
	"Payload":               "What the headers before it carry: it belongs to the programs at the two ends.",
	"Padding":               "Fills a short frame up. It means nothing.",
	"DNS":                   "One message to or from a name server: a header, the question, and three lists of records.",
	"Fragment":              "This packet is a piece of one that did not fit.",
	"Hop-by-Hop Options":    "Options that each router on the way looks at.",
	"Destination Options":   "Options for the computer that gets the packet.",
	"Routing":               "Places that the packet is to pass on its way.",
	"Authentication Header": "Shows that the packet was not changed on its way.",
}

// fieldMeanings are by field, or by layer and field.
var fieldMeanings = map[string]string{
	"Ethernet/Destination Address": "The card that is to take the frame; all ones is everybody on the cable.",
	"Ethernet/Source Address":      "The card that sent the frame on this cable.",
	"EtherType":                    "What the frame carries: 0x0800 is IPv4, 0x0806 ARP, 0x86dd IPv6. RFC 894.",

	"Hardware Type":           "What kind of network this is; 1 is Ethernet. RFC 826.",
	"Protocol Type":           "What kind of address is asked for; 0x0800 is IPv4. RFC 826.",
	"Hardware Address Length": "Octets of a card's address; 6 for Ethernet. RFC 826.",
	"Protocol Address Length": "Octets of a network address; 4 for IPv4. RFC 826.",
	"Operation":               "1 asks, 2 answers. RFC 826.",
	"Sender Hardware Address": "The card of the one that speaks. RFC 826.",
	"Sender Protocol Address": "The IP address of the one that speaks. RFC 826.",
	"Target Hardware Address": "The card that is looked for; nothing in a question. RFC 826.",
	"Target Protocol Address": "The IP address that is asked for. RFC 826.",

	"Version":             "Which IP this is: 4 or 6.",
	"IHL":                 "Length of this header in units of 4 octets. RFC 791 §3.1.",
	"Type of Service":     "How urgently routers are to treat the packet. RFC 2474 §3.",
	"Traffic Class":       "How urgently routers are to treat the packet. RFC 2474 §3.",
	"DSCP":                "The class of service that is asked for. RFC 2474 §3.",
	"ECN":                 "Lets a router say that it is congested without dropping anything. RFC 3168 §5.",
	"Total Length":        "Octets of the whole packet, this header included. RFC 791 §3.1.",
	"Identification":      "Tells which fragments belong together. RFC 791 §3.1.",
	"IPv4/Flags":          "Whether the packet may be cut up, and whether more pieces follow. RFC 791 §3.1.",
	"DF":                  "Do not fragment: who cannot pass the packet on whole is to say so. RFC 1191 §3.",
	"MF":                  "More fragments follow this one. RFC 791 §3.1.",
	"Fragment Offset":     "Where this fragment belongs in its packet, in units of 8 octets. RFC 791 §3.1.",
	"Time to Live":        "Each router takes one off; at 0 the packet is thrown away, so that none goes round for ever. RFC 791 §3.2.",
	"Hop Limit":           "Each router takes one off; at 0 the packet is thrown away. RFC 8200 §3.",
	"Protocol":            "What the packet carries: 6 is TCP, 17 UDP, 1 ICMP. RFC 791 §3.1.",
	"Next Header":         "What comes behind this header: 6 is TCP, 17 UDP, 58 ICMPv6. RFC 8200 §3.",
	"Header Checksum":     "A sum over this header; each router makes it anew, since the time to live has changed. RFC 791 §3.1, RFC 1071 §1.",
	"Source Address":      "The computer that the packet comes from, over the whole way.",
	"Destination Address": "The computer that the packet is for, over the whole way.",
	"Flow Label":          "The same for all packets that belong together. RFC 8200 §3.",
	"Payload Length":      "Octets behind this header. RFC 8200 §3.",

	"Source Port":           "Which program of the sender speaks; a client's is drawn for each connection.",
	"Destination Port":      "Which program is meant: 25 takes mail from servers, 587 from people, 53 answers for names.",
	"TCP/Sequence Number":   "The number of this segment's first octet in the stream; it starts at a drawn number, so that old segments are not taken for new. RFC 9293 §3.4.",
	"Acknowledgment Number": "The next octet that is expected: all before it has arrived. RFC 9293 §3.4.",
	"Data Offset":           "Length of this header in units of 4 octets. RFC 9293 §3.1.",
	"TCP/Reserved":          "Kept for later, 0 today. RFC 9293 §3.1.",
	"Control Bits":          "What the segment does: SYN opens, ACK acknowledges, PSH hands over at once, FIN ends, RST breaks off. RFC 9293 §3.1.",
	"CWR":                   "The sender has slowed down, as it was asked. RFC 3168 §6.1.",
	"ECE":                   "The network has said that it is congested. RFC 3168 §6.1.",
	"URG":                   "The urgent pointer counts; hardly anything uses it. RFC 9293 §3.1.",
	"ACK":                   "The acknowledgment number counts: in all segments but the first. RFC 9293 §3.1.",
	"PSH":                   "The receiver is to hand the octets to the program at once. RFC 9293 §3.1.",
	"RST":                   "The connection is broken off. RFC 9293 §3.5.2.",
	"SYN":                   "Opens a direction of the connection, and says where its numbers begin. RFC 9293 §3.5.",
	"FIN":                   "This end has nothing more to say. RFC 9293 §3.6.",
	"Window":                "How many octets the sender of this segment has room for, unscaled in a SYN. RFC 9293 §3.8.6.",
	"Checksum":              "A sum over the message and the addresses: a receiver throws away what does not fit it. RFC 1071 §1.",
	"Urgent Pointer":        "Where urgent octets end, if URG is set. RFC 9293 §3.1.",
	"Maximum Segment Size":  "The largest segment that this end wants to get. RFC 9293 §3.7.1.",
	"Window Scale":          "By how many bits later windows of this end are shifted, for one of 64 KiB is too small for long lines. RFC 7323 §2.2.",
	"SACK-Permitted":        "This end understands acknowledgments with gaps. RFC 2018 §3.",
	"SACK":                  "Pieces that have arrived beyond a gap: they need not be sent again. RFC 2018 §3.",
	"Left Edge of Block":    "The first octet of a piece that has arrived. RFC 2018 §3.",
	"Right Edge of Block":   "The octet behind a piece that has arrived. RFC 2018 §3.",
	"No-Operation":          "Fills up, so that the next option begins at a multiple of 4. RFC 9293 §3.2.",
	"Timestamps":            "The sender's clock, and the other end's clock sent back: it measures the way there and back.",
	"TSval":                 "The sender's clock.",
	"TSecr":                 "The other end's clock, as it stood in its last segment.",
	"UDP/Length":            "Octets of header and data. RFC 768.",

	"Type":                     "What the message says. RFC 792.",
	"Code":                     "Says more of the type. RFC 792.",
	"ICMPv6/Type":              "What the message says; up to 127 it is an error. RFC 4443 §2.1.",
	"ICMPv6/Code":              "Says more of the type. RFC 4443 §2.1.",
	"Identifier":               "Ties an echo to its question.",
	"Sequence Number":          "Counts the questions of one asker.",
	"Next-Hop MTU":             "The largest packet that the next link can take. RFC 1191 §4.",
	"ICMPv6/MTU":               "The largest packet that the next link can take. RFC 4443 §3.2.",
	"Target Address":           "The address that is asked for. RFC 4861 §4.3.",
	"Pointer":                  "The octet that could not be understood.",
	"Router Lifetime":          "How long the router may be used as the way out. RFC 4861 §4.2.",
	"Nonce":                    "A number that tells one's own question from another's.",
	"unused":                   "Is 0. RFC 792.",
	"Gateway Internet Address": "The router to use instead. RFC 792.",

	"DNS/ID":       "Drawn by who asks, repeated in the answer, so that it finds its question. RFC 1035 §4.1.1.",
	"DNS/Flags":    "Query or response, and how it is meant. RFC 1035 §4.1.1.",
	"DNS/QR":       "0 asks, 1 answers. RFC 1035 §4.1.1.",
	"DNS/OPCODE":   "0 is an ordinary question. RFC 1035 §4.1.1.",
	"DNS/AA":       "Authoritative answer: the server has the zone itself, and not from hearsay. RFC 1035 §4.1.1.",
	"DNS/TC":       "Truncated: not all fits in a datagram, ask again with TCP. RFC 2181 §9.",
	"DNS/RD":       "Recursion desired: find it for me, do not just refer me. RFC 1035 §4.1.1.",
	"DNS/RA":       "Recursion available: this server finds things for others. RFC 1035 §4.1.1.",
	"DNS/Z":        "Kept for later. RFC 1035 §4.1.1.",
	"DNS/RCODE":    "0 is fine, 2 the server could not, 3 there is no such name, 5 it will not. RFC 1035 §4.1.1.",
	"DNS/QDCOUNT":  "How many questions follow: always 1 in practice. RFC 1035 §4.1.1.",
	"DNS/ANCOUNT":  "How many records answer the question. RFC 1035 §4.1.1.",
	"DNS/NSCOUNT":  "How many records name servers that know more. RFC 1035 §4.1.1.",
	"DNS/ARCOUNT":  "How many records are added unasked, such as those servers' addresses (glue). RFC 1035 §4.1.1.",
	"DNS/Question": "What is asked. RFC 1035 §4.1.2.",
	"DNS/QNAME":    "The name asked for, label by label, each with its length before it. RFC 1035 §4.1.2.",
	"DNS/QTYPE":    "What is wanted of the name: an address (A), who takes its mail (MX), its name servers (NS). RFC 1035 §4.1.2.",
	"DNS/QCLASS":   "IN is the Internet. RFC 1035 §4.1.2.",

	"DNS/Answer":     "A record that answers the question. RFC 1035 §4.1.3.",
	"DNS/Authority":  "A record that names a server which knows more, or says how long there is nothing. RFC 1035 §4.1.3.",
	"DNS/Additional": "A record that saves a question: the address of a server named above (glue). RFC 1034 §4.2.1.",
	"DNS/NAME":       "Whose record it is. A name that stands in the message already is but pointed to. RFC 1035 §4.1.4.",
	"DNS/TYPE":       "What the record tells of the name. RFC 1035 §4.1.3.",
	"DNS/CLASS":      "IN is the Internet. RFC 1035 §4.1.3.",
	"DNS/TTL":        "How many seconds who hears it may keep it. RFC 2181 §8.",
	"DNS/RDLENGTH":   "Octets of what follows. RFC 1035 §4.1.3.",
	"DNS/RDATA":      "What the record says. RFC 1035 §4.1.3.",
	"DNS/Rest":       "What could not be understood as DNS.",
}
