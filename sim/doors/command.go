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
			return fmt.Sprintf("swaks --server %s%s --from visitor@example.test --to %s", at, starts(h, " --tls"), a.Address)
		}
		return fmt.Sprintf("swaks --server %s%s --quit-after EHLO", at, starts(h, " --tls")) // it takes no mail from strangers
	case "submission", "submissions":
		a := served(sc, h)
		tls := starts(h, " --tls")
		if o.Service == "submissions" {
			tls = " --tls-on-connect"
		}
		return fmt.Sprintf("swaks --server %s%s --auth PLAIN --auth-user %s --auth-password %s --from %s --to %s", at, tls, a.Address, quoted(a.Password), a.Address, another(sc, a).Address)
	case "pop3", "imap":
		return fmt.Sprintf("curl%s --user %s", starts(h, " --ssl-reqd --insecure"), mailbox(sc, h, o, at))
	case "pop3s", "imaps":
		return fmt.Sprintf("curl --insecure --user %s", mailbox(sc, h, o, at))
	}
	return "telnet " + strings.ReplaceAll(at, ":", " ")
}

// starts is what has a program begin TLS at a server in clear, where that speaks it.
func starts(h *scenarios.Host, option string) string {
	if h.TLS == nil {
		return ""
	}
	return option
}

// mailbox is somebody's mailbox at a server, as curl takes it: the user, then the place.
func mailbox(sc *scenarios.Scenario, h *scenarios.Host, o Open, at string) string {
	a := served(sc, h)
	path := ""
	if strings.HasPrefix(o.Service, "imap") {
		path = "INBOX"
	}
	return fmt.Sprintf("%s %s://%s/%s", quoted(a.Address+":"+a.Password), o.Service, at, path)
}

// Checked is a command line with which one can come to a door at which TLS begins, by
// the server's name, and have its certificate checked; authority is a file with that of
// the walk's authority. It is empty for a door without TLS.
func Checked(sc *scenarios.Scenario, o Open, authority string) string {
	h := sc.Host(o.Host)
	if h == nil || h.TLS == nil {
		return ""
	}
	authority = quoted(authority)
	switch o.Service {
	case "smtp", "submission":
		return fmt.Sprintf("openssl s_client -connect %s -starttls smtp -servername %s -verify_hostname %s -CAfile %s", o.At, o.Host, o.Host, authority)
	case "submissions":
		return fmt.Sprintf("openssl s_client -connect %s -servername %s -verify_hostname %s -CAfile %s", o.At, o.Host, o.Host, authority)
	case "pop3", "imap", "pop3s", "imaps":
		named := fmt.Sprintf("%s:%d", o.Host, o.At.Port())
		option := ""
		if !strings.HasSuffix(o.Service, "s") {
			option = " --ssl-reqd"
		}
		return fmt.Sprintf("curl%s --cacert %s --resolve %s:%s --user %s", option, authority, named, o.At.Addr(), mailbox(sc, h, o, named))
	}
	return ""
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
