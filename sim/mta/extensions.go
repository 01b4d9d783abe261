package mta

import (
	"slices"

	"mailwalk/protocols/smtp"
)

// usualExtensions are the EHLO keywords of a server that is told nothing else.
var usualExtensions = []string{"PIPELINING", "SIZE", "8BITMIME"}

// offer has an SMTP server offer what this one is to.
func (s *Server) offer(server *smtp.Server) {
	for _, e := range usualExtensions {
		if !s.offers(e) {
			server.Without = append(server.Without, e)
		}
	}
	server.Chunking, server.BinaryMIME = s.offers("CHUNKING"), s.offers("BINARYMIME")
	server.SMTPUTF8, server.DSN = s.offers("SMTPUTF8"), s.offers("DSN")
	server.Limits = s.Limits
}

func (s *Server) offers(keyword string) bool { return slices.Contains(s.Extensions, keyword) }
