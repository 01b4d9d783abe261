package trace

import "encoding/binary"

// chunkLen is the number of elements of a chunk of a list.
const chunkLen = 4096

// list is a long list that grows without being moved.
type list[T any] struct {
	chunks [][]T
	len    int
}

func (l *list[T]) append(v T) {
	if l.len == len(l.chunks)*chunkLen {
		l.chunks = append(l.chunks, nil)
	}
	last := &l.chunks[len(l.chunks)-1]
	*last = append(*last, v)
	l.len++
}

// at is the element of an index.
func (l *list[T]) at(i uint32) *T { return &l.chunks[i/chunkLen][i%chunkLen] }

// seqs are numbers of events in their order, as the steps from one to the next.
type seqs struct {
	first, last uint32
	count       uint32
	steps       []byte
}

// add adds a number that is above the last.
func (s *seqs) add(seq uint32) {
	if s.count == 0 {
		s.first = seq
	} else {
		s.steps = binary.AppendUvarint(s.steps, uint64(seq-s.last))
	}
	s.last = seq
	s.count++
}

// all lists the numbers.
func (s *seqs) all() []uint64 {
	if s.count == 0 {
		return nil
	}
	all := make([]uint64, 1, s.count)
	all[0] = uint64(s.first)
	for rest := s.steps; len(rest) > 0; {
		step, n := binary.Uvarint(rest)
		rest = rest[n:]
		all = append(all, all[len(all)-1]+step)
	}
	return all
}
