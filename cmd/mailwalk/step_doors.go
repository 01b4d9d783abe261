package main

import (
	"errors"
	"fmt"
	"sync"

	"mailwalk/cmd/mailwalk/tui"
	"mailwalk/scenarios"
	"mailwalk/sim"
	"mailwalk/sim/doors"
	"mailwalk/sim/lab"
)

// doorBase is what is added to a server's port where nobody says otherwise.
const doorBase = 2000

// workbench is a walk as the stepping screen has it: to be stepped, to be touched, and
// with doors.
type workbench struct {
	*lab.Lab
	*doorkeeper
}

// openBench makes the world of a walk, with doors that can be opened.
func openBench(sc *scenarios.Scenario, g given) (*workbench, error) {
	g.doors = true
	l, err := lab.Open(sc, g.options())
	if err != nil {
		return nil, err
	}
	return &workbench{l, newDoorkeeper(sc, l)}, nil
}

// Close shuts the doors and ends the worlds.
func (b *workbench) Close() error { return errors.Join(b.shut(), b.Lab.Close()) }

// doorkeeper opens the doors of a lab's current run when somebody wants them open.
type doorkeeper struct {
	walk *scenarios.Scenario
	lab  *lab.Lab

	mu    sync.Mutex
	world *sim.World // that the doors lead into
	open  *doors.Set

	bell     sync.Mutex
	arrivals chan struct{} // nil when nobody can come any more
}

func newDoorkeeper(sc *scenarios.Scenario, l *lab.Lab) *doorkeeper {
	return &doorkeeper{walk: sc, lab: l, arrivals: make(chan struct{}, 1)}
}

// ring tells that somebody has done something.
func (k *doorkeeper) ring() {
	k.bell.Lock()
	defer k.bell.Unlock()
	select {
	case k.arrivals <- struct{}{}:
	default: // whoever looks finds all that came
	}
}

// OpenDoors implements tui.Visited. The doors lead into the run that is current; those
// into another are shut. A port that is taken is given way to.
func (k *doorkeeper) OpenDoors() ([]tui.DoorSign, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if w := k.lab.World(); w != k.world {
		if k.open != nil {
			if err := k.open.Close(); err != nil {
				return nil, err
			}
			k.open = nil
		}
		k.world = w
		w.OnArrival(k.ring)
	}
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
func (k *doorkeeper) Admit() bool {
	k.mu.Lock()
	w := k.world
	k.mu.Unlock()
	return w != nil && w == k.lab.World() && w.Admit()
}

// Arrivals implements tui.Visited.
func (k *doorkeeper) Arrivals() <-chan struct{} {
	k.bell.Lock()
	defer k.bell.Unlock()
	return k.arrivals
}

// shut shuts the doors. The worlds must be closed after.
func (k *doorkeeper) shut() error {
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
