package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"mailwalk/sim/near"
)

//go:embed *.yaml
var walks embed.FS

//go:embed schema.json
var schema []byte

// Schema is the JSON schema of the language, for editors that check and complete
// while one writes.
func Schema() []byte { return slices.Clone(schema) }

// UnknownWalkError says that there is no walk of a name.
type UnknownWalkError struct {
	Name string
	// Nearest is the walk that was probably meant; it may be empty.
	Nearest string
}

// Error implements error.
func (e *UnknownWalkError) Error() string {
	s := fmt.Sprintf("there is no walk %q", e.Name)
	if e.Nearest != "" {
		s += "; did you mean " + e.Nearest + "?"
	}
	return s
}

// Names lists the walks that the program carries, in alphabetical order.
func Names() []string {
	entries, err := walks.ReadDir(".")
	if err != nil {
		return nil // an embedded folder can always be read
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".yaml")
	}
	return names
}

// List loads all walks that the program carries, sorted by part, place in the
// part, and name.
func List() ([]*Scenario, error) {
	var all []*Scenario
	for _, name := range Names() {
		s, err := Load(name)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b *Scenario) int {
		if a.Part != b.Part {
			return a.Part - b.Part
		}
		return a.Order - b.Order
	})
	return all, nil
}

// Load returns the walk of that name among those the program carries. Its error
// is [*UnknownWalkError] when there is none.
func Load(name string) (*Scenario, error) {
	file := name + ".yaml"
	data, err := walks.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil, &UnknownWalkError{Name: name, Nearest: near.Name(name, Names())}
	}
	if err != nil {
		return nil, err
	}
	return parse(file, data, walks)
}

// LoadFile reads a walk from a file. Files that the walk names are read from the
// same folder and those below it. Its error is [Problems] when the file can be
// read and is not a walk that can be run.
func LoadFile(name string) (*Scenario, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := readAtMost(f, maxFileSize+1)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return parse(name, data, root.FS())
}

// Parse reads a walk from the text of a file; filename is for messages. The walk
// cannot name files. Its error is [Problems].
func Parse(filename string, data []byte) (*Scenario, error) {
	return parse(filename, data, nil)
}

func parse(filename string, data []byte, beside fs.FS) (*Scenario, error) {
	s, problems := decode(filename, data)
	if len(problems) > 0 {
		return nil, problems
	}
	c := checker{s: s, beside: beside, faulty: map[named]bool{}}
	c.run()
	c.problems.sort()
	// What only looks wrong often does so because of what is wrong.
	errs := slices.DeleteFunc(slices.Clone(c.problems), func(p Problem) bool { return p.Warning })
	if len(errs) > 0 {
		return nil, errs
	}
	s.Warnings = c.problems
	return s, nil
}

// baseName is a file's name without folders and ending.
func baseName(file string) string {
	base := path.Base(filepath.ToSlash(file))
	return strings.TrimSuffix(strings.TrimSuffix(base, ".yaml"), ".yml")
}
