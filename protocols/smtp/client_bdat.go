package smtp

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"mailwalk/protocols/dialog"
)

// DefaultChunkSize is the most octets that Send puts into one chunk: a server can
// say no only at a chunk's end (RFC 3030 §2).
const DefaultChunkSize = 1 << 20

// Bdat sends a chunk of the content; last says that the content ends with it (RFC
// 3030 §2). A chunk may be empty. The content is not looked at: whatever the
// chunks make up has to be what MAIL said. After a no the transaction is over.
func (c *Client) Bdat(ctx context.Context, chunk []byte, last bool) (*Reply, error) {
	if err := c.begin(ctx); err != nil {
		return nil, step("BDAT", err)
	}
	line, timeout := "BDAT "+strconv.Itoa(len(chunk)), c.t.Command
	if last {
		line, timeout = line+" LAST", c.t.DataFinish
	}
	if err := c.c.WritePart(dialog.Command, []byte(line), true); err != nil {
		return nil, step("BDAT", err)
	}
	if err := c.c.WriteChunk(chunk); err != nil {
		return nil, step("BDAT", err)
	}
	r, err := c.readReply(dialog.Reply, timeout, true)
	return expect("BDAT", r, err, 2)
}

// sendChunks sends the content in chunks and waits for the reply to each, so that a
// no is heard before the next is sent.
func (c *Client) sendChunks(ctx context.Context, content []byte, res *Result) error {
	size := orDefault(c.opts.ChunkSize, DefaultChunkSize)
	for {
		n := min(size, len(content))
		last := n == len(content)
		r, err := c.Bdat(ctx, content[:n], last)
		switch {
		case r != nil && outOfStep(r, 2):
			return fmt.Errorf("%w: %w", ErrOutOfStep, err)
		case r != nil && r.Negative() && r.Code != 421:
			res.Data = r
			return c.afterChunks(ctx, last)
		case err != nil:
			res.Data = r
			return err
		case last:
			res.Data = r
			return nil
		}
		content = content[n:]
	}
}

// afterChunks clears what a refused chunk has left: in which state, the RFC does
// not say (RFC 3030 §2). After the last chunk there is nothing to clear.
func (c *Client) afterChunks(ctx context.Context, last bool) error {
	if last {
		return nil
	}
	_, err := c.Reset(ctx)
	var reply *Reply
	if errors.As(err, &reply) && reply.Code != 421 {
		return nil
	}
	return err
}
