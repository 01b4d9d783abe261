package smtp

import (
	"context"
	"errors"
	"fmt"

	"mailwalk/protocols/dialog"
)

// maxGroup is the most octets that are sent before the replies to them are read.
// More might fill the windows of both directions and leave client and server
// each waiting for the other to read (RFC 2920 §3.1).
const maxGroup = 4096

// outOfStep tells whether ErrOutOfStep holds of a reply to a command whose yes is of a class:
// 2 or 3.
func outOfStep(r *Reply, class int) bool {
	c := r.Code / 100
	return c != class && c != 4 && c != 5
}

// Result is what came of a transaction.
type Result struct {
	// Mail is the reply to MAIL.
	Mail *Reply
	// Recipients are in the order of the envelope.
	Recipients []RecipientResult
	// Data is the last word on the content: the reply at its end, or the one that
	// refused DATA. It is nil if DATA was not said or not answered.
	Data *Reply
}

// RecipientResult is what came of one recipient.
type RecipientResult struct {
	To Path
	// Reply is the one that decided: the refusal of MAIL, RCPT or the content, or
	// the yes at its end. It is nil if the connection failed before.
	Reply *Reply
	// Rcpt is the reply to this RCPT, nil if it was not read.
	Rcpt *Reply
}

// Accepted tells whether the server has taken the mail for this recipient upon
// itself.
func (r RecipientResult) Accepted() bool { return r.Reply != nil && r.Reply.Positive() }

// Temporary tells whether it is worth to try again: the server said so, or there
// is no answer (RFC 5321 §3.8), or RCPT was refused with 552, which some servers
// say for too many recipients (RFC 5321 §4.5.3.1.10).
func (r RecipientResult) Temporary() bool {
	if r.Reply == nil || r.Reply.Temporary() {
		return true
	}
	return r.Reply == r.Rcpt && r.Reply.Code == 552
}

// Accepted returns the recipients whose mail the server has taken.
func (r Result) Accepted() []Path {
	var to []Path
	for _, rcpt := range r.Recipients {
		if rcpt.Accepted() {
			to = append(to, rcpt.To)
		}
	}
	return to
}

// decide fills in the replies that decided.
func (r *Result) decide() {
	for i := range r.Recipients {
		rcpt := &r.Recipients[i]
		switch {
		case r.Mail != nil && !r.Mail.Positive():
			rcpt.Reply = r.Mail
		case rcpt.Rcpt == nil || !rcpt.Rcpt.Positive():
			rcpt.Reply = rcpt.Rcpt
		default:
			rcpt.Reply = r.Data
		}
	}
}

// Send carries out a whole transaction: MAIL, RCPT for each recipient, DATA and
// the content, or BDAT if [ClientOptions].Chunking asks for it and the server
// offers it. Hello must have gone before. SIZE, BODY and SMTPUTF8 are added to the
// parameters if the server offers them, the mail needs them and they are not set.
// Parameters of DSN are left out where the server does not offer it. Content that
// the server's extensions do not allow is refused before anything is said: see
// ErrNo8Bit, ErrNoUTF8, ErrNoBinary and ErrOversize.
//
// A mail with more recipients than the server's LIMITS let one transaction have
// goes out in several; Mail and Data of the Result are those of the last. What the
// limits keep from this session is left without a Reply, with ErrLimit.
//
// The commands go out in groups where the server offers PIPELINING (RFC 2920
// §3.1). A server that says no is no error: the Result tells what it said, to
// whom. An error means that the dialogue came to no end, and then the Result
// holds what was known until then; a recipient without a Reply may be tried again.
func (c *Client) Send(ctx context.Context, env Envelope, content []byte) (Result, error) {
	res := Result{Recipients: make([]RecipientResult, len(env.Recipients))}
	rest := make([]int, len(env.Recipients))
	for i, rcpt := range env.Recipients {
		res.Recipients[i].To = rcpt.To
		rest[i] = i
	}
	for {
		now, later := c.fitting(env, rest)
		if len(now) == 0 && len(rest) > 0 {
			return res, step("send", ErrLimit)
		}
		if err := c.sendTo(ctx, env, now, content, &res); err != nil || len(later) == 0 {
			return res, err
		}
		rest = later
	}
}

// sendTo carries out one transaction for the recipients at the indexes in to.
func (c *Client) sendTo(ctx context.Context, env Envelope, to []int, content []byte, res *Result) error {
	part := Envelope{From: env.From, Params: env.Params}
	one := Result{}
	for _, i := range to {
		part.Recipients = append(part.Recipients, env.Recipients[i])
		one.Recipients = append(one.Recipients, res.Recipients[i])
	}
	err := c.send(ctx, part, content, &one)
	one.decide()
	res.Mail, res.Data = one.Mail, one.Data
	for n, i := range to {
		res.Recipients[i] = one.Recipients[n]
	}
	return err
}

func (c *Client) send(ctx context.Context, env Envelope, content []byte, res *Result) error {
	lines, chunked, err := c.prepare(env, content)
	if err != nil {
		return err
	}
	if err := c.begin(ctx); err != nil {
		return step("send", err)
	}
	if err := c.envelope(lines, res); err != nil {
		return err
	}
	switch {
	case chunked && res.Mail.Positive() && res.anyRcpt():
		return c.sendChunks(ctx, content, res)
	case res.Data != nil && res.Data.Intermediate():
		return c.finishData(content, res)
	case res.Mail.Positive():
		// The transaction is still open, and of no use.
		r, err := c.command(ctx, "RSET", true)
		_, err = expect("RSET", r, err, 2)
		return err
	}
	return nil
}

// prepare checks all that will be said before the first of it is, and returns
// the commands: MAIL, RCPT for each recipient, and DATA unless chunked tells that
// BDAT is to be used.
func (c *Client) prepare(env Envelope, content []byte) (lines []string, chunked bool, err error) {
	if len(env.Recipients) == 0 {
		return nil, false, step("send", errors.New("no recipient"))
	}
	chunked = c.opts.Chunking && c.extensions.Has("CHUNKING")
	params, err := c.declare(env, content, chunked)
	if err != nil {
		return nil, false, err
	}
	c.body, c.utf8 = params.Body, params.UTF8
	if err := c.checkContent(content); err != nil {
		return nil, false, err
	}
	if limit := c.maxSize(); c.opts.RefuseOversize && limit > 0 && int64(len(content)) > limit {
		return nil, false, step("send", ErrOversize)
	}
	mail, err := mailLine(env.From, params)
	if err != nil {
		return nil, false, err
	}
	lines = []string{mail}
	for _, rcpt := range env.Recipients {
		if !c.extensions.Has("DSN") {
			rcpt.Params = RcptParams{} // RFC 3461 §5.2.2: the mail goes on, the requests do not
		}
		line, err := rcptLine(rcpt.To, rcpt.Params)
		if err != nil {
			return nil, false, err
		}
		lines = append(lines, line)
	}
	if !chunked {
		lines = append(lines, "DATA")
	}
	return lines, chunked, nil
}

// envelope sends the commands, in groups if that is allowed, and reads their
// replies into res. It stops before a command that can be of no use.
func (c *Client) envelope(lines []string, res *Result) error {
	for next := 0; next < len(lines); {
		if next > 0 && !res.hopeful(next) {
			return nil
		}
		end := c.group(lines, next)
		for _, line := range lines[next:end] {
			if err := c.write(line); err != nil {
				return step("send", err)
			}
		}
		for ; next < end; next++ {
			if err := c.envelopeReply(next, res); err != nil {
				return err
			}
		}
	}
	return nil
}

// group returns the end of the group of lines that begins at next.
func (c *Client) group(lines []string, next int) int {
	if c.opts.NoPipelining || !c.extensions.Has("PIPELINING") {
		return next + 1
	}
	size := 0
	for i := next; i < len(lines); i++ {
		size += len(lines[i]) + len("\r\n")
		if size > maxGroup && i > next {
			return i
		}
	}
	return len(lines)
}

// hopeful tells whether the commands from next on may still come to something.
func (r *Result) hopeful(next int) bool {
	if !r.Mail.Positive() {
		return false
	}
	last := next == len(r.Recipients)+1
	return !last || r.anyRcpt()
}

func (r *Result) anyRcpt() bool {
	for _, rcpt := range r.Recipients {
		if rcpt.Rcpt != nil && rcpt.Rcpt.Positive() {
			return true
		}
	}
	return false
}

// envelopeReply reads the reply to the command at index i: MAIL, the recipients,
// DATA.
func (c *Client) envelopeReply(i int, res *Result) error {
	what, timeout := "RCPT", c.t.Command
	switch i {
	case 0:
		what = "MAIL"
	case len(res.Recipients) + 1:
		what, timeout = "DATA", c.t.DataStart
	}
	r, err := c.readReply(dialog.Reply, timeout, true)
	if err != nil {
		return step(what, err)
	}
	class := 2
	if what == "DATA" {
		class = 3
	}
	if outOfStep(r, class) {
		return step(what, fmt.Errorf("%w: %w", ErrOutOfStep, r))
	}
	c.count(i, r, res)
	switch i {
	case 0:
		res.Mail = r
	case len(res.Recipients) + 1:
		res.Data = r
	default:
		res.Recipients[i-1].Rcpt = r
	}
	if r.Code == 421 { // the server hangs up: no other reply will come
		return step(what, r)
	}
	return nil
}

// finishData sends the content that 354 has called for. If no recipient was
// accepted, the server should have said no; it gets a lone dot (RFC 2920 §3.1).
func (c *Client) finishData(content []byte, res *Result) error {
	if !res.Mail.Positive() || !res.anyRcpt() {
		content = nil
	}
	r, err := c.content(content)
	if r != nil && outOfStep(r, 2) {
		res.Data = nil
		return fmt.Errorf("%w: %w", ErrOutOfStep, err)
	}
	res.Data = r
	var reply *Reply
	if errors.As(err, &reply) && reply.Code != 421 {
		return nil
	}
	return err
}
