package sim

import "mailwalk/sim/wire"

// watched is a host whose servers' clients are listened to, so that one who
// speaks another protocol than the server is told of.
type watched struct {
	wire.Host
	world *World
}
