package trace

// Steps lists the steps of a kind, in the order of their bodies' constants. It
// is nil for acts, whose step is whatever verb was done.
func Steps(k Kind) []string {
	switch k {
	case Packet:
		return []string{Sent, Delivered, Dropped, Duplicated, Delayed, Reordered, Corrupted}
	case Socket:
		return []string{Wrote, Read, Info}
	case Connection:
		return []string{Opening, Opened, Accepted, Refused, Failed, Closed, Reset, Secured, NotSecured, Sealed}
	case Line:
		return []string{Sent, Received, Dropped, Delayed, Held, Duplicated, Corrupted, Replaced, Answered}
	case Lookup:
		return []string{Asked, Query, Referral, Answer, NoData, NXDomain, Lame, Truncated, ServerError, Timeout, CacheHit, Cached, Expired, Resolved, NotFound, Unsolved}
	case Decision:
		return []string{
			CutDomain, Local, Remote, ChoseMX, ImplicitMX, NullMX, ChoseSmarthost, ChoseTransport, AcceptRecipient, RefuseRecipient,
			AcceptSender, RefuseSender,
			AcceptLogin, RefuseLogin, ChoseAddress, Retry, GiveUp, NextServer, NextAddress, NextMail, KnownDown, SkippedMX,
			FollowedAlias, NoDomain, NoAnswer, Forward, ComeLater, NoReport, NoDSN, ALabels, Split, NewSession,
			ChoseMechanism, DelayLogin, AskAgain,
			Smuggling, BareLineEnd, ControlOctet, EightBit, LongLine, Injection, ManyRecipients, ManyErrors, Slow,
			ChoseTLS, JudgeCert, FallBack,
			KnownCopy, FoundReport,
		}
	case Mail:
		return []string{
			Composed, Changed, Unsent, HopStarts, Accept, Queued, Relayed, Deferred, Stored, Fetched, Deleted, Bounced, Warned,
			Confirmed, Undeliverable,
			Compared, NoneFound,
		}
	case State:
		return []string{QueueState, MailboxState, SessionState, DiskState, HostState, TimerState}
	case Note:
		return []string{Narration, Warning}
	}
	return nil
}
