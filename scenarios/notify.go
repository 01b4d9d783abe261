package scenarios

// Notify is an event of which the sender of a mail wants to be told (RFC 3461 §4.1).
type Notify string

// The events. Never stands alone.
const (
	NotifySuccess Notify = "success"
	NotifyFailure Notify = "failure"
	NotifyDelay   Notify = "delay"
	NotifyNever   Notify = "never"
)

func (Notify) values() []string {
	return []string{string(NotifySuccess), string(NotifyFailure), string(NotifyDelay), string(NotifyNever)}
}

// Return is how much of a mail a report of its failure brings back (RFC 3461 §4.3).
type Return string

// What comes back.
const (
	ReturnHeader Return = "header"
	ReturnAll    Return = "all"
)

func (Return) values() []string { return []string{string(ReturnHeader), string(ReturnAll)} }
