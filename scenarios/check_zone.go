package scenarios

import (
	"net/netip"
	"strings"
)

// CheckZone says what is wrong with a text as the records of a zone of the walk,
// whose origin is absolute: "globex.test.". Lines count from the text's first. What
// only looks wrong is let through: it may be what somebody wants to see. The error
// is [Problems].
func (s *Scenario) CheckZone(origin, text string) error {
	z := &Zone{Name: origin, Text: text}
	field := join("zones", origin)
	c := checker{s: &Scenario{
		File: strings.TrimSuffix(origin, "."), Hosts: s.Hosts, Routers: s.Routers,
		marks: marks{field: {1, 1}}, blocks: map[string]block{field: {1, 0}},
	}}
	c.addrs = s.addressBook()
	c.oneZone(field, z)
	if len(c.problems) == 0 {
		return nil
	}
	c.problems.sort()
	for i := range c.problems {
		c.problems[i].Field = ""
	}
	return c.problems
}

// oneZone finds what is wrong with a zone by itself, and leaves out what only looks
// wrong.
func (c *checker) oneZone(field string, z *Zone) {
	c.names = &nameSpace{byName: map[string][]int{}}
	before := c.problems
	c.problems = nil
	c.zone(field, z)
	for _, p := range c.problems {
		if !p.Warning {
			before = append(before, p)
		}
	}
	c.problems = before
}

// addressBook says whose the addresses of a walk are that was checked.
func (s *Scenario) addressBook() addressBook {
	book := addressBook{}
	add := func(name string, addrs []netip.Addr) {
		for _, a := range addrs {
			book[a] = name
		}
	}
	for _, r := range s.Routers {
		for _, i := range r.Joins {
			add(r.Name, i.Addresses)
		}
	}
	for _, h := range s.Hosts {
		add(h.Name, h.Addresses)
	}
	return book
}

// faultZone checks the records that a zone is to have.
func (c *checker) faultZone(field string, f *Fault) {
	f.Zone = absolute(f.Zone)
	switch {
	case c.s.Zone(f.Zone) == nil:
		c.fail(field+".zone", meant(f.Zone, keys(c.s.Zones)), "there is no zone %s", f.Zone)
	case !c.given(field + ".records"):
		c.fail(field, "write records: | and the records below it, one a line", "it does not say what the zone's records are from then on")
	default:
		part := checker{s: c.s, addrs: c.addrs}
		part.oneZone(field+".records", &Zone{Name: f.Zone, Text: f.Records})
		c.problems = append(c.problems, part.problems...)
	}
}
