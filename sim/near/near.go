// Package near finds the known name that a mistyped one was meant to be.
package near

import "unicode/utf8"

// Name returns the name that is nearest to word: the one that takes the fewest
// letters added, left out, changed or swapped with their neighbour, and the
// first of those in names. It returns "" when none is near enough to be meant.
func Name(word string, names []string) string {
	best, least := "", utf8.RuneCountInString(word)/2+1
	for _, name := range names {
		if d := Distance(word, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// Distance counts the letters that must be added, left out, changed or swapped
// with their neighbour to make b of a (the optimal string alignment distance).
// Upper and lower case of ASCII letters count as the same.
func Distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	before := make([]int, len(to)+1)
	last := make([]int, len(to)+1)
	row := make([]int, len(to)+1)
	for j := range last {
		last[j] = j
	}
	for i := range from {
		row[0] = i + 1
		for j := range to {
			change := 1
			if lower(from[i]) == lower(to[j]) {
				change = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+change)
			if i > 0 && j > 0 && lower(from[i]) == lower(to[j-1]) && lower(from[i-1]) == lower(to[j]) {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(to)]
}

func lower(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}
