package scenarios

import (
	"net/netip"
	"slices"
	"strings"
)

// programs checks what runs on each host.
func (c *checker) programs() {
	for _, h := range c.s.Hosts {
		field := join("hosts", h.Name)
		runs := field + ".runs"
		c.tls(field, h)
		if h.Resolver != "" {
			c.asks(field+".resolver", h)
		}
		if h.Runs.DNS != nil {
			c.nameServer(runs+".dns", h)
		}
		if h.Runs.MTA != nil {
			c.mta(runs+".mta", h)
		}
		if h.Runs.Mailboxes != nil {
			c.mailboxes(runs+".mailboxes", h)
		}
	}
	// Hints come last: by now the zones of all name servers have their full
	// names.
	for _, h := range c.s.Hosts {
		if h.Runs.Resolver != nil {
			c.resolver(join("hosts", h.Name)+".runs.resolver", h)
		}
	}
}

// asks checks the resolver that a host's programs ask.
func (c *checker) asks(field string, h *Host) {
	r := c.host(field, h.Resolver)
	switch {
	case r == nil:
	case r.Runs.Resolver == nil:
		c.fail(field, "name a host with runs: {resolver: yes}", "no resolver runs on %s", r.Name)
	default:
		c.reaches(field, h, r)
	}
}

func (c *checker) nameServer(field string, h *Host) {
	for i, name := range h.Runs.DNS.Zones {
		abs := absolute(name)
		h.Runs.DNS.Zones[i] = abs
		switch {
		case !slices.ContainsFunc(c.s.Zones, func(z *Zone) bool { return absolute(z.Name) == abs }):
			c.fail(field+".zones", meant(name, keys(c.s.Zones)), "there is no zone %s", name)
		case slices.Contains(h.Runs.DNS.Zones[:i], abs):
			c.fail(field+".zones", "leave one out", "%s stands here twice", name)
		}
	}
}

// absolute is a zone's name in small letters with a dot at its end.
func absolute(name string) string {
	name = strings.ToLower(name)
	if !strings.HasSuffix(name, ".") {
		name += "."
	}
	return name
}

func (c *checker) resolver(field string, h *Host) {
	r := h.Runs.Resolver
	var serve []string
	for _, o := range c.s.Hosts {
		if o.Runs.DNS != nil && slices.Contains(o.Runs.DNS.Zones, ".") {
			serve = append(serve, o.Name)
		}
	}
	if !c.given(field + ".roots") {
		r.Roots = serve
		if len(serve) == 0 {
			c.fail(field, `give a host runs: {dns: {zones: ["."]}}`, "the resolver has no root to begin at: no host serves the root zone")
		}
	}
	for _, name := range r.Roots {
		if root := c.host(field+".roots", name); root != nil {
			c.reaches(field+".roots", h, root)
		}
	}
}

func (c *checker) mta(field string, h *Host) {
	m := h.Runs.MTA
	if m.Hostname == "" {
		m.Hostname = h.Name
	}
	hostnameField := field
	if c.given(field + ".hostname") {
		hostnameField = field + ".hostname"
	}
	if !strings.Contains(m.Hostname, ".") {
		c.fail(hostnameField, "write hostname: as in mail.acme.test", "%q is no full domain name for a mail server to greet with", m.Hostname)
	} else {
		c.domain(hostnameField, m.Hostname)
	}
	if h.Resolver == "" {
		c.fail(join("hosts", h.Name), "write resolver: and a host that runs one", "the mail server cannot look anything up: the host has no resolver")
	}
	if !m.SMTP && !m.Submission && !m.Submissions {
		c.fail(field, "write submission: yes, or leave smtp: no out", "the mail server listens nowhere")
	}
	if m.Size <= 0 {
		c.fail(field+".size", "write a size as in 25MB", "a largest mail of no octets lets none through")
	}
	if len(m.Domains) > 0 && h.Runs.Mailboxes == nil {
		c.fail(field+".domains", "write mailboxes: yes beside mta, or relay-domains with transport", "mail for %s ends at %s, which has no mailboxes", m.Domains[0], h.Name)
	}
	for _, d := range m.Domains {
		if c.mailDomain(field+".domains", d) {
			c.finalOnce(field+".domains", h, d)
		}
	}
	for _, d := range m.RelayDomains {
		c.mailDomain(field+".relay-domains", d)
		switch {
		case slices.Contains(m.Domains, d):
			c.fail(field+".relay-domains", "leave it out of one", "%s stands in domains too: its mail either ends here or goes on", d)
		case find(m.Transport, d) == nil:
			c.fail(field+".relay-domains", "write transport: {"+d+": …} with the next host", "nothing says where mail for %s goes from here", d)
		}
	}
	for _, r := range m.Transport {
		c.mailDomain(join(field+".transport", r.Domain), r.Domain)
		c.nextHop(join(field+".transport", r.Domain), h, r.Host)
		if slices.Contains(m.Domains, r.Domain) {
			c.fail(join(field+".transport", r.Domain), "leave it out of one", "%s stands in domains too: its mail ends here", r.Domain)
		}
	}
	if m.Smarthost != "" {
		c.nextHop(field+".smarthost", h, m.Smarthost)
	}
	c.policies(field, h, m)
	c.auth(field, h, m)
	c.extensions(field, m)
	for _, t := range m.Trusts {
		m.Trusted = append(m.Trusted, c.trusted(field+".trusts", t)...)
	}
}

// finalOnce checks that mail for a domain ends at one host.
func (c *checker) finalOnce(field string, h *Host, domain string) {
	for _, o := range c.s.Hosts {
		if o == h {
			return
		}
		if o.Runs.MTA != nil && slices.Contains(o.Runs.MTA.Domains, domain) {
			c.fail(field, "keep it in one of them, and put it under relay-domains of the other", "mail for %s ends at %s already", domain, o.Name)
		}
	}
}

func (c *checker) nextHop(field string, from *Host, name string) {
	to := c.host(field, name)
	switch {
	case to == nil:
	case to == from:
		c.fail(field, "name another host", "%s would hand mail to itself", from.Name)
	case to.Runs.MTA == nil || !to.Runs.MTA.SMTP:
		c.fail(field, "name a host whose mail server does", "no mail server on %s listens on port 25", name)
	case !strings.Contains(name, "."):
		c.fail(field, "give the host the name under which it stands in the DNS", "%s cannot be looked up: it is no domain name", name)
	default:
		c.reaches(field, from, to)
	}
}

// trusted is what a host or an address range comes to as ranges.
func (c *checker) trusted(field, text string) []netip.Prefix {
	if h := c.s.Host(text); h != nil {
		var all []netip.Prefix
		for _, a := range h.Addresses {
			all = append(all, netip.PrefixFrom(a, a.BitLen()))
		}
		return all
	}
	var p netip.Prefix
	if !strings.Contains(text, "/") {
		c.fail(field, meant(text, keys(c.s.Hosts)), "%s is neither a host nor an address range", text)
		return nil
	}
	if w := setPrefix(&p, text); w != nil {
		c.fail(field, w.remedy, "%s", w.text)
		return nil
	}
	return []netip.Prefix{p}
}

func (c *checker) mailboxes(field string, h *Host) {
	if h.Runs.MTA == nil || len(h.Runs.MTA.Domains) == 0 {
		c.fail(field, "write mta: {domains: […]} beside it", "no mail can get into these mailboxes: no mail server on %s has a domain of its own", h.Name)
	}
	if m := h.Runs.Mailboxes; !m.POP3 && !m.IMAP && !m.POP3S && !m.IMAPS {
		c.fail(field, "leave pop3 or imap on", "nobody can read what is in these mailboxes")
	}
}

// mailServers checks what needs people and accounts to be known.
func (c *checker) mailServers() {
	for _, h := range c.s.Hosts {
		if h.Runs.MTA == nil {
			continue
		}
		for _, d := range h.Runs.MTA.RelayDomains {
			if !slices.ContainsFunc(c.s.Accounts, func(a *Account) bool { return domainOf(a.Address) == d }) {
				c.warn(join("hosts", h.Name)+".runs.mta.relay-domains", "", "no account has an address in %s, so no mail for it is taken", d)
			}
		}
	}
}
