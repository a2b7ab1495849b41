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
	if err := countArgs(call, string(fn), least, most); err != nil {
		return nil, params, err
	}
	var args []ir.Expr
	if most > 0 {
		e, err := c.argExpr(call.Args[0])
		if err != nil {
			return nil, params, err
		}
		if !e.Type().IsInt() && !e.Type().IsPointer() {
			return nil, params, errorf(pos, tagAggScalar, "%s( ) argument #1 must be of scalar type", fn)
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
	weight, err := c.argExpr(call.Args[rest])
	if err == nil && !weight.Type().IsInt() {
		err = mismatch(pos, string(fn), rest+1, param{anyInt, "int"}, weight)
	}
	if err != nil {
		return nil, params, err
	}
	return append(args, convert(weight, ctype.Long)), params, nil
}

// whole is a constant argument of an aggregating function.
func (c *checker) whole(call *lang.Call, i int, tag lang.Tag, what string) (int64, error) {
	e, err := c.argExpr(call.Args[i])
	if err != nil {
		return 0, err
	}
	k, ok := e.(*ir.Const)
	if !ok || !k.T.IsInt() {
		return 0, errorf(call.Pos, tag, "%s( ) argument #%d must be %s", call.Fun.(*lang.Ident).Name, i+1, what)
	}
	return k.V, nil
}

// step is a constant argument that must be above zero.
func (c *checker) step(call *lang.Call, i int, tag lang.Tag) (int64, error) {
	const what = "a non-zero positive integer constant"
	v, err := c.whole(call, i, tag, what)
	if err == nil && v <= 0 {
		err = errorf(call.Pos, tag, "%s( ) argument #%d must be %s", call.Fun.(*lang.Ident).Name, i+1, what)
	}
	return v, err
}

// lquantize checks base, limit and step. The buckets must be at most 65535.
func (c *checker) lquantize(pos lang.Pos, call *lang.Call) (p [4]int64, err error) {
	const what = "an integer constant"
	if p[0], err = c.whole(call, 1, "D_LQUANT_BASETYPE", what); err != nil {
		return p, err
	}
	if p[1], err = c.whole(call, 2, "D_LQUANT_LIMTYPE", what); err != nil {
		return p, err
	}
	p[2] = 1
	if len(call.Args) > 3 {
		if p[2], err = c.step(call, 3, "D_LQUANT_STEPTYPE"); err != nil {
			return p, err
		}
	}
	switch {
	case p[0] > math.MaxInt32 || p[0] < math.MinInt32:
		return p, errorf(pos, "D_LQUANT_BASEVAL", "lquantize( ) argument #2 must be a 32-bit quantity")
	case p[1] > math.MaxInt32 || p[1] < math.MinInt32:
		return p, errorf(pos, "D_LQUANT_LIMVAL", "lquantize( ) argument #3 must be a 32-bit quantity")
	case p[1] < p[0]:
		return p, errorf(pos, "D_LQUANT_MISMATCH", "lquantize( ) base (argument #2) must be less than limit (argument #3)")
	case p[2] > math.MaxUint16:
		return p, errorf(pos, "D_LQUANT_STEPVAL", "lquantize( ) argument #4 must be a 16-bit quantity")
	}
	switch levels := (p[1] - p[0]) / p[2]; {
	case levels == 0:
		return p, errorf(pos, "D_LQUANT_STEPLARGE", "lquantize( ) step (argument #4) too large: must have at least one quantization level")
	case levels > math.MaxUint16:
		return p, errorf(pos, "D_LQUANT_STEPSMALL", "lquantize( ) step (argument #4) too small: number of quantization levels must be a 16-bit quantity")
	}
	return p, nil
}

// llquantize checks factor, low and high magnitude, and steps.
func (c *checker) llquantize(pos lang.Pos, call *lang.Call) (p [4]int64, err error) {
	for i, name := range [...]string{"FACTOR", "LMAG", "HMAG", "STEP"} {
		tag := lang.Tag("D_LLQUANT_" + name + "TYPE")
		if name == "STEP" {
			p[i], err = c.step(call, i+1, tag)
		} else {
			p[i], err = c.whole(call, i+1, tag, "an integer constant")
		}
		if err != nil {
			return p, err
		}
		if p[i] < 0 || p[i] > math.MaxUint16 || i == 0 && p[i] < 2 {
			return p, errorf(pos, lang.Tag("D_LLQUANT_"+name+"VAL"), "llquantize( ) argument #%d must be an unsigned 16-bit quantity", i+2)
		}
	}
	factor, low, high, steps := p[0], p[1], p[2], p[3]
	switch {
	case high < low:
		return p, errorf(pos, "D_LLQUANT_HMAGVAL", "llquantize( ) high magnitude must be at least as large as the low magnitude")
	case float64(high+1)*math.Log2(float64(factor)) > 64:
		return p, errorf(pos, "D_LLQUANT_HMAGVAL", "llquantize( ) factor (%d) raised to power of high magnitude (%d) overflows 64-bits", factor, high)
	case !stepsFit(factor, steps):
		return p, errorf(pos, "D_LLQUANT_STEPVAL", "llquantize( ) steps (%d) must divide the factor (%d), or be a multiple of it that divides its next power", steps, factor)
	}
	return p, nil
}

// stepsFit reports whether each magnitude can be cut into that many steps of a
// whole width: they divide the factor, or are a multiple of it that divides its
// next power.
func stepsFit(factor, steps int64) bool {
	if steps < factor {
		return factor%steps == 0
	}
	power := factor
	for power < steps {
		power *= factor // both have 16 bits
	}
	return power%steps == 0 && steps%factor == 0
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
