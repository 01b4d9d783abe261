package sim

import (
	"strings"

	"mailwalk/protocols/smtp"
	"mailwalk/scenarios"
	"mailwalk/sim/mta"
)

// policies tells a mail server what the walk says of whom it serves, and when.
func policies(cfg *mta.Config, m *scenarios.MTA) {
	cfg.Open, cfg.Hops = m.Open, m.Hops
	cfg.FollowAliases, cfg.CheckSender = m.FollowAliases, m.CheckSender
	cfg.Forward = map[string][]string{}
	for _, f := range m.Forward {
		cfg.Forward[strings.ToLower(f.Address)] = f.To
	}
	cfg.Extensions = []string{} // what the walk names, and no other
	for _, e := range m.Extensions {
		cfg.Extensions = append(cfg.Extensions, strings.ToUpper(string(e)))
	}
	if l := m.Session; l != nil {
		cfg.Limits = smtp.Limits{MailMax: l.Mails, RcptMax: l.Recipients, RcptDomainMax: l.Domains}
	}
	if g := m.Greylist; g != nil {
		cfg.Greylist = &mta.Greylist{Wait: g.Wait, Window: g.Window, Keep: g.Keep}
	}
	if l := m.Limit; l != nil {
		cfg.Limit = &mta.Limit{Mails: l.Mails, Per: l.Per}
	}
	if r := m.Retry; r != nil {
		cfg.Schedule = mta.Schedule{First: r.First, Most: r.Most, Notice: r.Notice, Expire: r.GiveUp}
	}
}

// notify is what a walk wants to be told, as SMTP says it.
func notify(events []scenarios.Notify) smtp.Notify {
	var n smtp.Notify
	for _, e := range events {
		n |= map[scenarios.Notify]smtp.Notify{
			scenarios.NotifySuccess: smtp.NotifySuccess, scenarios.NotifyFailure: smtp.NotifyFailure,
			scenarios.NotifyDelay: smtp.NotifyDelay, scenarios.NotifyNever: smtp.NotifyNever,
		}[e]
	}
	return n
}

// ret is how much is to come back, as SMTP says it.
func ret(r scenarios.Return) smtp.Ret {
	return map[scenarios.Return]smtp.Ret{scenarios.ReturnHeader: smtp.RetHdrs, scenarios.ReturnAll: smtp.RetFull}[r]
}
