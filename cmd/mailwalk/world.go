package main

import (
	"context"
	"time"

	"mailwalk/sim/trace"
)

// world is a walk that can be run: what the faces need of package sim.
type world interface {
	Trace() *trace.Trace
	// Listen has f called with each event when it is recorded.
	Listen(f func(*trace.Event))
	// Run goes on until nothing is left to happen, or ctx is done.
	Run(ctx context.Context) error
	// Step runs one entry of the world's queue; false when there is none.
	Step() bool
	Now() time.Duration
	Close() error
}

// given is what a person gives a walk besides its file.
type given struct {
	seed          *uint64 // nil for the walk's own
	message       *givenFile
	attach        []givenFile
	from          string
	to            []string
	subject, text string
	wire          string // virtual or loopback
	doors         bool   // visitors can come in
	idle          bool   // the walk's people do nothing
}

type givenFile struct {
	name    string
	content []byte
}

// openWorld makes the world of a walk. Tests put worlds of their own in its place.
var openWorld = openSim
