package consume

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"math/big"
	"sort"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/gen"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
)

// Entry is one key of an aggregation with its value over all CPUs.
type Entry struct {
	Layout *gen.AggLayout
	Key    []byte
	Words  []int64 // count first, then as the function has them
}

func words(b []byte) []int64 {
	out := make([]int64, len(b)/8)
	for i := range out {
		out[i] = int64(binary.NativeEndian.Uint64(b[8*i:]))
	}
	return out
}

// NewEntry sums the values that the CPUs have.
func NewEntry(a *gen.AggLayout, key []byte, perCPU [][]byte) Entry {
	e := Entry{Layout: a, Key: key, Words: make([]int64, a.ValueSize/8)}
	for _, v := range perCPU {
		e.add(words(v))
	}
	return e
}

// add adds the value of another CPU or key.
func (e *Entry) add(w []int64) {
	switch fn := e.Layout.Agg.Fn; {
	case w[0] == 0:
	case fn == ir.Min || fn == ir.Max:
		e.extreme(w)
	case fn == ir.Stddev:
		e.addSquares(w)
	default:
		for i := range w {
			e.Words[i] += w[i]
		}
	}
}

func (e *Entry) extreme(w []int64) {
	less := w[1] < e.Words[1]
	if !e.Layout.Agg.Sign {
		less = uint64(w[1]) < uint64(e.Words[1])
	}
	if e.Words[0] == 0 || less == (e.Layout.Agg.Fn == ir.Min) {
		e.Words[1] = w[1]
	}
	e.Words[0] += w[0]
}

// addSquares adds words 2 and 3 as one number of 128 bits.
func (e *Entry) addSquares(w []int64) {
	e.Words[0] += w[0]
	e.Words[1] += w[1]
	low := uint64(e.Words[2]) + uint64(w[2])
	if low < uint64(w[2]) {
		e.Words[3]++
	}
	e.Words[2] = int64(low)
	e.Words[3] += w[3]
}

// Value is the one number of a scalar function, and the sum of the weighted
// buckets of a distribution; entries are sorted by it.
func (e Entry) Value() int64 {
	w := e.Words
	switch e.Layout.Agg.Fn {
	case ir.Count:
		return w[0]
	case ir.Avg:
		if w[0] == 0 {
			return 0
		}
		return w[1] / w[0]
	case ir.Stddev:
		return e.deviation()
	case ir.Quantize, ir.Lquantize, ir.Llquantize:
		return e.sum().Int64()
	}
	return w[1]
}

// deviation is the square root of the mean of squares less the squared mean.
func (e Entry) deviation() int64 {
	n := e.Words[0]
	if n == 0 {
		return 0
	}
	sq := new(big.Int).SetUint64(uint64(e.Words[3]))
	sq.Lsh(sq, 64).Add(sq, new(big.Int).SetUint64(uint64(e.Words[2])))
	count := big.NewInt(n)
	sq.Quo(sq, count)
	mean := big.NewInt(e.Words[1] / n)
	sq.Sub(sq, mean.Mul(mean, mean))
	if sq.Sign() < 0 {
		return 0
	}
	return sq.Sqrt(sq).Int64()
}

// sum is exact: distributions that differ by little have an order too.
func (e Entry) sum() *big.Int {
	total, part := new(big.Int), new(big.Int)
	for i, n := range e.Words[1:] {
		if n != 0 {
			total.Add(total, part.Mul(big.NewInt(e.bucketValue(i)), big.NewInt(n)))
		}
	}
	return total
}

// bucketValue is the least value of a bucket.
func (e Entry) bucketValue(i int) int64 {
	a := e.Layout.Agg
	switch a.Fn {
	case ir.Quantize:
		return quantizeValue(i)
	case ir.Lquantize:
		return a.Args[0] + int64(i-1)*a.Args[2]
	}
	return llquantizeValue(a, i)
}

const zeroBucket = 63

func quantizeValue(i int) int64 {
	switch {
	case i < zeroBucket:
		return -(int64(1) << (zeroBucket - 1 - i))
	case i == zeroBucket:
		return 0
	}
	return 1 << (i - zeroBucket - 1)
}

func llquantizeValue(a *ir.Agg, i int) int64 {
	bounds := gen.LlquantizeBounds(a)
	switch n := len(bounds); {
	case i < n:
		return -bounds[n-1-i]
	case i == n:
		return 0
	default:
		return bounds[i-n-1]
	}
}

// Order is how entries are sorted.
type Order struct {
	ByKey    bool // aggsortkey
	KeyPos   int  // aggsortkeypos: first key to compare by
	ValuePos int  // aggsortpos: which of several aggregations
	Reverse  bool // aggsortrev
}

// Sort orders entries by value and then key, or the other way round.
func (o Order) Sort(entries []Entry) {
	sort.SliceStable(entries, func(i, j int) bool { return o.compare(entries[i], entries[j]) < 0 })
}

func (o Order) compare(a, b Entry) int {
	var n int
	if o.ByKey {
		n = cmp.Or(o.keys(a, b), compareValues(a, b))
	} else {
		n = cmp.Or(compareValues(a, b), o.keys(a, b))
	}
	if o.Reverse {
		return -n
	}
	return n
}

func compareValues(a, b Entry) int {
	if d := a.Layout.Agg.Fn; d == ir.Quantize || d == ir.Lquantize || d == ir.Llquantize {
		return cmp.Or(a.sum().Cmp(b.sum()), cmp.Compare(a.zero(), b.zero()))
	}
	return cmp.Compare(a.Value(), b.Value())
}

// zero is the weight of the bucket of zero, which decides between
// distributions of the same sum.
func (e Entry) zero() int64 {
	for i, n := range e.Words[1:] {
		if e.bucketValue(i) == 0 {
			return n
		}
	}
	return 0
}

func (o Order) keys(a, b Entry) int {
	n := len(a.Layout.Keys)
	for k := range n {
		i := (k + o.KeyPos) % n
		if c := compareKey(a.Layout.Keys[i], a.Key, b.Key); c != 0 {
			return c
		}
	}
	return 0
}

func compareKey(f gen.Field, a, b []byte) int {
	x, y := a[f.Off:f.Off+f.Size], b[f.Off:f.Off+f.Size]
	t := f.Type.Base()
	if t.Kind != ctype.Int && t.Kind != ctype.Enum && t.Kind != ctype.Pointer {
		return bytes.Compare(x, y)
	}
	// Without a sign, whatever the type: so it is everywhere.
	return cmp.Compare(binary.NativeEndian.Uint64(x), binary.NativeEndian.Uint64(y))
}

// maxBar is how many marks a full bar has.
const maxBar = 40

func bar(part, whole float64) int {
	if whole == 0 {
		return 0
	}
	return int(math.Floor(math.Abs(part)*maxBar/whole + 0.5))
}
