package secure

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"mailwalk/sim/trace"
)

// Policy is what a client does when the server's certificate does not pass its checks.
type Policy int

// The policies.
const (
	// Verify breaks off.
	Verify Policy = iota
	// Opportunistic goes on: who only listens is kept out, who pretends to be the server
	// is not.
	Opportunistic
)

// verdict is how the checking of a certificate came out.
type verdict struct{ checked, because string }

// ErrCertificate says that the server's certificate did not pass the checks.
var ErrCertificate = errors.New("the server's certificate does not pass the checks")

// check does what a client does with the certificates of a server that it takes for name
// (RFC 5280 §6.1, RFC 9525 §6): the dates, then who vouches for it, then the names.
func (a *Authority) check(chain []*x509.Certificate, name string, now time.Time) verdict {
	if len(chain) == 0 {
		return verdict{trace.CertificateInvalid, "the server has shown no certificate"}
	}
	leaf := chain[0]
	date := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
	switch {
	case now.Before(leaf.NotBefore):
		return verdict{trace.CertificateNotYetValid, fmt.Sprintf("it is valid from %s, and now it is %s", date(leaf.NotBefore), date(now))}
	case now.After(leaf.NotAfter):
		return verdict{trace.CertificateExpired, fmt.Sprintf("it was valid until %s, and now it is %s", date(leaf.NotAfter), date(now))}
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: a.roots, Intermediates: between, CurrentTime: now})
	switch unknown := (x509.UnknownAuthorityError{}); {
	case err == nil:
	case errors.As(err, &unknown) && leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) == nil:
		return verdict{trace.CertificateSelfSigned, "the server has signed it itself, and nobody else vouches for it"}
	case errors.As(err, &unknown):
		return verdict{trace.CertificateUnknownCA, fmt.Sprintf("%s has signed it, whom the client does not know", leaf.Issuer)}
	default:
		return verdict{trace.CertificateInvalid, err.Error()}
	}
	if err := leaf.VerifyHostname(name); err != nil {
		return verdict{trace.CertificateWrongName, fmt.Sprintf("it is for %s, and the client looks for %s", listed(names(leaf)), name)}
	}
	return verdict{trace.CertificateValid, fmt.Sprintf("it is for %s, an authority that the client trusts has signed it, and it is valid today", name)}
}

// What a client may do with a certificate that it has checked.
const (
	goOn     = "goes on"
	breakOff = "breaks off"
)

// judge records what a client does after the checks.
func (c *Conn) judge(name string, v verdict, p Policy) {
	choice, because := goOn, v.because
	switch passed := v.checked == trace.CertificateValid; {
	case !passed && p == Verify:
		choice = breakOff
	case !passed:
		because += "; but it does not insist: against who only listens, any certificate does"
	case p == Opportunistic:
		because += "; it would have gone on with any other, too"
	}
	c.host.rec.Record(trace.Event{Host: c.host.host.Name(), What: trace.JudgeCert, IDs: trace.IDs{Conn: c.Traced().ID}, Body: &trace.DecisionBody{
		Subject: name, Choice: choice, Options: []string{goOn, breakOff}, Because: because,
	}})
}

// names are those that a certificate is for.
func names(c *x509.Certificate) []string {
	all := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	return all
}

func listed(names []string) string {
	text := ""
	for i, n := range names {
		if i > 0 {
			text += ", "
		}
		text += n
	}
	if text == "" {
		return "no name"
	}
	return text
}

// gist is what the trace keeps of certificates.
func gist(chain []*x509.Certificate) []trace.Certificate {
	var all []trace.Certificate
	for _, c := range chain {
		sum := sha256.Sum256(c.Raw)
		kind := c.PublicKeyAlgorithm.String()
		if k, ok := c.PublicKey.(*ecdsa.PublicKey); ok {
			kind += " " + k.Curve.Params().Name
		}
		all = append(all, trace.Certificate{
			Subject: c.Subject.String(), Issuer: c.Issuer.String(), Names: names(c),
			NotBefore: c.NotBefore.UTC().Format(time.RFC3339), NotAfter: c.NotAfter.UTC().Format(time.RFC3339),
			PublicKey: kind, Fingerprint: hex.EncodeToString(sum[:]),
		})
	}
	return all
}
