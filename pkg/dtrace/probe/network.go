package probe

import "fmt"

// Where the headers of a packet are, in D. One that is sent has its headers
// noted; one that comes in is seen before that, at its network header.
const (
	packet   = "((struct sk_buff *)arg0)"
	sentIP   = "((struct iphdr *)(" + packet + "->head + " + packet + "->network_header))"
	cameIP   = "((struct iphdr *)" + packet + "->data)"
	noSocket = "(struct sock *)0"
	sentFrom = packet + "->sk"
)

// isIP is a condition: the packet is one of IP, with a payload of a protocol
// unless that is 0.
func isIP(header string, protocol int) string {
	const v4, v6 = "(uint16_t)" + packet + "->protocol == 0x0008", "(uint16_t)" + packet + "->protocol == 0xdd86" // as they travel
	if protocol == 0 {
		return v4 + " || " + v6
	}
	return fmt.Sprintf("%s && %s->protocol == %d || %s && ((struct ipv6hdr *)%s)->nexthdr == %d", v4, header, protocol, v6, header, protocol)
}

// payload is what comes behind the network header, as a struct of the kernel's.
func payload(kind, header string) string {
	return fmt.Sprintf("(struct %s *)((uint64_t)%s + (%s->version == 4 ? 4 * %s->ihl : 40))", kind, header, header, header)
}

// packetArgs are the arguments that all probes of packets begin with.
func packetArgs(header, socket string) []Arg {
	return []Arg{arg("pktinfo_t *", packet), arg("csinfo_t *", socket), arg("ipinfo_t *", header)}
}

func ipProbes() []static {
	args := func(header, socket string) []Arg {
		return append(packetArgs(header, socket), arg("ifinfo_t *", packet+"->dev"), arg("ipv4info_t *", header), arg("ipv6info_t *", header))
	}
	return []static{
		{"ip", "receive", "netif_receive_skb", isIP(cameIP, 0), "", args(cameIP, noSocket), ""},
		{"ip", "send", "net_dev_queue", isIP(sentIP, 0), "", args(sentIP, sentFrom), ""},
	}
}

func udpProbes() []static {
	const udp = 17
	args := func(header, socket string) []Arg {
		return append(packetArgs(header, socket), arg("udpsinfo_t *", socket), arg("udpinfo_t *", payload("udphdr", header)))
	}
	return []static{
		{"udp", "receive", "netif_receive_skb", isIP(cameIP, udp), "", args(cameIP, noSocket), ""},
		{"udp", "send", "net_dev_queue", isIP(sentIP, udp), "", args(sentIP, sentFrom), ""},
	}
}

// tcpProbes are those of packets, and those of a connection's states, which
// have no packet: what its header would say is said by the socket.
func tcpProbes() []static {
	const tcp = 6
	args := func(header, socket string) []Arg {
		return append(packetArgs(header, socket), arg("tcpsinfo_t *", socket), arg("tcpinfo_t *", payload("tcphdr", header)))
	}
	// A connection that waits out its time is closed for the kernel, which keeps
	// less than a socket of it; one that was reset has an error.
	const next = "(((int)arg1 == 5 || (int)arg1 == 11) && (int)arg2 == 7 && ((struct sock *)arg0)->sk_err == 0 ? 6 : arg2)"
	const turning = "(struct sock_turning *)((uint64_t)arg0 << 8 >> 8 | (uint64_t)" + next + " << 56)"
	state := func(came int) []Arg {
		const socket = "(struct sock *)arg0"
		end := fmt.Sprintf("(struct sock_end *)((uint64_t)arg0 | %d)", came)
		return []Arg{
			arg("pktinfo_t *", "(struct sk_buff *)0"), arg("csinfo_t *", socket), arg("ipinfo_t *", end),
			arg("tcpsinfo_t *", turning), arg("tcpinfo_t *", end), arg("tcplsinfo_t *", "(int)arg1"),
		}
	}
	changes := func(from, to int) string {
		return fmt.Sprintf("((struct sock *)arg0)->sk_protocol == %d && (int)arg1 == %d && (int)arg2 == %d", tcp, from, to)
	}
	const established, synSent, synReceived, closed = 1, 2, 3, 7
	return []static{
		{"tcp", "accept-established", "inet_sock_set_state", changes(synReceived, established), "", state(1), ""},
		{"tcp", "connect-established", "inet_sock_set_state", changes(synSent, established), "", state(1), ""},
		{"tcp", "connect-refused", "inet_sock_set_state", changes(synSent, closed), "", state(1), ""},
		{"tcp", "connect-request", "inet_sock_set_state", changes(closed, synSent), "", state(0), ""},
		{"tcp", "receive", "netif_receive_skb", isIP(cameIP, tcp), "", args(cameIP, noSocket), ""},
		{"tcp", "send", "net_dev_queue", isIP(sentIP, tcp), "", args(sentIP, sentFrom), ""},
		{"tcp", "state-change", "inet_sock_set_state", fmt.Sprintf("((struct sock *)arg0)->sk_protocol == %d", tcp), "", []Arg{
			arg("void *", "(void *)0"), arg("csinfo_t *", "(struct sock *)arg0"), arg("void *", "(void *)0"),
			arg("tcpsinfo_t *", turning), arg("void *", "(void *)0"), arg("tcplsinfo_t *", "(int)arg1"),
		}, ""},
	}
}
