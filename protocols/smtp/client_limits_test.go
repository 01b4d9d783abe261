package smtp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestSendWithinLimits: Send says nothing that the server has announced to refuse.
func TestSendWithinLimits(t *testing.T) {
	tests := []struct {
		name   string
		limits Limits
		to     string   // mailboxes
		mails  []string // the recipients of each mail that arrived
		err    error
	}{
		{"none", Limits{}, "a@x.example b@y.example c@x.example", []string{"a b c"}, nil},
		{"recipients", Limits{RcptMax: 2}, "a@x.example b@x.example c@x.example d@x.example e@x.example", []string{"a b", "c d", "e"}, nil},
		{"exactly", Limits{RcptMax: 2}, "a@x.example b@x.example c@x.example d@x.example", []string{"a b", "c d"}, nil},
		{"transactions", Limits{MailMax: 2, RcptMax: 1}, "a@x.example b@x.example c@x.example", []string{"a", "b"}, ErrLimit},
		{"domains", Limits{RcptDomainMax: 1}, "a@x.example b@y.example c@X.example", []string{"a c"}, ErrLimit},
		{"domains and recipients", Limits{RcptMax: 1, RcptDomainMax: 2}, "a@x.example b@y.example c@z.example d@y.example", []string{"a", "b", "d"}, ErrLimit},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv, b := realServer()
			srv.Limits = tt.limits
			c := serve(t, srv, nil, ClientOptions{})
			ctx := context.Background()
			if _, err := c.Hello(ctx); err != nil {
				t.Fatal(err)
			}
			if c.Limits() != tt.limits {
				t.Errorf("heard of %+v, want %+v", c.Limits(), tt.limits)
			}
			env := Envelope{From: Path{"s", "bar.com"}}
			for _, mailbox := range strings.Fields(tt.to) {
				to, err := ParseMailbox(mailbox)
				if err != nil {
					t.Fatal(err)
				}
				env.Recipients = append(env.Recipients, Recipient{To: to})
			}
			res, err := c.Send(ctx, env, []byte("x\r\n"))
			if !errors.Is(err, tt.err) || tt.err == nil && err != nil {
				t.Errorf("%v, want %v", err, tt.err)
			}
			var got []string
			arrived := 0
			for _, m := range b.mails {
				var names []string
				for _, rcpt := range m.env.Recipients {
					names = append(names, rcpt.To.Local)
				}
				got = append(got, strings.Join(names, " "))
				arrived += len(names)
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.mails) {
				t.Errorf("mails to %q, want %q", got, tt.mails)
			}
			if len(res.Accepted()) != arrived {
				t.Errorf("%d accepted, %d arrived", len(res.Accepted()), arrived)
			}
			for _, r := range res.Recipients {
				if r.Reply == nil != !r.Accepted() || !r.Accepted() && !r.Temporary() {
					t.Errorf("%v: %v", r.To, r.Reply)
				}
			}
		})
	}
}
