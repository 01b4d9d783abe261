package main

import "context"

// runStep opens the stepping screen. A build without one has no command step.
var runStep func(ctx context.Context, s screen) error
