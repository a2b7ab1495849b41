package vnic

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// test is a condition of a rule; a rule is tests and a verdict. All of them
// load into register 1.
type test []expr.Any

func load(base expr.PayloadBase, offset, size uint32) expr.Any {
	return &expr.Payload{DestRegister: 1, Base: base, Offset: offset, Len: size}
}

func compare(op expr.CmpOp, data []byte) expr.Any {
	return &expr.Cmp{Op: op, Register: 1, Data: data}
}

// is and isNot compare bytes of the frame.
func is(base expr.PayloadBase, offset uint32, data ...byte) test {
	return test{load(base, offset, uint32(len(data))), compare(expr.CmpOpEq, data)}
}

func isNot(base expr.PayloadBase, offset uint32, data ...byte) test {
	return test{load(base, offset, uint32(len(data))), compare(expr.CmpOpNeq, data)}
}

// protocol is the ethertype inside a VLAN tag, if there is one.
func protocol(op expr.CmpOp, ethertype uint16) test {
	return test{
		&expr.Meta{Key: expr.MetaKeyPROTOCOL, Register: 1},
		compare(op, binary.BigEndian.AppendUint16(nil, ethertype)),
	}
}

// transport is the protocol above IP, behind IPv6's extension headers.
func transport(proto byte) test {
	return test{&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, compare(expr.CmpOpEq, []byte{proto})}
}

// in looks bytes of the frame up in a set.
func in(base expr.PayloadBase, offset, size uint32, set *nftables.Set) test {
	return test{load(base, offset, size), &expr.Lookup{SourceRegister: 1, SetName: set.Name, SetID: set.ID}}
}

func notIn(base expr.PayloadBase, offset, size uint32, set *nftables.Set) test {
	return test{load(base, offset, size), &expr.Lookup{SourceRegister: 1, SetName: set.Name, SetID: set.ID, Invert: true}}
}

// chain is one link's ingress chain under construction.
type chain struct {
	conn  *nftables.Conn
	table *nftables.Table
	chain *nftables.Chain
}

// guardPriority lets a firewall at priority 0 see only what passed.
var guardPriority = nftables.ChainPriorityRef(-100)

// openChain makes, or empties, the chain for what comes in by a link of this
// network namespace. What no rule accepts is dropped.
func openChain(conn *nftables.Conn, table *nftables.Table, name, device string) *chain {
	policy := nftables.ChainPolicyDrop
	c := conn.AddChain(&nftables.Chain{
		Name: name, Table: table, Device: device,
		Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookIngress,
		Priority: guardPriority, Policy: &policy,
	})
	conn.FlushChain(c)
	return &chain{conn, table, c}
}

func (c *chain) rule(verdict expr.VerdictKind, tests ...test) {
	var exprs []expr.Any
	for _, t := range tests {
		exprs = append(exprs, t...)
	}
	if verdict == expr.VerdictDrop {
		exprs = append(exprs, &expr.Counter{})
	}
	exprs = append(exprs, &expr.Verdict{Kind: verdict})
	c.conn.AddRule(&nftables.Rule{Table: c.table, Chain: c.chain, Exprs: exprs})
}

func (c *chain) drop(tests ...test)   { c.rule(expr.VerdictDrop, tests...) }
func (c *chain) accept(tests ...test) { c.rule(expr.VerdictAccept, tests...) }

// addrSet makes, or refills, a named set of addresses of one family.
func (c *chain) addrSet(name string, kind nftables.SetDatatype, ranges []addrRange) (*nftables.Set, error) {
	set := &nftables.Set{Table: c.table, Name: name, KeyType: kind, Interval: true}
	if err := c.conn.AddSet(set, nil); err != nil {
		return nil, err
	}
	c.conn.FlushSet(set)
	if len(ranges) == 0 {
		return set, nil
	}
	return set, c.conn.SetAddElements(set, elements(ranges))
}

// elements writes ranges as nftables wants them: where each begins, and where
// what follows it begins.
func elements(ranges []addrRange) []nftables.SetElement {
	var all []nftables.SetElement
	for _, r := range ranges {
		all = append(all, nftables.SetElement{Key: r.from.AsSlice()})
		if next := r.to.Next(); next.IsValid() {
			all = append(all, nftables.SetElement{Key: next.AsSlice(), IntervalEnd: true})
		}
	}
	return all
}

// portSet is a constant set without a name.
func (c *chain) portSet(ports []uint16) (*nftables.Set, error) {
	set := &nftables.Set{Table: c.table, Anonymous: true, Constant: true, KeyType: nftables.TypeInetService}
	var all []nftables.SetElement
	for _, p := range ports {
		all = append(all, nftables.SetElement{Key: binary.BigEndian.AppendUint16(nil, p)})
	}
	return set, c.conn.AddSet(set, all)
}

// commit sends everything as one transaction.
func commit(conn *nftables.Conn) error {
	if err := conn.Flush(); err != nil {
		return unsupportedNFT(err)
	}
	return nil
}

func unsupportedNFT(err error) error {
	return unsupported(fmt.Errorf("nftables: %w", err), "link protection", "nftables ingress filters (CONFIG_NF_TABLES_NETDEV)")
}

// netdevTable is the table of that name, made as needed.
func netdevTable(conn *nftables.Conn, name string) *nftables.Table {
	return conn.AddTable(&nftables.Table{Name: name, Family: nftables.TableFamilyNetdev})
}

// dropTable removes a table; one that is not there is fine.
func dropTable(name string) error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	conn.DelTable(netdevTable(conn, name))
	return commit(conn)
}

// guardTable is the name of the table that guards a switch.
func (h *Host) guardTable(bridge string) string {
	return h.root.KernelName("smartbox") + ".switch." + bridge
}

// guardBridge keeps what runs over a switch from the host: zones must not
// reach its services there, whatever address they ask for. The host speaks on
// a switch only through a vnic of its own.
func (h *Host) guardBridge(bridge string) error {
	conn, err := nftables.New()
	if err != nil {
		return err
	}
	h.guard(conn, bridge)
	return commit(conn)
}

func (h *Host) guard(conn *nftables.Conn, bridge string) {
	openChain(conn, netdevTable(conn, h.guardTable(bridge)), "host", bridge)
}

func (h *Host) unguardBridge(bridge string) error { return dropTable(h.guardTable(bridge)) }

// addrRange is the addresses from one to another of the same family.
type addrRange struct{ from, to netip.Addr }

const (
	etherIPv4 = unix.ETH_P_IP
	etherIPv6 = unix.ETH_P_IPV6
	etherARP  = unix.ETH_P_ARP
)
