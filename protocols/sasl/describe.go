package sasl

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// Message is what one message of an exchange says, for somebody who reads along.
type Message struct {
	Name  MessageName
	Parts []Part
}

// Part is one part of a message.
type Part struct {
	Name PartName
	// Symbol is what the mechanism's definition calls it, "" if nothing.
	Symbol string
	// Value is text as it is, and octets in BASE64.
	Value string
}

// MessageName tells the messages of a mechanism apart.
type MessageName string

// The messages. Those of SCRAM have the names of RFC 5802 §5.
const (
	EmptyChallenge   MessageName = "empty-challenge" // the client is to speak first
	PlainMessage     MessageName = "message"         // all that PLAIN has
	LoginPrompt      MessageName = "prompt"
	LoginUser        MessageName = "user"
	LoginPassword    MessageName = "password"
	CRAMChallenge    MessageName = "challenge"
	CRAMResponse     MessageName = "response"
	SCRAMClientFirst MessageName = "client-first"
	SCRAMServerFirst MessageName = "server-first"
	SCRAMClientFinal MessageName = "client-final"
	SCRAMServerFinal MessageName = "server-final"
	SCRAMLast        MessageName = "acknowledgement" // of server-final, where a protocol needs an answer to it
)

// PartName tells the parts of a message apart.
type PartName string

// The parts.
const (
	PartIdentity   PartName = "identity"   // on whose behalf the user acts
	PartUser       PartName = "user"       // whose password it is
	PartPassword   PartName = "password"   // as it is
	PartPrompt     PartName = "prompt"     // what the server asks for
	PartChallenge  PartName = "challenge"  // what the digest is to be made of
	PartDigest     PartName = "digest"     // HMAC-MD5 of the challenge with the password, in hex
	PartBinding    PartName = "binding"    // the first message's header, in which channel binding is refused
	PartNonce      PartName = "nonce"      // used once; the server's goes on from the client's
	PartSalt       PartName = "salt"       // mixed into the password
	PartIterations PartName = "iterations" // how often the hash is applied
	PartProof      PartName = "proof"      // the client's
	PartSignature  PartName = "signature"  // the server's proof
	PartError      PartName = "error"      // why the server does not go on
)

// Describe takes a message apart. number counts the messages of the client from 1,
// the initial response included; it does not matter for those of the server. ok is
// false for what is no message of the mechanism.
func Describe(mechanism string, fromServer bool, number int, message []byte) (m Message, ok bool) {
	text := string(message)
	known, ok := Lookup(mechanism)
	switch {
	case !ok:
		return Message{}, false
	case fromServer && text == "" && known.ClientFirst:
		return Message{Name: EmptyChallenge}, true
	}
	switch mechanism {
	case Plain:
		return describePlain(fromServer, text)
	case Login:
		return describeLogin(fromServer, number, text)
	case CRAMMD5:
		return describeCRAM(fromServer, text)
	}
	if fromServer {
		return describeScramServer(text)
	}
	return describeScramClient(number, text)
}

func describePlain(fromServer bool, text string) (Message, bool) {
	c, ok := decodePlain(text)
	if fromServer || !ok {
		return Message{}, false
	}
	m := Message{Name: PlainMessage}
	m.addIf(PartIdentity, "authzid", c.Identity)
	m.add(PartUser, "authcid", c.User)
	m.add(PartPassword, "passwd", c.Password)
	return m, true
}

func describeLogin(fromServer bool, number int, text string) (Message, bool) {
	var m Message
	switch {
	case fromServer:
		m.Name = LoginPrompt
		m.add(PartPrompt, "", text)
	case number == 1:
		m.Name = LoginUser
		m.add(PartUser, "", text)
	case number == 2:
		m.Name = LoginPassword
		m.add(PartPassword, "", text)
	}
	return m, m.Name != ""
}

func describeCRAM(fromServer bool, text string) (Message, bool) {
	var m Message
	if fromServer {
		m.Name = CRAMChallenge
		m.add(PartChallenge, "", text)
		return m, text != ""
	}
	space := strings.LastIndexByte(text, ' ')
	if space <= 0 {
		return m, false
	}
	m.Name = CRAMResponse
	m.add(PartUser, "", text[:space])
	m.add(PartDigest, "", text[space+1:])
	return m, true
}

func describeScramClient(number int, text string) (Message, bool) {
	var m Message
	switch number {
	case 1:
		first, err := parseClientFirst(text)
		if err != nil {
			return m, false
		}
		m.Name = SCRAMClientFirst
		m.addIf(PartIdentity, "a", first.identity)
		m.add(PartUser, "n", first.user)
		m.add(PartNonce, "r", first.nonce)
		return m, true
	case 2:
		final, err := parseClientFinal(text)
		if err != nil {
			return m, false
		}
		m.Name = SCRAMClientFinal
		m.add(PartBinding, "c", final.binding)
		m.add(PartNonce, "r", final.nonce)
		m.add(PartProof, "p", base64.StdEncoding.EncodeToString(final.proof))
		return m, true
	}
	m.Name = SCRAMLast
	return m, text == ""
}

func describeScramServer(text string) (Message, bool) {
	var m Message
	if first, err := parseServerFirst(text); err == nil {
		m.Name = SCRAMServerFirst
		m.add(PartNonce, "r", first.nonce)
		m.add(PartSalt, "s", base64.StdEncoding.EncodeToString(first.salt))
		m.add(PartIterations, "i", strconv.Itoa(first.iterations))
		return m, true
	}
	m.Name = SCRAMServerFinal
	attr, _, _ := strings.Cut(text, ",")
	if signature, ok := encodedAttribute(attr, 'v'); ok {
		m.add(PartSignature, "v", base64.StdEncoding.EncodeToString(signature))
		return m, true
	}
	why, ok := attribute(attr, 'e')
	m.add(PartError, "e", why)
	return m, ok
}

func (m *Message) add(name PartName, symbol, value string) {
	m.Parts = append(m.Parts, Part{name, symbol, value})
}

func (m *Message) addIf(name PartName, symbol, value string) {
	if value != "" {
		m.add(name, symbol, value)
	}
}

// Part returns the value of a part, "" if the message does not have it.
func (m Message) Part(name PartName) string {
	for _, p := range m.Parts {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// Exposure is what somebody who reads a message learns of the password.
type Exposure uint8

// The exposures.
const (
	// Harmless says nothing of it.
	Harmless Exposure = iota
	// Guessable is made of the password: with what was said before, guesses can be
	// tried on it, as many and as fast as one likes (RFC 5802 §9).
	Guessable
	// Readable is the password.
	Readable
)

// Exposes tells what a message gives away.
func (m Message) Exposes() Exposure {
	switch {
	case m.Part(PartPassword) != "":
		return Readable
	case m.Part(PartDigest) != "", m.Part(PartProof) != "", m.Part(PartSignature) != "":
		return Guessable
	}
	return Harmless
}
