module mailwalk

go 1.26.3

// TLS repeats: the keys of key exchanges are drawn from tls.Config.Rand.
godebug cryptocustomrand=1

require (
	charm.land/bubbles/v2 v2.2.1 // bindings of keys, and a place to write in; github.com/charmbracelet/bubbles, likewise
	charm.land/bubbletea/v2 v2.1.1 // the screen; github.com/charmbracelet/bubbletea publishes its v2 under this path
	charm.land/fang/v2 v2.0.1 // help and errors of the command line
	charm.land/lipgloss/v2 v2.0.6 // styles of the screen; github.com/charmbracelet/lipgloss, likewise
	github.com/charmbracelet/colorprofile v0.4.3 // what colours a terminal has
	github.com/charmbracelet/ultraviolet v0.0.0-20261008173134-6b8d4baf91b4 // the cells of that terminal
	github.com/charmbracelet/x/ansi v0.11.9 // widths and cuts of text on a terminal
	github.com/charmbracelet/x/term v0.2.2 // whether it is a terminal, and its size
	github.com/charmbracelet/x/vt v0.0.0-20260305213658-fe36e8c10185 // a terminal for tests: what really stands on the screen
	github.com/emersion/go-message v0.18.2 // character sets of mails, and a second reader of MIME in tests
	github.com/goccy/go-yaml v1.19.2 // walks, with errors that point at the line
	github.com/klauspost/compress v1.20.3 // zstd, for traces on disk
	github.com/miekg/dns v1.1.73 // messages and master files of the DNS
	github.com/rogpeppe/go-internal v1.16.0 // testscript: tests of the whole program
	github.com/spf13/cobra v1.10.2 // commands
	github.com/spf13/pflag v1.0.9 // errors of their flags
	go.uber.org/goleak v1.3.0 // no goroutine outlives a world, in tests
	golang.org/x/net v0.61.0 // internationalized domain names (IDNA)
	golang.org/x/sys v0.49.0 // the kernel's TCP counters (TCP_INFO), on the loopback wire
	golang.org/x/text v0.43.0 // character sets, through go-message
	gvisor.dev/gvisor v0.0.0-20260905035102-160fafc42237 // the network stack of each host: TCP, UDP, ICMP, IPv4, IPv6, ARP, NDP
)

require (
	github.com/atotto/clipboard v0.1.4 // indirect
	github.com/charmbracelet/x/exp/charmtone v0.0.0-20250603201427-c31516f43444 // indirect
	github.com/charmbracelet/x/exp/ordered v0.1.0 // indirect
	github.com/charmbracelet/x/termios v0.1.1 // indirect
	github.com/charmbracelet/x/windows v0.2.2 // indirect
	github.com/clipperhouse/displaywidth v0.11.0 // indirect
	github.com/clipperhouse/uax29/v2 v2.7.0 // indirect
	github.com/google/btree v1.1.3 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/lucasb-eyer/go-colorful v1.4.1 // indirect
	github.com/mattn/go-runewidth v0.0.30 // indirect
	github.com/muesli/cancelreader v0.2.2 // indirect
	github.com/muesli/mango v0.1.0 // indirect
	github.com/muesli/mango-cobra v1.2.0 // indirect
	github.com/muesli/mango-pflag v0.1.0 // indirect
	github.com/muesli/roff v0.1.0 // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	github.com/xo/terminfo v1.0.0 // indirect
	golang.org/x/exp v0.0.0-20261014143641-f0251eb4aa3e // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/time v0.16.0 // indirect
	golang.org/x/tools v0.52.0 // indirect
)
