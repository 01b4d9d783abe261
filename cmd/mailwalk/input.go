package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"mailwalk/protocols/message"
)

// input are the flags by which a person gives a walk something besides its file.
type input struct {
	seed          uint64
	message       string
	attach        []string
	from          string
	to            []string
	subject, text string
}

func (in *input) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Uint64Var(&in.seed, "seed", 0, "what random choices are drawn from; by default the walk's own")
	f.StringVar(&in.message, "message", "", "an RFC 5322 file to send as it is, in place of the walk's first mail")
	f.StringArrayVar(&in.attach, "attach", nil, "a file to attach; may be given several times")
	f.StringVar(&in.from, "from", "", "the sender's address")
	f.StringArrayVar(&in.to, "to", nil, "a recipient's address; may be given several times")
	f.StringVar(&in.subject, "subject", "", "the subject")
	f.StringVar(&in.text, "text", "", "what is written")
	cmd.MarkFlagsMutuallyExclusive("message", "attach")
	cmd.MarkFlagsMutuallyExclusive("message", "subject")
	cmd.MarkFlagsMutuallyExclusive("message", "text")
}

// read reads the files and checks the addresses.
func (in *input) read(cmd *cobra.Command) (given, error) {
	g := given{subject: in.subject, text: in.text}
	if cmd.Flags().Changed("seed") {
		g.seed = &in.seed
	}
	if in.message != "" {
		content, err := readInput("--message", in.message)
		if err != nil {
			return g, err
		}
		g.message = &givenFile{filepath.Base(in.message), content}
	}
	for _, name := range in.attach {
		content, err := readInput("--attach", name)
		if err != nil {
			return g, err
		}
		g.attach = append(g.attach, givenFile{filepath.Base(name), content})
	}
	if in.from != "" {
		a, err := message.ParseAddress(in.from)
		if err != nil {
			return g, fmt.Errorf("--from %w", err)
		}
		g.from = a.Mailbox()
	}
	for _, to := range in.to {
		a, err := message.ParseAddress(to)
		if err != nil {
			return g, fmt.Errorf("--to %w", err)
		}
		g.to = append(g.to, a.Mailbox())
	}
	return g, nil
}

func readInput(flag, name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, name, bare(err))
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, name, bare(err))
	}
	return content, nil
}

// bare takes the operation and the file's name off an error whose text has the
// name already.
func bare(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
