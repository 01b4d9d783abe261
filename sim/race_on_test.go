//go:build race

package sim

// raced says that the race detector is on, under which a world takes eight times as long.
const raced = true
