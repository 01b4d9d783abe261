package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"mailwalk/scenarios"
)

// loadWalk finds a walk by its name, or reads it from a file when what is given
// looks like one. Warnings go to w.
func loadWalk(name string, w io.Writer) (*scenarios.Scenario, error) {
	sc, err := loadNamed(name)
	if err != nil {
		return nil, err
	}
	for _, p := range sc.Warnings {
		fmt.Fprintln(w, p.Error())
	}
	return sc, nil
}

func loadNamed(name string) (*scenarios.Scenario, error) {
	if isFile(name) {
		sc, err := scenarios.LoadFile(name)
		return sc, walkError(name, err)
	}
	sc, err := scenarios.Load(name)
	var unknown *scenarios.UnknownWalkError
	if errors.As(err, &unknown) {
		return nil, fmt.Errorf("%w (mailwalk list shows all walks; a walk of your own is given as a file, such as ./%s.yaml)", err, name)
	}
	return sc, err
}

// walkError words an error of reading a walk: each problem stands on a line of
// its own with its place.
func walkError(name string, err error) error {
	var problems scenarios.Problems
	switch {
	case err == nil:
		return nil
	case errors.As(err, &problems):
		return fmt.Errorf("%s is no walk that can be run:\n%w", name, err)
	}
	return fmt.Errorf("%s: %w", name, bare(err))
}

func isFile(name string) bool {
	ext := filepath.Ext(name)
	return ext == ".yaml" || ext == ".yml" || strings.ContainsRune(name, '/') || strings.ContainsRune(name, filepath.Separator)
}

// completeWalks gives the shell the names of the walks, and files.
func completeWalks(_ *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, n := range scenarios.Names() {
		if strings.HasPrefix(n, start) {
			names = append(names, n)
		}
	}
	return names, cobra.ShellCompDirectiveDefault
}
