package scenarios

import (
	"time"

	"mailwalk/sim/trace"
)

// Fault is something that goes wrong. The language has its shape; walks with
// faults are not run yet, and the checker says so.
type Fault struct {
	Pos Position `yaml:"-"`
	// A host to switch off and on again.
	Host string `yaml:"host"`
	// A link to cut and mend again.
	Link string `yaml:"link"`
	// Packets to spoil, as a selector of packet events; nth=3 at its end means the third.
	Packet trace.Selector `yaml:"packet"`
	// What is done to the host, the link or the packet.
	Does FaultVerb `yaml:"does,required"`
	// For delay: how much later the packet arrives.
	By time.Duration `yaml:"by"`
	// How long it lasts. Default: to the end of the walk.
	For    time.Duration `yaml:"for"`
	Anchor `yaml:",inline"`
}

// FaultVerb is what a fault does.
type FaultVerb string

// The verbs of faults.
const (
	SwitchOff FaultVerb = "off"
	SwitchOn  FaultVerb = "on"
	Cut       FaultVerb = "cut"
	Drop      FaultVerb = "drop"
	Delay     FaultVerb = "delay"
	Duplicate FaultVerb = "duplicate"
)

func (FaultVerb) values() []string {
	return []string{string(SwitchOff), string(SwitchOn), string(Cut), string(Drop), string(Delay), string(Duplicate)}
}
