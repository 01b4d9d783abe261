package mta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"mailwalk/sim/trace"
)

// recover takes up what the disk holds after a restart. The disk is read before any
// program works on it.
func (s *Server) recover() error {
	entries, err := s.readQueue()
	if err != nil {
		return err
	}
	for _, e := range entries {
		s.queue[e.ID] = e
	}
	for _, e := range entries {
		if e.Report != nil {
			if about := s.queue[e.Report.ID]; about != nil {
				about.reports = append(about.reports, e)
				continue // it leaves when that is noted
			}
		}
		s.Host.Go("recover "+e.ID, func(context.Context) { s.takeUp(e) })
	}
	return nil
}

// readQueue reads the entries and removes what is none. A content alone is of a mail
// about which nobody was told 250, or of one that is done; an entry of which nobody
// waits is done.
func (s *Server) readQueue() ([]*entry, error) {
	d := s.Host.Disk()
	var entries []*entry
	for _, name := range d.List("queue/") {
		id, isEnvelope := strings.CutSuffix(strings.TrimPrefix(name, "queue/"), ".json")
		if !isEnvelope {
			id, isContent := strings.CutSuffix(id, ".eml")
			if _, err := d.Read(envelopeFile(id)); isContent && !errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err := d.Remove(name); err != nil {
				return nil, err
			}
			continue
		}
		data, err := d.Read(name)
		if err != nil {
			return nil, err
		}
		e := &entry{saved: data}
		if err := json.Unmarshal(data, e); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if len(e.waiting()) > 0 {
			entries = append(entries, e)
			continue
		}
		s.tell(e, "", 0)
		if err := s.removeFiles(id); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// takeUp goes on with an entry after a restart. Reports on it that are in the queue
// are first noted in it, so that nobody is told twice.
func (s *Server) takeUp(e *entry) {
	s.about(e)
	s.tell(e, "active", 0)
	for _, b := range e.reports {
		for _, address := range e.note(b.Report) {
			s.decide(trace.FoundReport, address, "do not tell the sender again", "a report on it was in the queue already when the server went down")
		}
	}
	s.process(e)
}
