package trace

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTable holds that a table is a sorted map, and that copies of it stay as they
// are, whatever becomes of the others.
func TestTable(t *testing.T) {
	type copied struct {
		table table[int]
		want  map[string]int
	}
	check := func(c copied) {
		t.Helper()
		var got []int
		for v := range c.table.all() {
			got = append(got, *v)
		}
		var want []int
		for _, k := range slices.Sorted(maps.Keys(c.want)) {
			want = append(want, c.want[k])
			if v := c.table.get(k); v == nil || *v != c.want[k] {
				t.Fatalf("%s is %v, not %d", k, v, c.want[k])
			}
		}
		if !slices.Equal(got, want) || c.table.count != len(want) {
			t.Fatalf("%d entries %v, want %d: %v", c.table.count, got, len(want), want)
		}
		part := 0
		for k := range c.want {
			if k[:3] == "10\x00" {
				part++
			}
		}
		if n := len(c.table.under("10")); n != part {
			t.Fatalf("%d entries under 10, want %d", n, part)
		}
	}
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 3))
		now := copied{want: map[string]int{}}
		var copies []copied
		for i := range 4000 {
			k := tableKey(fmt.Sprint(10+rng.IntN(3)), fmt.Sprintf("%04d", rng.IntN(600)))
			if seed%2 == 0 {
				k = tableKey("10", fmt.Sprintf("%04d", i)) // in order
			}
			switch rng.IntN(10) {
			case 0, 1, 2:
				now.table.remove(k)
				delete(now.want, k)
			default:
				v, found := now.table.edit(k)
				if old, had := now.want[k]; found != had || *v != old {
					t.Fatalf("%s: got %d, %v", k, *v, found)
				}
				*v = i + 1
				now.want[k] = i + 1
			}
			if rng.IntN(200) == 0 {
				now.table.share()
				copies = append(copies, copied{now.table, maps.Clone(now.want)})
				if rng.IntN(3) == 0 { // go on from one of before
					old := copies[rng.IntN(len(copies))]
					now = copied{old.table, maps.Clone(old.want)}
				}
			}
		}
		check(now)
		for _, c := range copies {
			check(c)
		}
	}
}
