package zpool

import (
	"strconv"
	"strings"

	"github.com/smartbox-os/smartbox/internal/cli"
	"github.com/smartbox-os/smartbox/internal/out"
	"github.com/smartbox-os/smartbox/pkg/zpool"
	"github.com/smartbox-os/smartbox/pkg/zpool/dataset"
)

// printProperties prints pools with properties as zpool list -j and get -j do.
func printProperties(env *cli.Env, command string, pools []zpool.Pool, props []*dataset.PoolProperty, parsable, ints bool) error {
	all := make(out.Object, 0, len(pools))
	for _, p := range pools {
		var listed out.Object
		for _, prop := range props {
			if prop.Name == "name" {
				continue
			}
			v := property(p, prop.Name)
			value := any(v.Value)
			if n, err := strconv.ParseInt(v.Value, 10, 64); err == nil && ints && prop.Kind != dataset.Text {
				value = n
			} else if !parsable && !ints {
				value = prop.Human(v.Value)
			}
			source := v.Source
			if source == "-" {
				source = "none"
			}
			listed = append(listed, out.Member{Key: prop.Name, Value: out.Object{
				{Key: "value", Value: value},
				{Key: "source", Value: out.Object{{Key: "type", Value: strings.ToUpper(source)}, {Key: "data", Value: "-"}}},
			}})
		}
		all = append(all, out.Member{Key: p.Name, Value: out.Object{
			{Key: "name", Value: p.Name},
			{Key: "type", Value: "POOL"},
			{Key: "state", Value: p.Health},
			{Key: "pool_guid", Value: p.GUID},
			{Key: "properties", Value: listed},
		}})
	}
	return out.JSON(env.Stdout, out.Object{out.Version(command), {Key: "pools", Value: all}})
}
