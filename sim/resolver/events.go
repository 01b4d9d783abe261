package resolver

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"mailwalk/protocols/dns"
	"mailwalk/sim/trace"
	"mailwalk/sim/wire"

	mdns "github.com/miekg/dns"
)

// stubHooks trace a program's questions: asked, and what came of it.
func stubHooks(rec *trace.Recorder, servers []netip.Addr) *dns.StubHooks {
	record := func(what string, b *trace.LookupBody) { rec.Record(trace.Event{What: what, Body: b}) }
	return &dns.StubHooks{
		Question: func(_ context.Context, name string, rrtype uint16) {
			b := body(name, rrtype)
			rec.NewLookup(b.Name, b.Type)
			if len(servers) > 0 {
				b.Server, b.ServerAddr = rec.HostOf(servers[0]), netip.AddrPortFrom(servers[0], port)
			}
			record(trace.Asked, b)
		},
		Failed: func(_ context.Context, x dns.Exchange, err error) {
			record(trace.Timeout, exchange(rec, x, err))
		},
		Done: func(_ context.Context, name string, rrtype uint16, res *dns.Result, err error) {
			b := body(name, rrtype)
			what := trace.Unsolved
			switch {
			case err != nil:
				b.Error = err.Error()
			case res.Kind == dns.KindAnswer:
				what, b.Records = trace.Resolved, records(res.Answer)
			default:
				what, b.Records = trace.NotFound, records(res.Answer)
				b.RCode = mdns.RcodeToString[mdns.RcodeSuccess]
				if res.Kind == dns.KindNXDomain {
					b.RCode = mdns.RcodeToString[mdns.RcodeNameError]
				}
				b.Error = res.Err().Error()
			}
			record(what, b)
			rec.EndLookup()
		},
	}
}

// resolverHooks trace what a resolver does for others.
func resolverHooks(h wire.Host, rec *trace.Recorder) *dns.ResolverHooks {
	record := func(what string, b *trace.LookupBody) { rec.Record(trace.Event{What: what, Body: b}) }
	since := func(t time.Time) time.Duration { return rec.Since(t) }
	return &dns.ResolverHooks{
		CacheHit: func(_ context.Context, _ dns.Lookup, e dns.Entry, ttl time.Duration) {
			b := entry(rec, e, since(e.Expires))
			for i := range b.Records {
				b.Records[i].TTL = uint32(ttl / time.Second)
			}
			record(trace.CacheHit, b)
		},
		QuerySending: func(_ context.Context, x dns.Exchange, _ *mdns.Msg) {
			record(trace.Query, exchange(rec, x, nil))
		},
		ResponseReceived: func(_ context.Context, x dns.Exchange, r *mdns.Msg, kind dns.Kind, cut string, _ time.Duration) {
			b := exchange(rec, x, nil)
			b.RCode, b.Authoritative = mdns.RcodeToString[r.Rcode], r.Authoritative
			b.Records, b.Authority, b.Additional = records(r.Answer), records(r.Ns), records(r.Extra)
			if cut != "" {
				b.Zone = cut
			}
			record(responses[kind], b)
		},
		Failed: func(_ context.Context, x dns.Exchange, err error) {
			record(trace.Timeout, exchange(rec, x, err))
		},
		Cached: func(_ context.Context, _ dns.Lookup, e dns.Entry) {
			record(trace.Cached, entry(rec, e, since(e.Expires)))
		},
		Expired: func(_ context.Context, e dns.Entry) {
			record(trace.Expired, entry(rec, e, since(e.Expires)))
		},
	}
}

// responses are the steps that kinds of responses stand for.
var responses = map[dns.Kind]string{
	dns.KindAnswer:    trace.Answer,
	dns.KindAlias:     trace.Answer,
	dns.KindNoData:    trace.NoData,
	dns.KindNXDomain:  trace.NXDomain,
	dns.KindReferral:  trace.Referral,
	dns.KindLame:      trace.Lame,
	dns.KindTruncated: trace.Truncated,
	dns.KindError:     trace.ServerError,
}

func body(name string, rrtype uint16) *trace.LookupBody {
	return &trace.LookupBody{Name: mdns.CanonicalName(name), Type: typeName(rrtype)}
}

func typeName(rrtype uint16) string { return mdns.Type(rrtype).String() }

func exchange(rec *trace.Recorder, x dns.Exchange, err error) *trace.LookupBody {
	b := body(x.Lookup.Name, x.Lookup.Type)
	b.Server, b.ServerAddr, b.Transport, b.Zone = rec.HostOf(x.Addr.Addr()), x.Addr, string(x.Transport), x.Zone
	if err != nil {
		b.Error = err.Error()
		if errors.Is(err, dns.ErrTimeout) {
			b.Error = "no answer within " + x.Timeout.String()
		}
	}
	return b
}

func entry(rec *trace.Recorder, e dns.Entry, until time.Duration) *trace.LookupBody {
	b := body(e.Name, e.Type)
	if e.Type == mdns.TypeNone {
		b.Type = "ANY" // the name does not exist, with whatever type
	}
	b.Zone, b.Until, b.Records = e.Zone, until, records(e.Data)
	if e.Server.IsValid() {
		b.Server, b.ServerAddr = rec.HostOf(e.Server.Addr()), e.Server
	}
	switch e.Kind {
	case dns.KindNXDomain:
		b.RCode = mdns.RcodeToString[mdns.RcodeNameError]
	case dns.KindError:
		b.RCode = mdns.RcodeToString[mdns.RcodeServerFailure]
	default:
		b.RCode = mdns.RcodeToString[mdns.RcodeSuccess]
	}
	return b
}

// records are resource records in presentation format. OPT is not one (RFC 6891
// §6.1.1).
func records(rrs []mdns.RR) []trace.Record {
	var out []trace.Record
	for _, rr := range rrs {
		h := rr.Header()
		if h.Rrtype == mdns.TypeOPT {
			continue
		}
		out = append(out, trace.Record{
			Name: h.Name, TTL: h.Ttl, Type: typeName(h.Rrtype),
			Data: strings.TrimPrefix(rr.String(), h.String()),
		})
	}
	return out
}
