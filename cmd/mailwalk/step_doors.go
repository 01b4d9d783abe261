package main

import (
	"errors"
	"fmt"
	"sync"

	"mailwalk/cmd/mailwalk/tui"
	"mailwalk/scenarios"
	"mailwalk/sim"
	"mailwalk/sim/doors"
)

// doorBase is what is added to a server's port where nobody says otherwise.
const doorBase = 2000

// doorkeeper opens the doors of a world when somebody wants them open.
type doorkeeper struct {
	walk  *scenarios.Scenario
	world *sim.World

	mu   sync.Mutex
	open *doors.Set

	bell     sync.Mutex
	arrivals chan struct{} // nil when nobody can come any more
}

func newDoorkeeper(sc *scenarios.Scenario, w *sim.World) *doorkeeper {
	k := &doorkeeper{walk: sc, world: w, arrivals: make(chan struct{}, 1)}
	w.OnArrival(func() {
		k.bell.Lock()
		defer k.bell.Unlock()
		select {
		case k.arrivals <- struct{}{}:
		default: // whoever looks finds all that came
		}
	})
	return k
}

// OpenDoors implements tui.Visited. A port that is taken is given way to.
func (k *doorkeeper) OpenDoors() ([]tui.DoorSign, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.open == nil {
		if err := k.serve(); err != nil {
			return nil, err
		}
	}
	signs := make([]tui.DoorSign, len(k.open.Doors))
	for i, o := range k.open.Doors {
		signs[i] = tui.DoorSign{Name: fmt.Sprintf("%s of %s, port %d", serviceWords(o), o.Host, o.At.Port()), Command: doors.Command(k.walk, o)}
	}
	return signs, nil
}

func (k *doorkeeper) serve() error {
	var err error
	for _, base := range []uint16{doorBase, 0} {
		var plan []doors.Open
		if plan, err = doors.Plan(sim.DoorsOf(k.walk), base); err != nil {
			continue
		}
		if k.open, err = doors.Serve(k.world, plan); err == nil {
			return nil
		}
		var taken *doors.TakenError
		if !errors.As(err, &taken) {
			return err
		}
	}
	return err
}

// Admit implements tui.Visited.
func (k *doorkeeper) Admit() bool { return k.world.Admit() }

// Arrivals implements tui.Visited.
func (k *doorkeeper) Arrivals() <-chan struct{} {
	k.bell.Lock()
	defer k.bell.Unlock()
	return k.arrivals
}

// close shuts the doors. The world must be closed after.
func (k *doorkeeper) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var err error
	if k.open != nil {
		err = k.open.Close()
	}
	k.bell.Lock()
	defer k.bell.Unlock()
	close(k.arrivals)
	k.arrivals = nil
	return err
}
