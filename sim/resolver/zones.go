package resolver

import (
	"context"

	"mailwalk/protocols/dns"

	mdns "github.com/miekg/dns"
)

// Zones are those that a name server answers for. They are changed between the
// steps of a walk, never while a query is answered.
type Zones struct{ authority *dns.Authority }

// Set has the server answer by other zones from now on. An error is
// [dns.NewAuthority]'s; then nothing has changed.
func (z *Zones) Set(zones ...*dns.Zone) error {
	a, err := dns.NewAuthority(zones...)
	if err != nil {
		return err
	}
	z.authority = a
	return nil
}

// ServeDNS implements [dns.Handler].
func (z *Zones) ServeDNS(ctx context.Context, q *mdns.Msg, m dns.Meta) *mdns.Msg {
	return z.authority.ServeDNS(ctx, q, m)
}
