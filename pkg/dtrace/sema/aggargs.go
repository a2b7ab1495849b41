package sema

import (
	"math"

	"github.com/smartbox-os/smartbox/pkg/dtrace/ctype"
	"github.com/smartbox-os/smartbox/pkg/dtrace/ir"
	"github.com/smartbox-os/smartbox/pkg/dtrace/lang"
)

// aggArgs checks the arguments of an aggregating function; the constant ones
// are returned as parameters.
func (c *checker) aggArgs(pos lang.Pos, fn ir.AggFunc, call *lang.Call) ([]ir.Expr, [4]int64, error) {
	var params [4]int64
	least, most := 1, 1
	switch fn {
	case ir.Count:
		least, most = 0, 0
	case ir.Quantize:
		most = 2
	case ir.Lquantize:
		least, most = 3, 5
	case ir.Llquantize:
		least, most = 5, 6
	}
	if n := len(call.Args); n < least || n > most {
		if fn == ir.Quantize {
			return nil, params, errorf(pos, "D_QUANT_PROTO", "quantize( ) prototype mismatch: %d args passed, at least 1 expected", n)
		}
		return nil, params, errorf(pos, tagProtoLen, "%s( ) prototype mismatch: %d arg%s passed, %d expected", fn, n, plural(n), least)
	}
	var args []ir.Expr
	if most > 0 {
		e, err := c.expr(call.Args[0])
		if err != nil {
			return nil, params, err
		}
		if !e.Type().IsInt() && !e.Type().IsPointer() {
			return nil, params, errorf(pos, tagAggScalar, "%s( ) argument must be of scalar type", fn)
		}
		args = append(args, convert(e, ctype.Integer(8, e.Type().Base().Signed)))
	}
	var err error
	rest := 1
	switch fn {
	case ir.Lquantize:
		params, err = c.lquantize(pos, call)
		rest = min(4, len(call.Args))
	case ir.Llquantize:
		params, err = c.llquantize(pos, call)
		rest = 5
	}
	if err != nil || len(call.Args) <= rest {
		return args, params, err
	}
	weight, err := c.expr(call.Args[rest])
	if err == nil && !weight.Type().IsInt() {
		err = errorf(pos, tagAggScalar, "%s( ) increment value must be of scalar type", fn)
	}
	if err != nil {
		return nil, params, err
	}
	return append(args, convert(weight, ctype.Long)), params, nil
}

// whole is a constant argument of an aggregating function.
func (c *checker) whole(call *lang.Call, i int, tag lang.Tag, what string) (int64, error) {
	e, err := c.expr(call.Args[i])
	if err != nil {
		return 0, err
	}
	k, ok := e.(*ir.Const)
	if !ok {
		return 0, errorf(call.Pos, tag, "%s must be an integer constant", what)
	}
	return k.V, nil
}

// lquantize checks base, limit and step. The buckets must be at most 65535.
func (c *checker) lquantize(pos lang.Pos, call *lang.Call) (p [4]int64, err error) {
	if p[0], err = c.whole(call, 1, "D_LQUANT_BASETYPE", "lquantize( ) argument #1"); err != nil {
		return p, err
	}
	if p[1], err = c.whole(call, 2, "D_LQUANT_LIMTYPE", "lquantize( ) argument #2"); err != nil {
		return p, err
	}
	p[2] = 1
	if len(call.Args) > 3 {
		if p[2], err = c.whole(call, 3, "D_LQUANT_STEPTYPE", "lquantize( ) argument #3"); err != nil {
			return p, err
		}
	}
	switch {
	case p[0] > math.MaxInt32 || p[0] < math.MinInt32:
		return p, errorf(pos, "D_LQUANT_BASEVAL", "lquantize( ) argument #1 must be a 32-bit quantity")
	case p[1] > math.MaxInt32 || p[1] < math.MinInt32:
		return p, errorf(pos, "D_LQUANT_LIMVAL", "lquantize( ) argument #2 must be a 32-bit quantity")
	case p[1] < p[0]:
		return p, errorf(pos, "D_LQUANT_MISMATCH", "lquantize( ) base (argument #1) must be less than limit (argument #2)")
	case p[2] <= 0 || p[2] > math.MaxUint16:
		return p, errorf(pos, "D_LQUANT_STEPVAL", "lquantize( ) argument #3 must be a 16-bit quantity above 0")
	}
	switch levels := (p[1] - p[0]) / p[2]; {
	case levels == 0:
		return p, errorf(pos, "D_LQUANT_STEPLARGE", "lquantize( ) step (argument #3) too large: must have at least one quantization level")
	case levels > math.MaxUint16:
		return p, errorf(pos, "D_LQUANT_STEPSMALL", "lquantize( ) step (argument #3) too small: number of quantization levels must be a 16-bit quantity")
	}
	return p, nil
}

// llquantize checks factor, low and high magnitude, and steps.
func (c *checker) llquantize(pos lang.Pos, call *lang.Call) (p [4]int64, err error) {
	for i, name := range [...]string{"FACTOR", "LMAG", "HMAG", "STEP"} {
		p[i], err = c.whole(call, i+1, lang.Tag("D_LLQUANT_"+name+"TYPE"), "llquantize( ) argument #"+string(rune('1'+i)))
		if err != nil {
			return p, err
		}
		if p[i] < 0 || p[i] > math.MaxUint16 || i == 0 && p[i] < 2 {
			return p, errorf(pos, lang.Tag("D_LLQUANT_"+name+"VAL"), "llquantize( ) argument #%d must be an unsigned 16-bit quantity", i+1)
		}
	}
	factor, low, high, steps := p[0], p[1], p[2], p[3]
	switch {
	case high < low:
		return p, errorf(pos, "D_LLQUANT_HMAGVAL", "llquantize( ) high magnitude must be at least as large as the low magnitude")
	case float64(high+1)*math.Log2(float64(factor)) > 64:
		return p, errorf(pos, "D_LLQUANT_HMAGVAL", "llquantize( ) factor (%d) raised to power of high magnitude (%d) overflows 64-bits", factor, high)
	case steps < factor && factor%max(steps, 1) != 0 || steps == 0:
		return p, errorf(pos, "D_LLQUANT_STEPVAL", "llquantize( ) steps (%d) must be a factor of the factor (%d)", steps, factor)
	}
	if steps > factor {
		unit := int64(1)
		for range low + 1 {
			unit *= factor
		}
		if unit%steps != 0 || steps%factor != 0 {
			return p, errorf(pos, "D_LLQUANT_STEPVAL", "llquantize( ) steps (%d) must evenly divide the factor (%d) raised to low magnitude plus one", steps, factor)
		}
	}
	return p, nil
}

// matchParams makes later uses of an aggregation agree with the first.
func matchParams(pos lang.Pos, a *ir.Agg, params [4]int64) error {
	names := []string{"MATCHBASE", "MATCHLIM", "MATCHSTEP"}
	prefix := "D_LQUANT_"
	if a.Fn == ir.Llquantize {
		names, prefix = []string{"MATCHFACTOR", "MATCHLMAG", "MATCHHMAG", "MATCHSTEPS"}, "D_LLQUANT_"
	}
	for i, name := range names {
		if a.Args[i] != params[i] {
			return errorf(pos, lang.Tag(prefix+name), "%s( ) argument #%d (%d) doesn't match previous declaration (%d) at line %d", a.Fn, i+1, params[i], a.Args[i], a.Pos.Line)
		}
	}
	return nil
}
