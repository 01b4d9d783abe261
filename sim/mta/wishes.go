package mta

import (
	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
)

// action is what a report says has become of a recipient's copy (RFC 3464 §2.3.3).
type action string

// The actions.
const (
	failed    action = "failed"
	delayed   action = "delayed"
	delivered action = "delivered" // it lies in the mailbox
	relayed   action = "relayed"   // to a server that tells of no success
	expanded  action = "expanded"  // to the addresses that the recipient stands for
)

// passed notes that a recipient has its copy, or that the next server answers for
// it. The sender is told if he has asked for that (RFC 3461 §5.2.2 and §5.2.3).
func (e *entry) passed(r *recipient, how action) {
	if e.ReversePath != "" && r.Notify.Has(smtp.NotifySuccess) {
		r.Passed = how
	} else {
		r.Done = true
	}
}

// wants tells whether the sender wants to be told of an event of a recipient. Of
// failures and delays he is told unless he has said otherwise (RFC 3461 §5.2.5 and
// §5.2.6).
func (r *recipient) wants(event smtp.Notify) bool {
	return r.Notify.Has(event) || r.Notify == 0 && event != smtp.NotifySuccess
}

// withoutSuccess takes SUCCESS away. Who has asked for nothing else wants no report
// of failures either.
func withoutSuccess(n smtp.Notify) smtp.Notify {
	if n == smtp.NotifySuccess {
		return smtp.NotifyNever
	}
	return n &^ smtp.NotifySuccess
}

// withoutDSN says that the wishes of a sender cannot be told to the next server (RFC
// 3461 §5.2.2).
func (s *Server) withoutDSN(e *entry, j *job, offered smtp.Extensions, host string) {
	if offered.Has("DSN") {
		return
	}
	asked := e.Ret != "" || e.EnvID != ""
	for _, r := range j.recipients {
		asked = asked || r.Notify != 0 || r.ORcpt != (smtp.OriginalRecipient{})
	}
	if asked {
		s.decide(trace.NoDSN, host, "leave the wishes out", "it does not offer DSN; of what goes wrong up to there, and that the mail was handed on, this server tells the sender itself")
	}
}
