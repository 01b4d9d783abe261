package tui

import (
	"encoding/hex"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"mailwalk/protocols/dialog"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// copied is what y copies of an event, and what that is.
func (s *stage) copied(e *trace.Event) (text, what string) {
	switch b := e.Body.(type) {
	case *trace.PacketBody:
		return hex.Dump(b.Data), "the packet's octets in hex"
	case *trace.LineBody:
		if b.Role != dialog.Body {
			return b.Text, "the line"
		}
		if b.Content != nil {
			if data, ok := s.trace.Bodies.Get(b.Content.ID); ok {
				return string(data), "the content"
			}
		}
	case *trace.MailBody:
		if b.Content != nil {
			if data, ok := s.trace.Bodies.Get(b.Content.ID); ok {
				return string(data), "the mail"
			}
		}
	case *trace.LookupBody:
		return digged(b), "the look-up, as dig writes it"
	}
	return explain.Text(e), "the words"
}

// digged is a look-up in the form of dig: the question, and the records of each
// section.
func digged(b *trace.LookupBody) string {
	var out strings.Builder
	if b.RCode != "" {
		out.WriteString(";; status: " + b.RCode + "\n")
	}
	fmt.Fprintf(&out, ";%s IN %s\n", b.Name, b.Type)
	for _, section := range []struct {
		name    string
		records []trace.Record
	}{{"ANSWER", b.Records}, {"AUTHORITY", b.Authority}, {"ADDITIONAL", b.Additional}} {
		if len(section.records) == 0 {
			continue
		}
		fmt.Fprintf(&out, ";; %s SECTION:\n", section.name)
		for _, r := range section.records {
			fmt.Fprintf(&out, "%s %d IN %s %s\n", r.Name, r.TTL, r.Type, r.Data)
		}
	}
	return out.String()
}

func (m *Model) copyEvent() tea.Cmd {
	text, what := m.copied(m.event)
	m.toast = "Copied " + what + ": " + explain.Octets(int64(len(text))) + ", where the terminal lets programs copy."
	return tea.SetClipboard(text)
}

func (m *Model) copyJSON() tea.Cmd {
	text, err := trace.AppendJSON(nil, m.event, explain.Text(m.event))
	if err != nil {
		m.warn("This event has no JSON: " + err.Error())
		return nil
	}
	m.toast = "Copied the event as JSON: " + explain.Octets(int64(len(text))) + ", where the terminal lets programs copy."
	return tea.SetClipboard(string(text))
}

func (m *Model) noCopy() string {
	if m.event == nil {
		return "Nothing has happened yet that could be copied."
	}
	return ""
}
