//go:build race

package tui

// raced tells that the race detector is on: what is timed then is the detector.
const raced = true
