package message_test

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"mailwalk/protocols/message"
)

// A mail is composed, gets a stamp from the server that takes it, and is
// compared with what was sent.
func Example() {
	from := message.Address{Name: "Jürgen", Local: "juergen", Domain: "acme.test"}
	to := message.Address{Local: "bob", Domain: "example.test"}
	now := time.Date(2024, 3, 5, 9, 30, 0, 0, time.UTC)
	sent, err := message.Compose(message.Draft{
		From: []message.Address{from}, To: []message.Address{to},
		Subject: "Hello", Text: "Grüße!\n", Date: now,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	stamp, err := message.Received{
		FromHELO: "laptop.acme.test", FromIP: netip.MustParseAddr("192.0.2.1"), By: "mail.acme.test",
		With: message.Transmission(true, false, true, false), ID: "1", For: to.Mailbox(), Date: now,
	}.Field()
	if err != nil {
		fmt.Println(err)
		return
	}
	arrived := message.Prepend(sent, stamp)
	added, same := message.AddedOnTheWay(sent, arrived)
	fmt.Println(len(added), same)
	text, _, err := message.Structure(arrived).ForShow()
	fmt.Print(text, err, "\n")
	fmt.Print(strings.ReplaceAll(string(stamp), "\r\n", "\n"))
	// Output:
	// 1 true
	// Grüße!
	// <nil>
	// Received: from laptop.acme.test ([192.0.2.1])
	// 	by mail.acme.test with ESMTPA id 1
	// 	for <bob@example.test>; Tue, 5 Mar 2024 09:30:00 +0000
}
