package main

import (
	"fmt"
	"strings"

	"mailwalk/scenarios"
	"mailwalk/sim/doors"
)

// doorTable lists the open doors, each with a command that can be typed as it is.
func doorTable(sc *scenarios.Scenario, open []doors.Open) string {
	var b strings.Builder
	b.WriteString("Doors into the walk, on this machine only. In another terminal:\n\n")
	for _, o := range open {
		fmt.Fprintf(&b, "  %-5d %s of %s\n        %s\n", o.At.Port(), serviceWords(o), o.Host, doors.Command(sc, o))
	}
	if s := mailPrograms(sc, open); s != "" {
		b.WriteString("\nWith a mail program such as Thunderbird, K-9 or mutt, set up by hand, without encryption, password \"normal\":\n\n" + s)
	}
	if sc.Policies.Cleartext != scenarios.Allowed {
		b.WriteString("\nThis walk refuses passwords over connections that are not encrypted.\n")
	}
	b.WriteString("\nCtrl-C ends it.\n\n")
	return b.String()
}

func serviceWords(o doors.Open) string {
	switch o.Service {
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
		for _, service := range []string{"imap", "pop3"} {
			if p := at(a.Host, service); p != "" {
				ways = append(ways, strings.ToUpper(service)+" "+p)
			}
		}
		if p := at(a.Host, "submission"); p != "" {
			ways = append(ways, "outgoing SMTP "+p)
		}
		if len(ways) > 0 {
			fmt.Fprintf(&b, "  %s, password %s: %s\n", a.Address, a.Password, strings.Join(ways, ", "))
		}
	}
	return b.String()
}
