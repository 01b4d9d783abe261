package sim

import (
	"crypto/tls"

	"mailwalk/scenarios"
	"mailwalk/sim/mta"
	"mailwalk/sim/mua"
	"mailwalk/sim/secure"
	"mailwalk/sim/wire"
)

// encryption is what the programs of a host need for TLS; nil in a walk in which nobody
// speaks it.
func (w *World) encryption(h wire.Host) *secure.Host {
	if w.authority == nil {
		return nil
	}
	return secure.On(h, w.recorder, w.authority)
}

// Authority is the certificate of the authority that the walk's machines trust, in PEM,
// for programs from outside; nil in a walk without TLS.
func (w *World) Authority() []byte {
	if w.authority == nil {
		return nil
	}
	return w.authority.PEM()
}

// flaws are what can be wrong with a certificate, as a walk names it.
var flaws = map[scenarios.Certificate]secure.Flaw{
	scenarios.Valid:            secure.Sound,
	scenarios.Expired:          secure.Expired,
	scenarios.NotYet:           secure.NotYetValid,
	scenarios.WrongName:        secure.WrongName,
	scenarios.SelfSigned:       secure.SelfSigned,
	scenarios.UnknownAuthority: secure.UnknownAuthority,
}

// certificate is what the servers of a host show; nil for those that do not speak TLS.
func (w *World) certificate(h wire.Host) *secure.Server {
	t := w.scenario.Host(h.Name()).TLS
	if t == nil {
		return nil
	}
	return &secure.Server{Flaw: flaws[t.Certificate]}
}

// shown is the configuration of a host's servers; nil for those that do not speak TLS.
func (w *World) shown(h wire.Host, encrypt *secure.Host) (*tls.Config, error) {
	c := w.certificate(h)
	if c == nil {
		return nil, nil
	}
	return encrypt.ServerConfig(*c)
}

// encrypts tells a mail server what the walk says of its TLS.
func (w *World) encrypts(cfg *mta.Config, m *scenarios.MTA, encrypt *secure.Host) {
	cfg.Submissions, cfg.TLS, cfg.Certificate = m.Submissions, encrypt, w.certificate(cfg.Host)
	cfg.Outgoing = map[scenarios.OutgoingTLS]mta.Security{
		scenarios.Opportunistic: mta.Opportunistic, scenarios.TLSRequired: mta.Required, scenarios.TLSVerified: mta.Verified, scenarios.NoTLS: mta.Never,
	}[m.OutgoingTLS]
}

// connects tells a mail program how it connects.
func (w *World) connects(cfg *mua.Config, d *scenarios.Device) {
	cfg.TLS, cfg.Verify = w.encryption(cfg.Host), d.Verify
	cfg.Security = map[scenarios.Security]mua.Security{
		scenarios.InClear: mua.InClear, scenarios.StartTLS: mua.StartTLS, scenarios.ImplicitTLS: mua.ImplicitTLS,
	}[d.Security]
}
