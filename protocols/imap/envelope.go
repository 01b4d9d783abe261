package imap

// Envelope is what a header says of who wrote what to whom, in the form in which
// a server tells it. It is not the envelope of SMTP.
//
// RFC 9051 §2.3.5, §7.5.2
type Envelope struct {
	// Date, Subject, InReplyTo and MessageID are the header's own text; the empty
	// string also stands for a field that is absent.
	Date, Subject         string
	From, Sender, ReplyTo []Address
	To, Cc, Bcc           []Address
	InReplyTo, MessageID  string
}

// writeEnvelope writes the envelope of a header: ten members, in the order of
// RFC 9051 §7.5.2.
func writeEnvelope(e *encoder, fields []field) {
	from := addressesOf(fields, "From")
	// An absent or empty Sender or Reply-To is taken from From.
	orFrom := func(name string) []Address {
		if list := addressesOf(fields, name); len(list) > 0 {
			return list
		}
		return from
	}
	text := func(name string) {
		v, present := first(fields, name)
		e.nilOr(v, present)
	}
	e.raw("(")
	text("Date")
	e.sp()
	text("Subject")
	for _, list := range [][]Address{
		from, orFrom("Sender"), orFrom("Reply-To"),
		addressesOf(fields, "To"), addressesOf(fields, "Cc"), addressesOf(fields, "Bcc"),
	} {
		e.sp()
		writeAddresses(e, list)
	}
	e.sp()
	text("In-Reply-To")
	e.sp()
	text("Message-ID")
	e.raw(")")
}

func writeAddresses(e *encoder, list []Address) {
	if len(list) == 0 {
		e.raw("NIL")
		return
	}
	e.raw("(")
	for _, a := range list {
		e.raw("(").nilOr(a.Name, a.Name != "")
		e.sp().nilOr(a.Route, a.Route != "")
		e.sp().nilOr(a.Mailbox, a.Mark != GroupEnd)
		// A NIL host marks a group; a lone local part therefore gets an empty one.
		e.sp().nilOr(a.Host, a.Mark == NoGroup)
		e.raw(")")
	}
	e.raw(")")
}
