package smtp

// chunking tells whether BDAT is offered: BINARYMIME cannot be without it (RFC
// 3030 §3).
func (s *Server) chunking() bool { return s.Chunking || s.BinaryMIME }

// offers are the extensions that a Server has to be told to offer.
func (s *Server) offers() Extensions {
	var es Extensions
	if s.chunking() {
		es = append(es, Extension{Keyword: "CHUNKING"})
	}
	if s.BinaryMIME {
		es = append(es, Extension{Keyword: "BINARYMIME"})
	}
	if s.SMTPUTF8 {
		es = append(es, Extension{Keyword: "SMTPUTF8"})
	}
	if s.DSN {
		es = append(es, Extension{Keyword: "DSN"})
	}
	if limits := s.Limits.String(); limits != "" {
		es = append(es, Extension{"LIMITS", limits})
	}
	return es
}
