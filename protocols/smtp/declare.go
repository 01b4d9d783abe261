package smtp

import "bytes"

// declare returns the parameters of MAIL for a mail: what the envelope has, what
// the mail needs, and nothing that the server does not offer.
func (c *Client) declare(env Envelope, content []byte, chunked bool) (MailParams, error) {
	params := env.Params
	if !c.extensions.Has("SIZE") {
		params.Size = 0
	} else if params.Size == 0 {
		params.Size = int64(len(content))
	}
	if !c.extensions.Has("DSN") {
		params.Ret, params.EnvID = "", ""
	}
	if err := c.declareBody(&params, content, chunked); err != nil {
		return params, err
	}
	return params, c.declareUTF8(&params, env, content)
}

// declareBody sets BODY.
func (c *Client) declareBody(params *MailParams, content []byte, chunked bool) error {
	binary := chunked && c.extensions.Has("BINARYMIME")
	switch {
	case params.Body == BodyBinaryMIME && !binary:
		return step("send", ErrNoBinary)
	case params.Body == "" && binary && !isCanonical(content):
		params.Body = BodyBinaryMIME
	case params.Body == "" && is8Bit(content) && c.extensions.Has("8BITMIME"):
		params.Body = Body8BitMIME
	case params.Body != BodyBinaryMIME && !c.extensions.Has("8BITMIME"):
		params.Body = ""
	}
	return nil
}

// declareUTF8 sets SMTPUTF8 if an address or the header needs it, and takes it
// away from a mail that can do without (RFC 6531 §3.4). Headers within the body's
// parts are not looked at: who has one there sets it, and then 8-bit content is
// taken to need it.
func (c *Client) declareUTF8(params *MailParams, env Envelope, content []byte) error {
	needed := !env.IsASCII() || is8Bit(headerOf(content)) || params.UTF8 && is8Bit(content)
	switch {
	case c.extensions.Has("SMTPUTF8"):
		params.UTF8 = params.UTF8 || needed
	case needed && !c.opts.Undeclared:
		return step("send", ErrNoUTF8)
	default:
		params.UTF8 = false
	}
	return nil
}

// IsASCII tells whether all of the envelope's paths are: see [Path.IsASCII].
func (e Envelope) IsASCII() bool {
	for _, rcpt := range e.Recipients {
		if !rcpt.To.IsASCII() {
			return false
		}
	}
	return e.From.IsASCII()
}

// headerOf returns what stands before the first empty line.
func headerOf(content []byte) []byte {
	if bytes.HasPrefix(content, []byte("\r\n")) {
		return nil
	}
	header, _, _ := bytes.Cut(content, []byte("\r\n\r\n"))
	return header
}
