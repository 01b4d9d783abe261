package wire

import (
	"context"
	"net"
)

// Serve accepts connections and serves each in a task of its own, until the
// listener is closed or the host is switched off.
func Serve(h Host, l net.Listener, name string, serve func(ctx context.Context, nc net.Conn)) {
	h.Go(name, func(context.Context) {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			h.Go(name+" session", func(ctx context.Context) { serve(ctx, nc) })
		}
	})
}
