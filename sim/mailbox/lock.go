package mailbox

import (
	"context"

	"mailwalk/sim/clock"
)

// lock is held by the task that changes an account. Tasks run alone until they
// wait, so it matters only to those that wait while they hold it: for the disk.
type lock struct {
	held bool
	free *clock.Cond
}

// take waits for the lock. It fails when ctx is done or the host goes down.
func (l *lock) take(ctx context.Context) error {
	for l.held {
		if err := l.free.Wait(ctx); err != nil {
			return err
		}
	}
	l.held = true
	return nil
}

func (l *lock) release() {
	l.held = false
	l.free.Signal()
}
