// Package secure puts TLS into a walk: the certification authority of the walk, the
// configurations of its servers and clients, and what the trace tells of it.
//
// The protocols speak TLS by themselves, by a *tls.Config and over the net.Conn that they
// are given. A program of the walk has its connections watched, and gives the protocol
// what Watch returns in place of the connection:
//
//	tls := secure.On(host, recorder, authority)
//	config, err := tls.ServerConfig(secure.Server{})
//	...
//	conn := tls.Watch(nc, true)                     // for each connection
//	hooks := smtp.Hooks{Hooks: recorder.Hooks(conn.Traced(), true), TLS: smtp.TLSHooks{Done: conn.Done}}
//	server.ServeConn(ctx, conn, &hooks)             // server.TLS is config
//
// When a handshake ends, the hooks of the protocol call [Conn.Done], or one of
// [Conn.Secured] and [Conn.Failed]. A program that makes the handshake itself, before its
// protocol begins, calls [Conn.Handshake]. A client has
// its configuration from [Conn.ClientConfig], for each connection anew.
//
// The same walk and seed make the same octets. For that, all that TLS draws comes from
// [wire.Host.Rand], the keys sign by RFC 6979 §3.2, the time is the walk's, no session is
// resumed, and the key exchange is X25519 alone, for crypto/tls takes the randomness of
// the post-quantum ones from the system. The program has to be built with the GODEBUG
// setting cryptocustomrand=1, without which crypto/tls takes all keys of key exchanges
// from there; go.mod has it.
package secure
