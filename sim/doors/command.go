package doors

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"mailwalk/scenarios"
)

// Command is a command line with which one can come to a door at once.
func Command(sc *scenarios.Scenario, o Open) string {
	h := sc.Host(o.Host)
	at := o.At.String()
	switch o.Service {
	case "domain":
		tcp := map[string]string{"udp": "", "tcp": " +tcp"}[o.Network]
		name, typ := question(sc, h)
		return fmt.Sprintf("dig @%s -p %d%s %s %s", o.At.Addr(), o.At.Port(), tcp, name, typ)
	case "smtp":
		if a := served(sc, h); serves(h, a) > 0 {
			return fmt.Sprintf("swaks --server %s --from visitor@example.test --to %s", at, a.Address)
		}
		return fmt.Sprintf("swaks --server %s --quit-after EHLO", at) // it takes no mail from strangers
	case "submission":
		a := served(sc, h)
		return fmt.Sprintf("swaks --server %s --auth PLAIN --auth-user %s --auth-password %s --from %s --to %s", at, a.Address, quoted(a.Password), a.Address, another(sc, a).Address)
	case "pop3", "imap":
		a := served(sc, h)
		path := map[string]string{"pop3": "", "imap": "INBOX"}[o.Service]
		return fmt.Sprintf("curl --user %s %s://%s/%s", quoted(a.Address+":"+a.Password), o.Service, at, path)
	}
	return "telnet " + strings.ReplaceAll(at, ":", " ")
}

// question is one that a name server can answer: the first of its zones', or of a
// domain that has mail.
func question(sc *scenarios.Scenario, h *scenarios.Host) (name, typ string) {
	domain := func(a *scenarios.Account) string {
		_, d, _ := strings.Cut(a.Address, "@")
		return d
	}
	if h.Runs.DNS != nil {
		zone := strings.TrimSuffix(h.Runs.DNS.Zones[0], ".")
		for _, a := range sc.Accounts {
			if domain(a) == zone {
				return zone, "MX"
			}
		}
		return zone + ".", "NS"
	}
	if len(sc.Accounts) > 0 {
		return domain(sc.Accounts[len(sc.Accounts)-1]), "MX"
	}
	return ".", "NS"
}

// nobody stands in a command where a walk has no accounts.
var nobody = &scenarios.Account{Address: "somebody@example.test", Password: "secret"}

// served is somebody whose mailbox a host keeps, or whose domain it relays for, or
// else anybody.
func served(sc *scenarios.Scenario, h *scenarios.Host) *scenarios.Account {
	if len(sc.Accounts) == 0 {
		return nobody
	}
	return slices.MaxFunc(sc.Accounts, func(a, b *scenarios.Account) int { return cmp.Compare(serves(h, a), serves(h, b)) })
}

// serves is 2 if a host keeps somebody's mailbox, 1 if it takes mail for the
// domain, else 0.
func serves(h *scenarios.Host, a *scenarios.Account) int {
	_, domain, _ := strings.Cut(a.Address, "@")
	m := h.Runs.MTA
	switch {
	case a.Host == h.Name:
		return 2
	case m != nil && slices.ContainsFunc(slices.Concat(m.Domains, m.RelayDomains), func(d string) bool { return strings.EqualFold(d, domain) }):
		return 1
	}
	return 0
}

// another is somebody else, elsewhere if there is one.
func another(sc *scenarios.Scenario, a *scenarios.Account) *scenarios.Account {
	best := a
	for _, b := range sc.Accounts {
		switch {
		case b.Host != a.Host:
			return b
		case b != a:
			best = b
		}
	}
	return best
}

// quoted is a word as a shell of Unix takes it.
func quoted(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@%+=:,./-_", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
