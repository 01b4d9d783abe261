package main

import (
	"fmt"
	"strings"

	"mailwalk/scenarios"
	"mailwalk/sim/doors"
)

// doorTable lists the open doors, each with a command that can be typed as it is.
// authority is the file that the certificate of the walk's authority was written to;
// empty for none.
func doorTable(sc *scenarios.Scenario, open []doors.Open, authority string) string {
	var b strings.Builder
	b.WriteString("Doors into the walk, on this machine only. In another terminal:\n\n")
	for _, o := range open {
		fmt.Fprintf(&b, "  %-5d %s of %s\n        %s\n", o.At.Port(), serviceWords(o), o.Host, doors.Command(sc, o))
	}
	how := "without encryption"
	if sc.SpeaksTLS() {
		how = "with the connection security that stands beside each"
	}
	if s := mailPrograms(sc, open); s != "" {
		b.WriteString("\nWith a mail program such as Thunderbird, K-9 or mutt, set up by hand, " + how + ", password \"normal\":\n\n" + s)
	}
	if sc.SpeaksTLS() {
		b.WriteString(trusting(sc, open, authority))
	}
	if sc.Policies.Cleartext != scenarios.Allowed {
		b.WriteString("\nThis walk refuses passwords over connections that are not encrypted.\n")
	}
	b.WriteString("\nCtrl-C ends it.\n\n")
	return b.String()
}

// trusting tells how a program comes to trust the walk's servers.
func trusting(sc *scenarios.Scenario, open []doors.Open, authority string) string {
	if authority == "" {
		return "\nThe programs above do not check the servers' certificates. For those that are to, --ca FILE writes the\n" +
			"certificate of the walk's own certification authority to a file.\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s has the certificate of the walk's certification authority. With it a program checks whom it talks to:\n\n", authority)
	told := map[string]bool{}
	for _, o := range open {
		program, _, _ := strings.Cut(doors.Checked(sc, o, authority), " ")
		if program == "" || told[program] {
			continue
		}
		told[program] = true
		fmt.Fprintf(&b, "        %s\n", doors.Checked(sc, o, authority))
	}
	return b.String()
}

func serviceWords(o doors.Open) string {
	switch o.Service {
	case "submissions":
		return "submission over TLS (SMTP of one's own provider)"
	case "pop3s", "imaps":
		return strings.ToUpper(strings.TrimSuffix(o.Service, "s")) + " over TLS"
	case "domain":
		return "DNS over " + strings.ToUpper(o.Network)
	case "submission":
		return "submission (SMTP of one's own provider)"
	}
	return strings.ToUpper(o.Service)
}

// mailPrograms are the settings of each account that can be read from outside.
func mailPrograms(sc *scenarios.Scenario, open []doors.Open) string {
	at := func(host, service string) string {
		for _, o := range open {
			if o.Host == host && o.Service == service {
				return o.At.String()
			}
		}
		return ""
	}
	var b strings.Builder
	for _, a := range sc.Accounts {
		var ways []string
		add := func(name, service, security string) {
			if p := at(a.Host, service); p != "" {
				if sc.SpeaksTLS() {
					p += " (" + security + ")"
				}
				ways = append(ways, name+" "+p)
			}
		}
		upgraded := "none"
		if h := sc.Host(a.Host); h != nil && h.TLS != nil {
			upgraded = "STARTTLS"
		}
		add("IMAP", "imap", upgraded)
		add("IMAP", "imaps", "TLS")
		add("POP3", "pop3", upgraded)
		add("POP3", "pop3s", "TLS")
		add("outgoing SMTP", "submission", upgraded)
		add("outgoing SMTP", "submissions", "TLS")
		if len(ways) > 0 {
			fmt.Fprintf(&b, "  %s, password %s: %s\n", a.Address, a.Password, strings.Join(ways, ", "))
		}
	}
	return b.String()
}
