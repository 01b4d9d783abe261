package sim

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/trace"
)

// letterCopy is a mail for one recipient.
type letterCopy struct{ mail, to string }

// books are what a trace says of each copy.
type books struct {
	domains  int
	trace    *trace.Trace
	taken    []letterCopy // by a server, each once, in order
	known    map[letterCopy]bool
	arrived  []letterCopy // in mailboxes, each once, in order
	stored   map[letterCopy]int
	told     map[letterCopy]bool // its sender; or nobody is to be told
	meant    map[letterCopy]bool
	senders  map[string]string  // of mails
	byID     map[string]string  // mails by Message-ID
	reports  map[string]*notice // mails with the null reverse-path
	order    []string           // of the reports
	isReport map[string]bool    // by Message-ID
	misled   []string           // what has come to the wrong people
	handings []*handing
	live     map[string]*handing // by connection
	rcpts    map[string][]string // of the transaction, by connection
}

// notice is a report on copies that cannot be delivered.
type notice struct {
	about []letterCopy
	come  bool // it has arrived
	over  bool // it has, or could not be delivered itself
}

// handing is a mail's way from one server to the next, once its content was sent.
type handing struct {
	mail, host, queue string
	to                []string
	heard             bool // a yes
	settled           bool // the yes is noted on the disk of who has sent it, or a no was heard
}

func keepBooks(tr *trace.Trace, domains int) *books {
	k := &books{
		domains: domains, trace: tr,
		known: map[letterCopy]bool{}, stored: map[letterCopy]int{}, told: map[letterCopy]bool{}, meant: map[letterCopy]bool{},
		senders: map[string]string{}, byID: map[string]string{}, reports: map[string]*notice{}, isReport: map[string]bool{},
		live: map[string]*handing{}, rcpts: map[string][]string{},
	}
	for e := range tr.All() {
		switch b := e.Body.(type) {
		case *trace.MailBody:
			k.mail(e, b)
		case *trace.LineBody:
			if b.Service == "smtp" {
				k.line(e, b)
			}
		case *trace.StateBody:
			k.state(e, b)
		case *trace.DecisionBody:
			if r := k.reports[e.Mail]; r != nil && e.What == trace.NoReport && b.Choice == "drop" {
				k.settle(r)
			}
		}
	}
	return k
}

func (k *books) mail(e *trace.Event, b *trace.MailBody) {
	switch e.What {
	case trace.Composed:
		if b.ReversePath == "" {
			k.reports[e.Mail] = k.notice(b)
			k.isReport[b.MessageID] = true
			k.order = append(k.order, e.Mail)
			break
		}
		k.senders[e.Mail], k.byID[b.MessageID] = b.ReversePath, e.Mail
	case trace.Undeliverable: // the postmaster is told of the report, and that is all
		if r := k.reports[e.Mail]; r != nil {
			k.settle(r)
		}
	case trace.Stored:
		to, _, _ := strings.Cut(b.Mailbox, "/")
		c := letterCopy{e.Mail, to}
		if k.stored[c]++; k.stored[c] == 1 {
			k.arrived = append(k.arrived, c)
		}
		if r := k.reports[e.Mail]; r != nil {
			for _, about := range r.about {
				if k.senders[about.mail] != to {
					k.misled = append(k.misled, fmt.Sprintf("a report on mail %s came to %s, and its sender is %s", about.mail, to, k.senders[about.mail]))
				}
			}
			r.come = true
			k.settle(r)
		}
	}
	for _, to := range b.Recipients {
		c := letterCopy{e.Mail, to}
		switch e.What {
		case trace.Composed:
			k.mean(c)
		case trace.Accept:
			if k.meant[c] && !k.known[c] && k.reports[e.Mail] == nil {
				k.known[c] = true
				k.taken = append(k.taken, c)
			}
		case trace.Relayed: // from there on it counts by what it stands for
			k.told[c] = k.told[c] || strings.HasPrefix(to, "both@")
		}
	}
}

func (k *books) settle(r *notice) {
	r.over = true
	for _, c := range r.about {
		k.told[c] = true
	}
}

var (
	finalRecipient = regexp.MustCompile(`(?im)^Final-Recipient: *rfc822; *(\S+)\r?\n(?:.+\r?\n)*?Action: *failed`)
	anyMessageID   = regexp.MustCompile(`(?im)^Message-ID: *(\S+)`)
)

// notice reads a report.
func (k *books) notice(b *trace.MailBody) *notice {
	text, _ := k.trace.Bodies.Get(b.Content.ID)
	var n notice
	for _, id := range anyMessageID.FindAllSubmatch(text, -1) {
		if k.isReport[string(id[1])] {
			return &notice{} // it tells a postmaster of a report
		}
		mail, ok := k.byID[string(id[1])]
		if !ok {
			continue // its own
		}
		for _, to := range finalRecipient.FindAllSubmatch(text, -1) {
			n.about = append(n.about, letterCopy{mail, string(to[1])})
		}
	}
	return &n
}

// mean notes to whom a copy may come: to its recipient, and to those for whom that
// address stands.
func (k *books) mean(c letterCopy) {
	for _, to := range k.means(c.to) {
		k.meant[letterCopy{c.mail, to}] = true
	}
}

// means are an address and those for which it stands.
func (k *books) means(address string) []string {
	for i := range k.domains {
		if address == fmt.Sprintf("both@d%d.test", i) {
			return []string{address, fmt.Sprintf("user@d%d.test", i), fmt.Sprintf("user@d%d.test", (i+1)%k.domains)}
		}
	}
	return []string{address}
}

// line follows the transactions between servers at the client's end.
func (k *books) line(e *trace.Event, b *trace.LineBody) {
	switch {
	case e.What == trace.Sent && b.Verb == "MAIL" && b.Role == dialog.Command:
		k.rcpts[e.Conn] = nil
		delete(k.live, e.Conn)
	case e.What == trace.Sent && b.Verb == "RCPT" && b.Role == dialog.Command:
		_, to, _ := strings.Cut(b.Text, "<")
		to, _, _ = strings.Cut(to, ">")
		k.rcpts[e.Conn] = append(k.rcpts[e.Conn], k.means(to)...)
	case e.What == trace.Sent && b.Role == dialog.Body:
		h := &handing{mail: e.Mail, host: e.Host, queue: e.Queue, to: k.rcpts[e.Conn]}
		k.live[e.Conn] = h
		k.handings = append(k.handings, h)
	case e.What == trace.Received && b.FromServer && b.Role == dialog.Reply && (b.Verb == "DATA" || b.Verb == "BDAT"):
		h := k.live[e.Conn]
		switch {
		case h == nil || h.host != e.Host:
		case strings.HasPrefix(b.Code, "2"):
			h.heard = true
		case b.Code != "354" && b.Code != "421": // with 421 the server says that it goes, and not what it has done
			h.settled = true
		}
	}
}

func (k *books) state(e *trace.Event, b *trace.StateBody) {
	switch {
	case e.What == trace.DiskState && b.After == trace.FileSynced:
		for _, h := range k.handings {
			if h.heard && h.host == e.Host && b.Name == "queue/"+h.queue+".json" {
				h.settled = true
			}
		}
	case e.What == trace.HostState && b.After == "down":
		for _, h := range k.handings {
			if h.host == b.Name {
				h.heard = false // what it has heard and not noted is forgotten
			}
		}
	}
}

// judge says what is wrong.
func (k *books) judge() (sum tally, wrong []breach) {
	broken := map[letterCopy]int{}
	for _, h := range k.handings {
		if h.settled {
			continue
		}
		sum.broken++
		for _, to := range h.to {
			broken[letterCopy{h.mail, to}]++
		}
	}
	for _, c := range k.taken {
		sum.taken++
		switch {
		case k.stored[c] > 0:
			sum.delivered++
		case k.told[c]:
			sum.told++
		default:
			wrong = append(wrong, breach{
				fmt.Sprintf("lost: mail %s to %s was taken, and neither delivered nor reported", c.mail, c.to),
				fmt.Sprintf("  - {says: mail %s comes to %s, happens: mail.stored mail=%s mailbox~%s}\n", c.mail, c.to, c.mail, c.to),
			})
		}
	}
	for _, c := range k.arrived {
		n := k.stored[c]
		if n > 1 {
			sum.twice++
		}
		if most := 1 + broken[c]; n > most {
			wrong = append(wrong, breach{
				fmt.Sprintf("twice: mail %s came to %s %d times, and %d handovers were broken at their end", c.mail, c.to, n, most-1),
				fmt.Sprintf("  - {says: mail %s comes to %s no more often than it must, happens: mail.stored mail=%s mailbox~%s, at-most: %d}\n", c.mail, c.to, c.mail, c.to, most),
			})
		}
		if !k.meant[c] {
			wrong = append(wrong, breach{
				fmt.Sprintf("phantom: mail %s came to %s, to whom nobody has sent it", c.mail, c.to),
				fmt.Sprintf("  - {says: mail %s does not come to %s, never: mail.stored mail=%s mailbox~%s}\n", c.mail, c.to, c.mail, c.to),
			})
		}
	}
	reports := map[letterCopy]int{}
	for _, id := range k.order {
		for _, c := range k.reports[id].about {
			if !k.reports[id].come {
				continue
			}
			if reports[c]++; reports[c] == 2+broken[c] {
				wrong = append(wrong, breach{what: fmt.Sprintf("told twice: the sender of mail %s got %d reports that it could not be delivered to %s", c.mail, reports[c], c.to)})
			}
		}
	}
	for _, what := range k.misled {
		wrong = append(wrong, breach{what: what})
	}
	for _, id := range k.order {
		if r := k.reports[id]; !r.over && slices.ContainsFunc(r.about, func(c letterCopy) bool { return !k.told[c] && k.stored[c] == 0 }) {
			wrong = append(wrong, breach{
				fmt.Sprintf("lost: report %s neither came to the sender nor was given up", id),
				fmt.Sprintf("  - {says: report %s comes, happens: mail.stored mail=%s}\n", id, id),
			})
		}
	}
	return sum, wrong
}
