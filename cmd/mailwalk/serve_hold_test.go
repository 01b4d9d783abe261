package main

import (
	"net"
	"os"
	"runtime"
	"strconv"
	"testing"
)

// holdPort has a port of this machine until the test ends, and says by what name
// its holder, which is the test, is known.
func holdPort(t *testing.T, network string) (port int, name string) {
	t.Helper()
	switch network {
	case "tcp":
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		port = l.Addr().(*net.TCPAddr).Port
	case "udp":
		c, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		port = c.LocalAddr().(*net.UDPAddr).Port
	}
	if runtime.GOOS != "linux" {
		return port, "another program"
	}
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	return port, string(comm[:len(comm)-1]) + " (process " + itoa(os.Getpid()) + ")"
}

func itoa(n int) string { return strconv.Itoa(n) }
