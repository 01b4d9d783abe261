package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mailwalk/scenarios"
	"mailwalk/sim/explain"
	"mailwalk/sim/near"
	"mailwalk/sim/trace"
	"mailwalk/sim/trace/pcapng"
)

// pcapOptions are the flags that ask for a capture file.
type pcapOptions struct{ file, link string }

const pcapHelp = "A capture of all links has an interface for each. Wireshark takes a packet that crosses two links for a\n" +
	"retransmission; to follow a stream or to look for real ones, capture one link with --link. The secrets of connections under\n" +
	"TLS are in the file, so that Wireshark opens what was said inside."

// flags adds the flags. walk finds the walk that an argument is of, so that the
// shell can be told its links.
func (o *pcapOptions) flags(cmd *cobra.Command, walk func(arg string) (*scenarios.Scenario, error)) {
	cmd.Flags().StringVar(&o.file, "pcap", "", "write the packets to a file for Wireshark (pcapng)")
	cmd.Flags().StringVar(&o.link, "link", "", "for --pcap: only the packets of this link")
	err := cmd.RegisterFlagCompletionFunc("link", func(_ *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
		if len(args) != 1 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		sc, err := walk(args[0])
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var names []string
		for _, name := range linkNames(sc) {
			if strings.HasPrefix(name, start) {
				names = append(names, name)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag does not exist: a mistake in this program, met at every start
	}
}

// pcapFile is a capture file that is written at a run's end.
type pcapFile struct {
	name    string // empty when none is asked for
	file    *os.File
	options pcapng.Options
}

// prepare checks the flags.
func (o pcapOptions) prepare(sc *scenarios.Scenario, v *view) (*pcapFile, error) {
	if o.file == "" {
		if o.link != "" {
			return nil, errors.New("--link says of which link the capture is; say with --pcap where it goes")
		}
		return &pcapFile{}, nil
	}
	if err := o.check(sc, nil); err != nil {
		return nil, err
	}
	options, err := o.options(sc, v)
	if err != nil {
		return nil, err
	}
	return &pcapFile{name: o.file, options: options}, nil
}

// create makes the file, which must not be the one that the run's trace goes to.
func (p *pcapFile) create(record string) error {
	if p.name == "" {
		return nil
	}
	if record != "" && sameFile(record, p.name) {
		return fmt.Errorf("--pcap %s: that is the trace itself, and it would be lost", p.name)
	}
	f, err := os.Create(p.name)
	if err != nil {
		return fmt.Errorf("--pcap %s: %w", p.name, bare(err))
	}
	p.file = f
	return nil
}

// sameFile tells whether two names are of one file, which is there.
func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// check says what is wrong with the link that is asked for, when neither the walk
// has it nor frames crossed it.
func (o pcapOptions) check(sc *scenarios.Scenario, crossed []pcapng.Link) error {
	if o.link == "" {
		return nil
	}
	names := linkNames(sc)
	if len(names) == 0 { // the walk could not be read
		for _, l := range crossed {
			names = append(names, l.Name)
		}
	}
	if slices.Contains(names, o.link) {
		return nil
	}
	// A host's own link to itself.
	if host, ok := strings.CutPrefix(o.link, "lo "); ok && sc.Host(host) != nil {
		return nil
	}
	if meant := near.Name(o.link, names); meant != "" {
		return fmt.Errorf("--link %q: there is no such link; did you mean %s?", o.link, meant)
	}
	return fmt.Errorf("--link %q: there is no such link; there are %s", o.link, strings.Join(names, ", "))
}

func linkNames(sc *scenarios.Scenario) []string {
	names := make([]string, len(sc.Links))
	for i, l := range sc.Links {
		names[i] = l.Name
	}
	return names
}

func (o pcapOptions) options(sc *scenarios.Scenario, v *view) (pcapng.Options, error) {
	depth, err := explain.ParseDepth(v.depth)
	if err != nil {
		return pcapng.Options{}, fmt.Errorf("--%w", err)
	}
	return pcapng.Options{
		Link: o.link, Start: sc.Start,
		Narrate: func(e *trace.Event) string {
			x := explain.For(e)
			return x.Why(depth)
		},
	}, nil
}

// write writes the frames of a trace and closes the file.
func (p *pcapFile) write(t *trace.Trace) error {
	if p.file == nil {
		return nil
	}
	c, err := pcapng.New(t, p.options)
	if err != nil {
		return errors.Join(failure{fmt.Errorf("%s: %w", p.name, err)}, p.close())
	}
	return p.save(c)
}

func (p *pcapFile) save(c *pcapng.Capture) error {
	_, err := c.WriteTo(p.file)
	if err != nil {
		err = failure{fmt.Errorf("%s: %w", p.name, bare(err))}
	}
	return errors.Join(err, p.close())
}

func (p *pcapFile) close() error {
	if p.file == nil {
		return nil
	}
	if err := p.file.Close(); err != nil {
		return failure{fmt.Errorf("%s: %w", p.name, bare(err))}
	}
	return nil
}
