package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"mailwalk/protocols/dns"
	"mailwalk/scenarios"
	"mailwalk/sim/resolver"
)

// ZoneText is the master file that the name servers of a zone answer by now; ok
// is false when the walk has no such zone. The origin is absolute: "globex.test.".
func (w *World) ZoneText(origin string) (text string, ok bool) {
	if text, changed := w.zones[origin]; changed {
		return text, true
	}
	z := w.scenario.Zone(origin)
	if z == nil {
		return "", false
	}
	return z.Text, true
}

// zone is a zone of the walk as it is now.
func (w *World) zone(origin string) (*dns.Zone, error) {
	text, _ := w.ZoneText(origin)
	return resolver.ParseZone(origin, []byte(text), w.scenario.File)
}

// prepareZone finds out whether a zone can be served by another text.
func (w *World) prepareZone(origin, text string) (func() error, error) {
	if w.scenario.Zone(origin) == nil {
		return nil, errors.New("there is no such zone")
	}
	if err := w.scenario.CheckZone(origin, text); err != nil {
		return nil, err
	}
	changed, err := resolver.ParseZone(origin, []byte(text), strings.TrimSuffix(origin, "."))
	if err != nil {
		return nil, err
	}
	servers := slices.DeleteFunc(slices.Clone(w.scenario.Hosts), func(h *scenarios.Host) bool {
		return h.Runs.DNS == nil || !slices.Contains(h.Runs.DNS.Zones, origin)
	})
	if len(servers) == 0 {
		return nil, errors.New("no name server answers for it")
	}
	return func() error {
		w.zones[origin] = text
		var errs []error
		for _, h := range servers {
			errs = append(errs, w.serveAnew(h, changed))
		}
		return errors.Join(errs...)
	}, nil
}

// serveAnew has a name server answer by one zone's new records, and by the others
// as before. One that is off reads them when it starts.
func (w *World) serveAnew(h *scenarios.Host, changed *dns.Zone) error {
	if w.off[h.Name] {
		return nil
	}
	var zones []*dns.Zone
	for _, name := range h.Runs.DNS.Zones {
		z, err := w.zone(name)
		if name == changed.Origin() {
			z, err = changed, nil
		}
		if err != nil {
			return fmt.Errorf("host %s: %w", h.Name, err)
		}
		zones = append(zones, z)
	}
	return w.served[h.Name].Set(zones...)
}

// ZoneDifference says which records go and which come when a zone's text becomes
// another, in plain words: "so that it is without … and with …".
func ZoneDifference(before, after string) string {
	old, now := records(before), records(after)
	gone := slices.DeleteFunc(slices.Clone(old), func(s string) bool { return slices.Contains(now, s) })
	come := slices.DeleteFunc(slices.Clone(now), func(s string) bool { return slices.Contains(old, s) })
	var parts []string
	if len(gone) > 0 {
		parts = append(parts, "without "+strings.Join(gone, ", "))
	}
	if len(come) > 0 {
		parts = append(parts, "with "+strings.Join(come, ", "))
	}
	if parts == nil {
		return "to the same"
	}
	return "so that it is " + strings.Join(parts, " and ")
}

// records are the lines of a master file, each with single spaces.
func records(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > 0 {
			lines = append(lines, strings.Join(fields, " "))
		}
	}
	return lines
}
