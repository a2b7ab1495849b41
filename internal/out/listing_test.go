package out

import (
	"strings"
	"testing"
)

var columns = []Column{{Header: "LINK", Width: 12}, {Header: "CLASS", Width: 10}, {Header: "OVER", Width: 8}}

func TestListing(t *testing.T) {
	rows := [][]string{{"net0", "vnic", ""}, {"averylonglink0", "vnic", `a:b\c`}, {"x", "", "y"}}
	for _, test := range []struct {
		l    Listing
		want string
	}{
		{Listing{}, "LINK        CLASS     OVER\nnet0        vnic      --\naverylonglink0 vnic   a:b\\c\nx           --        y\n"},
		{Listing{Choice: "over,LINK"}, "OVER    LINK\n--      net0\na:b\\c   averylonglink0\ny       x\n"},
		{Listing{Choice: "over", Parsable: true}, "\na:b\\c\ny\n"},
		{Listing{Choice: "over,link", Parsable: true}, ":net0\na\\:b\\\\c:averylonglink0\ny:x\n"},
		{Listing{Parsable: true, Bare: true}, "net0:vnic:\naverylonglink0:vnic:a\\:b\\\\c\nx::y\n"},
	} {
		test.l.Columns = columns
		var b strings.Builder
		if err := test.l.Write(&b, rows); err != nil {
			t.Error(err)
		}
		if b.String() != test.want {
			t.Errorf("%+v:\n%s\nwant\n%s", test.l, b.String(), test.want)
		}
	}
}

func TestListing_refuses(t *testing.T) {
	for _, test := range []struct {
		l    Listing
		want string
	}{
		{Listing{Parsable: true}, "output fields must be specified in parsable mode"},
		{Listing{Parsable: true, Choice: "ALL"}, "output field `all' invalid in parsable mode"},
		{Listing{Choice: "link,speed"}, "unknown output field `speed'"},
		{Listing{Choice: "link,"}, "unknown output field `'"},
	} {
		test.l.Columns = columns
		if _, err := test.l.Choose(); err == nil || err.Error() != test.want {
			t.Errorf("%+v: %v, want %s", test.l, err, test.want)
		}
	}
}

func FuzzListing(f *testing.F) {
	f.Add("link,over", true)
	f.Fuzz(func(t *testing.T, choice string, parsable bool) {
		l := Listing{Columns: columns, Choice: choice, Parsable: parsable}
		var b strings.Builder
		_, chosen := l.Choose()
		if err := l.Write(&b, [][]string{{"a", "b", "c"}}); (err == nil) != (chosen == nil) {
			t.Errorf("choose %v, write %v", chosen, err)
		}
	})
}
