package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"mailwalk/cmd/mailwalk/plain"
	"mailwalk/scenarios"
	"mailwalk/sim/explain"
)

// parts are the parts of the curriculum.
var parts = map[int]string{
	1: "The journey",
	2: "Finding the way (DNS)",
	3: "When things go wrong",
	4: "Trust",
	5: "Under the hood",
	6: "Challenges",
}

func newList() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the walks",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			walks, err := scenarios.List()
			if err != nil {
				return failure{err}
			}
			w := bufio.NewWriter(cmd.OutOrStdout())
			switch format {
			case "plain":
				listPlain(w, walks)
			case "json":
				if err := listJSON(w, walks); err != nil {
					return failure{err}
				}
			default:
				return fmt.Errorf("--format %q: it is one of plain, json", format)
			}
			if err := w.Flush(); err != nil {
				return failure{err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "plain", "plain or json")
	complete(cmd, "format", "plain", "json")
	return cmd
}

func listPlain(w io.Writer, walks []*scenarios.Scenario) {
	part := 0
	for i, s := range walks {
		if s.Part != part {
			part = s.Part
			if i > 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintf(w, "%d. %s\n", part, parts[part])
		}
		fmt.Fprintf(w, "\n   %s: %s", s.Name, s.Title)
		if s.Teacher.Minutes > 0 {
			fmt.Fprintf(w, " (%d minutes)", s.Teacher.Minutes)
		}
		fmt.Fprintln(w)
		const margin = 6
		if s.Teacher.Objective != "" {
			for _, line := range plain.Wrap(explain.OneLine(s.Teacher.Objective), handoutWidth-margin) {
				fmt.Fprintf(w, "%*s%s\n", margin, "", line)
			}
		}
	}
}

// listed is a walk as `list --format json` has it, one a line.
type listed struct {
	Part      int    `json:"part"`
	PartTitle string `json:"partTitle"`
	Name      string `json:"name"`
	Title     string `json:"title"`
	Summary   string `json:"summary"`
	Minutes   int    `json:"minutes"`
	Objective string `json:"objective"`
}

func listJSON(w io.Writer, walks []*scenarios.Scenario) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, s := range walks {
		err := enc.Encode(listed{s.Part, parts[s.Part], s.Name, s.Title, s.Summary, s.Teacher.Minutes, s.Teacher.Objective})
		if err != nil {
			return err
		}
	}
	return nil
}
