package doors

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
)

// holder finds out which program has a port, by proc(5): the socket's inode is in
// the table of the protocol, and a program's open files name it. It is empty when
// that cannot be seen, as for programs of other users.
func holder(network string, at netip.AddrPort) string {
	inode := socketInode(network, at)
	if inode == "" {
		return ""
	}
	fds, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return ""
	}
	for _, fd := range fds {
		if link, err := os.Readlink(fd); err != nil || link != "socket:["+inode+"]" {
			continue
		}
		pid := strings.Split(fd, "/")[2]
		name, err := os.ReadFile("/proc/" + pid + "/comm")
		if err != nil {
			return "process " + pid
		}
		return fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(name)), pid)
	}
	return ""
}

// socketInode is that of the socket which is bound to a port, at any address.
func socketInode(network string, at netip.AddrPort) string {
	const listening = "0A"
	port := fmt.Sprintf(":%04X", at.Port())
	for _, table := range []string{network, network + "6"} {
		f, err := os.Open("/proc/net/" + table)
		if err != nil {
			continue
		}
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			// sl local_address rem_address st ... uid timeout inode
			field := strings.Fields(lines.Text())
			if len(field) > 9 && strings.HasSuffix(field[1], port) && (network == "udp" || field[3] == listening) {
				return field[9]
			}
		}
	}
	return ""
}
