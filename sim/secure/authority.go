package secure

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"net"
	"time"

	"mailwalk/sim/wire"
)

// Flaw is what is wrong with a certificate.
type Flaw string

// The flaws.
const (
	Sound            Flaw = ""                  // nothing
	Expired          Flaw = "expired"           // it was valid until the day before the walk
	NotYetValid      Flaw = "not-yet-valid"     // it is valid from 30 days after the walk's start
	WrongName        Flaw = "wrong-name"        // it is for another host
	SelfSigned       Flaw = "self-signed"       // nobody vouches for it but itself
	UnknownAuthority Flaw = "unknown-authority" // one whom nobody in the walk trusts vouches for it
)

// Flaws lists all flaws but Sound.
func Flaws() []Flaw { return []Flaw{Expired, NotYetValid, WrongName, SelfSigned, UnknownAuthority} }

const day = 24 * time.Hour

// issued is how long before the walk certificates were signed. It is years, since
// programs from outside go by the machine's clock and not by the walk's.
const issued = 5 * 365 * day

// Authority is the certification authority that all hosts of a walk trust. Its
// certificates are the same for the same seed, start and names.
type Authority struct {
	seed    uint64
	start   time.Time
	root    *issuer
	unknown *issuer
	roots   *x509.CertPool
}

// issuer is who signs certificates.
type issuer struct {
	cert *x509.Certificate
	key  key
}

// key is an ECDSA key that signs without randomness, by RFC 6979 §3.2.
type key struct{ *ecdsa.PrivateKey }

// Sign implements crypto.Signer.
func (k key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.PrivateKey.Sign(nil, digest, opts)
}

// NewAuthority makes the authority of a walk that starts at a time.
func NewAuthority(seed uint64, start time.Time) (*Authority, error) {
	a := &Authority{seed: seed, start: start.UTC().Truncate(time.Second), roots: x509.NewCertPool()}
	var err error
	if a.root, err = a.newIssuer("Certification authority of the walk"); err != nil {
		return nil, err
	}
	if a.unknown, err = a.newIssuer("Unknown authority"); err != nil {
		return nil, err
	}
	a.roots.AddCert(a.root.cert)
	return a, nil
}

// PEM is the authority's own certificate, for programs from outside that are to trust it.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.cert.Raw})
}

// stream is a random stream for a purpose.
func (a *Authority) stream(purpose, name string) source {
	return source{rand.New(wire.Stream(a.seed, 0, "secure", purpose, name))}
}

// newKey makes the key of a name.
func (a *Authority) newKey(name string) key {
	from := a.stream("key", name)
	for {
		var scalar [32]byte
		for i := range scalar {
			scalar[i] = byte(from.Uint64())
		}
		// One that is not below the order of the curve, which next to none is, is refused.
		if k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:]); err == nil {
			return key{k}
		}
	}
}

func (a *Authority) newIssuer(name string) (*issuer, error) {
	k := a.newKey(name)
	template := &x509.Certificate{
		SerialNumber: a.serial(name), Subject: pkix.Name{CommonName: name},
		NotBefore: a.start.Add(-issued), NotAfter: a.start.Add(2 * issued),
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
	}
	cert, err := sign(template, template, k, k)
	if err != nil {
		return nil, err
	}
	return &issuer{cert, k}, nil
}

func (a *Authority) serial(name string) *big.Int {
	return new(big.Int).SetUint64(a.stream("serial", name).Uint64()>>1 | 1)
}

func sign(template, parent *x509.Certificate, of, by key) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(nil, template, parent, of.Public(), by)
	if err != nil {
		return nil, fmt.Errorf("a certificate for %s: %w", template.Subject.CommonName, err)
	}
	return x509.ParseCertificate(der)
}

// Certificate makes a certificate for names, of which the first is the subject's common
// name too; those that are IP addresses are taken as such.
func (a *Authority) Certificate(flaw Flaw, names ...string) (tls.Certificate, error) {
	if len(names) == 0 {
		return tls.Certificate{}, fmt.Errorf("a certificate is for one name at least")
	}
	k := a.newKey(names[0])
	template := &x509.Certificate{
		SerialNumber: a.serial(names[0] + " " + string(flaw)),
		NotBefore:    a.start.Add(-issued), NotAfter: a.start.Add(60 * day),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	by := a.root
	switch flaw {
	case Sound:
	case Expired:
		template.NotBefore, template.NotAfter = a.start.Add(-91*day), a.start.Add(-day)
	case NotYetValid:
		template.NotBefore, template.NotAfter = a.start.Add(30*day), a.start.Add(120*day)
	case WrongName:
		names = []string{"other." + names[0]}
	case SelfSigned:
		by = &issuer{template, k}
	case UnknownAuthority:
		by = a.unknown
	default:
		return tls.Certificate{}, fmt.Errorf("a certificate cannot be %q", flaw)
	}
	template.Subject = pkix.Name{CommonName: names[0]}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, n)
		}
	}
	cert, err := sign(template, by.cert, k, by.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: k, Leaf: cert}, nil
}
