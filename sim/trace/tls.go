package trace

// TLS is what one end knows of a TLS handshake when it is over.
type TLS struct {
	// Version is that of the protocol: "TLS 1.3". It and the other names are empty as
	// far as the handshake has not come to them.
	Version string `json:"version,omitempty"`
	// Suite is the cipher suite, Group that of the key exchange, by their names in the
	// IANA's registries.
	Suite string `json:"suite,omitempty"`
	Group string `json:"group,omitempty"`
	// ServerName is what the client asks for by Server Name Indication, ALPN the
	// protocol that was agreed on.
	ServerName string `json:"serverName,omitempty"`
	ALPN       string `json:"alpn,omitempty"`
	// Certificates are the server's, its own first.
	Certificates []Certificate `json:"certificates,omitempty"`
	// Checked is how the client's checking of them came out, CheckedFor the name that it
	// looked for; Because says it in plain words. They are empty at the server.
	Checked    string `json:"checked,omitempty"`
	CheckedFor string `json:"checkedFor,omitempty"`
	Because    string `json:"because,omitempty"`
	// Alert is the name of the alert that has ended the handshake (RFC 8446 §6.2);
	// AlertFrom the host that sent it.
	Alert     string `json:"alert,omitempty"`
	AlertFrom string `json:"alertFrom,omitempty"`
	// ToServer and ToClient are the octets of the two streams that were in clear, before
	// TLS began.
	ToServer int64 `json:"toServer,omitempty"`
	ToClient int64 `json:"toClient,omitempty"`
	// Secrets open what was said to whoever has the packets: lines of the NSS key log.
	Secrets []string `json:"secrets,omitempty"`
}

// How the checking of a certificate came out.
const (
	CertificateValid       = "valid"
	CertificateExpired     = "expired"
	CertificateNotYetValid = "not-yet-valid"
	CertificateWrongName   = "wrong-name"
	CertificateSelfSigned  = "self-signed"
	CertificateUnknownCA   = "unknown-authority"
	CertificateInvalid     = "invalid" // for another reason
)

// Certificate is the gist of an X.509 certificate.
type Certificate struct {
	// Subject and Issuer are distinguished names: "CN=mail.acme.test".
	Subject string `json:"subject"`
	Issuer  string `json:"issuer"`
	// Names are the DNS names and IP addresses of the subject.
	Names []string `json:"names,omitempty"`
	// NotBefore and NotAfter are the first and the last second at which it is valid, in
	// the form of RFC 3339.
	NotBefore string `json:"notBefore"`
	NotAfter  string `json:"notAfter"`
	// PublicKey is the kind of key: "ECDSA P-256".
	PublicKey string `json:"publicKey"`
	// Fingerprint is the SHA-256 of the certificate, in lower-case hex.
	Fingerprint string `json:"fingerprint"`
}

// TLSRecord ties a part of what the programs say in one direction to the octets of
// the TCP stream that carry it, sealed.
type TLSRecord struct {
	// Range counts what the programs say: the octets in clear before TLS, then those
	// inside. It is that of the lines.
	Range
	// WireFrom and WireTo are the record with its header, in the TCP stream of the same
	// direction. They are those of the packets' ranges.
	WireFrom int64 `json:"wireFrom"`
	WireTo   int64 `json:"wireTo"`
}

func tlsField(f fields, name string, v **TLS) {
	if !f.open(name, *v != nil) {
		return
	}
	if *v == nil {
		*v = new(TLS)
	}
	(*v).fields(f)
	f.shut()
}

func (t *TLS) fields(f fields) {
	f.str("version", may, &t.Version)
	f.str("suite", may, &t.Suite)
	f.str("group", may, &t.Group)
	f.str("serverName", may, &t.ServerName)
	f.str("alpn", may, &t.ALPN)
	if n := f.list("certificates", len(t.Certificates)); n > 0 {
		if len(t.Certificates) == 0 {
			t.Certificates = make([]Certificate, n)
		}
		for i := range t.Certificates {
			f.next(i)
			t.Certificates[i].fields(f)
		}
		f.endList()
	}
	f.str("checked", may, &t.Checked)
	f.str("checkedFor", may, &t.CheckedFor)
	f.str("because", may, &t.Because)
	f.str("alert", may, &t.Alert)
	f.str("alertFrom", may, &t.AlertFrom)
	f.num("toServer", may, &t.ToServer)
	f.num("toClient", may, &t.ToClient)
	f.strs("secrets", &t.Secrets)
}

func (c *Certificate) fields(f fields) {
	f.str("subject", must, &c.Subject)
	f.str("issuer", must, &c.Issuer)
	f.strs("names", &c.Names)
	f.str("notBefore", must, &c.NotBefore)
	f.str("notAfter", must, &c.NotAfter)
	f.str("publicKey", must, &c.PublicKey)
	f.str("fingerprint", must, &c.Fingerprint)
}

func (r *TLSRecord) fields(f fields) {
	r.Range.fields(f)
	f.num("wireFrom", must, &r.WireFrom)
	f.num("wireTo", must, &r.WireTo)
}
