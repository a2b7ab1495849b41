package vnic

import (
	"testing"
)

func TestAttach_zonesOnAnEtherstubReachEachOther(t *testing.T) {
	h := newHost(t)
	etherstub(t, h, "stub0")
	a := attach(t, h, "a", []NIC{nic("stub0", "10.9.0.1/24", "fd00:9::1/64")})
	b := attach(t, h, "b", []NIC{nic("stub0", "10.9.0.2/24", "fd00:9::2/64")})
	a.reaches("10.9.0.2")
	a.reaches("fd00:9::2")
	b.reaches("10.9.0.1")
	a.reaches("127.0.0.1")
}
