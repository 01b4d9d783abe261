//go:build unix

package sim

import (
	"syscall"
	"time"
)

// cpuTime is what the process has had of the processors, which other programs on a busy
// machine change less than how long something takes.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
