// Package message is the mail itself as text: what RFC 5322 calls a message
// and MIME (RFC 2045 to 2049) gives a structure.
//
// A mail is a header, an empty line and a body. Every line ends in CRLF and has
// at most 998 octets before it. On that the package offers:
//
//   - [Canonicalize] brings a file into that form and says what it changed;
//   - [Compose] writes a new mail from a [Draft];
//   - [ParseAddress] and [SplitAddress] read mailboxes, and find the domain by
//     which a server decides where a mail goes;
//   - [ParseHeader] and [Split] show a mail without losing a byte of it;
//   - [Structure] finds the parts of a mail and [Part.Decode] their content;
//   - [Received] and [ReturnPath] are what servers put in front of a mail, and
//     [AddedOnTheWay] finds it again.
//
// Nothing here does I/O, looks at a clock or draws a random number: what
// differs from mail to mail (date, Message-ID, boundary) is given by the caller,
// and the same input gives the same bytes.
package message
