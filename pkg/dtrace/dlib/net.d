/* Packets and connections. Headers are read where the packet has them; a struct
 * that only names a view of something else is one that nobody defines. */

inline int AF_INET = 2;
inline int AF_INET6 = 10;

inline int IPPROTO_IP = 0;
inline int IPPROTO_ICMP = 1;
inline int IPPROTO_IGMP = 2;
inline int IPPROTO_TCP = 6;
inline int IPPROTO_UDP = 17;
inline int IPPROTO_ICMPV6 = 58;
inline int IPPROTO_SCTP = 132;

inline int TH_FIN = 0x01;
inline int TH_SYN = 0x02;
inline int TH_RST = 0x04;
inline int TH_PUSH = 0x08;
inline int TH_ACK = 0x10;
inline int TH_URG = 0x20;
inline int TH_ECE = 0x40;
inline int TH_CWR = 0x80;

inline int TCP_STATE_ESTABLISHED = 1;
inline int TCP_STATE_SYN_SENT = 2;
inline int TCP_STATE_SYN_RECEIVED = 3;
inline int TCP_STATE_FIN_WAIT_1 = 4;
inline int TCP_STATE_FIN_WAIT_2 = 5;
inline int TCP_STATE_TIME_WAIT = 6;
inline int TCP_STATE_CLOSED = 7;
inline int TCP_STATE_CLOSE_WAIT = 8;
inline int TCP_STATE_LAST_ACK = 9;
inline int TCP_STATE_LISTEN = 10;
inline int TCP_STATE_CLOSING = 11;

typedef struct pktinfo {
	uintptr_t pkt_addr;
} pktinfo_t;

translator pktinfo_t < struct sk_buff *S > {
	pkt_addr = (uintptr_t)S;
};

typedef struct csinfo {
	uintptr_t cs_addr;
	uint64_t cs_cid;
	pid_t cs_pid;
} csinfo_t;

translator csinfo_t < struct sock *S > {
	cs_addr = (uintptr_t)S;
	cs_cid = (uint64_t)S;
	cs_pid = -1;
};

typedef struct ipinfo {
	uint8_t ip_ver;
	uint32_t ip_plength;
	string ip_saddr;
	string ip_daddr;
} ipinfo_t;

translator ipinfo_t < struct iphdr *I > {
	ip_ver = I->version;
	ip_plength = I->version == 4 ? ntohs(I->tot_len) - 4 * I->ihl : ntohs(((struct ipv6hdr *)I)->payload_len);
	ip_saddr = I->version == 4 ? inet_ntoa(&I->saddr) : inet_ntoa6(&((struct ipv6hdr *)I)->saddr);
	ip_daddr = I->version == 4 ? inet_ntoa(&I->daddr) : inet_ntoa6(&((struct ipv6hdr *)I)->daddr);
};

/* A connection's end: a socket, and in the lowest bit of its address whether
 * what is told came from the other side. */
translator ipinfo_t < struct sock_end *S > {
	ip_ver = ((struct sock *)((uint64_t)S & ~1ULL))->__sk_common.skc_family == 2 ? 4 : 6;
	ip_plength = 0;
	ip_saddr = ((struct sock *)((uint64_t)S & ~1ULL))->__sk_common.skc_family == 2 ? inet_ntoa((uint64_t)S & 1 ? &((struct sock *)((uint64_t)S & ~1ULL))->__sk_common.skc_daddr : &((struct sock *)((uint64_t)S & ~1ULL))->__sk_common.skc_rcv_saddr) : inet_ntoa6((uint64_t)S & 1 ? &((struct sock *)((uint64_t)S & ~1ULL))->__sk_common.skc_v6_daddr : &((struct sock *)((uint64_t)S & ~1ULL))->__sk_common.skc_v6_rcv_saddr);
	ip_daddr = ((struct sock *)((uint64_t)S & ~1ULL))->__sk_common.skc_family == 2 ? inet_ntoa((uint64_t)S & 1 ? &((struct sock *)((uint64_t)S & ~1ULL))->__sk_common.skc_rcv_saddr : &((struct sock *)((uint64_t)S & ~1ULL))->__sk_common.skc_daddr) : inet_ntoa6((uint64_t)S & 1 ? &((struct sock *)((uint64_t)S & ~1ULL))->__sk_common.skc_v6_rcv_saddr : &((struct sock *)((uint64_t)S & ~1ULL))->__sk_common.skc_v6_daddr);
};

typedef struct ifinfo {
	string if_name;
	int8_t if_local;
	uint64_t if_ipstack;
	uintptr_t if_addr;
} ifinfo_t;

translator ifinfo_t < struct net_device *D > {
	if_name = D ? stringof(D->name) : "<null>";
	if_local = D ? (D->flags & 8) != 0 : 1;
	if_ipstack = 0;
	if_addr = (uintptr_t)D;
};

typedef struct ipv4info {
	uint8_t ipv4_ver;
	uint8_t ipv4_ihl;
	uint8_t ipv4_tos;
	uint16_t ipv4_length;
	uint16_t ipv4_ident;
	uint8_t ipv4_flags;
	uint16_t ipv4_offset;
	uint8_t ipv4_ttl;
	uint8_t ipv4_protocol;
	string ipv4_protostr;
	uint16_t ipv4_checksum;
	uint32_t ipv4_src;
	uint32_t ipv4_dst;
	string ipv4_saddr;
	string ipv4_daddr;
	uintptr_t ipv4_hdr;
} ipv4info_t;

translator ipv4info_t < struct iphdr *I > {
	ipv4_ver = I->version == 4 ? 4 : 0;
	ipv4_ihl = I->version == 4 ? 4 * I->ihl : 0;
	ipv4_tos = I->version == 4 ? I->tos : 0;
	ipv4_length = I->version == 4 ? ntohs(I->tot_len) : 0;
	ipv4_ident = I->version == 4 ? ntohs(I->id) : 0;
	ipv4_flags = I->version == 4 ? ntohs(I->frag_off) >> 13 : 0;
	ipv4_offset = I->version == 4 ? ntohs(I->frag_off) & 0x1fff : 0;
	ipv4_ttl = I->version == 4 ? I->ttl : 0;
	ipv4_protocol = I->version == 4 ? I->protocol : 0;
	ipv4_protostr = I->version != 4 ? "<null>" : I->protocol == 6 ? "TCP" : I->protocol == 17 ? "UDP" : I->protocol == 1 ? "ICMP" : lltostr((uint64_t)I->protocol);
	ipv4_checksum = I->version == 4 ? ntohs(I->check) : 0;
	ipv4_src = I->version == 4 ? I->saddr : 0;
	ipv4_dst = I->version == 4 ? I->daddr : 0;
	ipv4_saddr = I->version == 4 ? inet_ntoa(&I->saddr) : "";
	ipv4_daddr = I->version == 4 ? inet_ntoa(&I->daddr) : "";
	ipv4_hdr = (uintptr_t)I;
};

typedef struct ipv6info {
	uint8_t ipv6_ver;
	uint8_t ipv6_tclass;
	uint32_t ipv6_flow;
	uint16_t ipv6_plen;
	uint8_t ipv6_nexthdr;
	string ipv6_nextstr;
	uint8_t ipv6_hlim;
	string ipv6_saddr;
	string ipv6_daddr;
	uintptr_t ipv6_hdr;
} ipv6info_t;

translator ipv6info_t < struct iphdr *I > {
	ipv6_ver = I->version == 6 ? 6 : 0;
	ipv6_tclass = I->version == 6 ? (*(uint8_t *)I & 15) << 4 | *((uint8_t *)I + 1) >> 4 : 0;
	ipv6_flow = I->version == 6 ? ntohl(*(uint32_t *)I) & 0xfffff : 0;
	ipv6_plen = I->version == 6 ? ntohs(((struct ipv6hdr *)I)->payload_len) : 0;
	ipv6_nexthdr = I->version == 6 ? ((struct ipv6hdr *)I)->nexthdr : 0;
	ipv6_nextstr = I->version != 6 ? "<null>" : ((struct ipv6hdr *)I)->nexthdr == 6 ? "TCP" : ((struct ipv6hdr *)I)->nexthdr == 17 ? "UDP" : ((struct ipv6hdr *)I)->nexthdr == 58 ? "ICMPv6" : lltostr((uint64_t)((struct ipv6hdr *)I)->nexthdr);
	ipv6_hlim = I->version == 6 ? ((struct ipv6hdr *)I)->hop_limit : 0;
	ipv6_saddr = I->version == 6 ? inet_ntoa6(&((struct ipv6hdr *)I)->saddr) : "";
	ipv6_daddr = I->version == 6 ? inet_ntoa6(&((struct ipv6hdr *)I)->daddr) : "";
	ipv6_hdr = (uintptr_t)I;
};

typedef struct tcpinfo {
	uint16_t tcp_sport;
	uint16_t tcp_dport;
	uint32_t tcp_seq;
	uint32_t tcp_ack;
	uint8_t tcp_offset;
	uint8_t tcp_flags;
	uint16_t tcp_window;
	uint16_t tcp_checksum;
	uint16_t tcp_urgent;
	uintptr_t tcp_hdr;
} tcpinfo_t;

translator tcpinfo_t < struct tcphdr *T > {
	tcp_sport = ntohs(T->source);
	tcp_dport = ntohs(T->dest);
	tcp_seq = ntohl(T->seq);
	tcp_ack = ntohl(T->ack_seq);
	tcp_offset = 4 * T->doff;
	tcp_flags = *((uint8_t *)T + 13);
	tcp_window = ntohs(T->window);
	tcp_checksum = ntohs(T->check);
	tcp_urgent = ntohs(T->urg_ptr);
	tcp_hdr = (uintptr_t)T;
};

translator tcpinfo_t < struct sock_end *S > {
	tcp_sport = (uint64_t)S & 1 ? ntohs(((struct sock *)((uint64_t)S & ~1ULL))->__sk_common.skc_dport) : ((struct sock *)((uint64_t)S & ~1ULL))->__sk_common.skc_num;
	tcp_dport = (uint64_t)S & 1 ? ((struct sock *)((uint64_t)S & ~1ULL))->__sk_common.skc_num : ntohs(((struct sock *)((uint64_t)S & ~1ULL))->__sk_common.skc_dport);
};

typedef struct tcpsinfo {
	uintptr_t tcps_addr;
	int tcps_local;
	int tcps_active;
	uint16_t tcps_lport;
	uint16_t tcps_rport;
	string tcps_laddr;
	string tcps_raddr;
	int32_t tcps_state;
	uint32_t tcps_iss;
	uint32_t tcps_suna;
	uint32_t tcps_snxt;
	uint32_t tcps_rnxt;
	uint32_t tcps_swnd;
	uint32_t tcps_rwnd;
	uint32_t tcps_cwnd;
	uint32_t tcps_cwnd_ssthresh;
	uint32_t tcps_mss;
	uint32_t tcps_rto;
	int tcps_retransmit;
} tcpsinfo_t;

translator tcpsinfo_t < struct sock *S > {
	tcps_addr = (uintptr_t)S;
	tcps_local = S ? S->__sk_common.skc_daddr == S->__sk_common.skc_rcv_saddr : 0;
	tcps_active = -1;
	tcps_lport = S ? S->__sk_common.skc_num : 0;
	tcps_rport = S ? ntohs(S->__sk_common.skc_dport) : 0;
	tcps_laddr = !S ? "<unknown>" : S->__sk_common.skc_family == 2 ? inet_ntoa(&S->__sk_common.skc_rcv_saddr) : inet_ntoa6(&S->__sk_common.skc_v6_rcv_saddr);
	tcps_raddr = !S ? "<unknown>" : S->__sk_common.skc_family == 2 ? inet_ntoa(&S->__sk_common.skc_daddr) : inet_ntoa6(&S->__sk_common.skc_v6_daddr);
	tcps_state = S ? S->__sk_common.skc_state : 7;
	tcps_suna = S ? ((struct tcp_sock *)S)->snd_una : 0;
	tcps_snxt = S ? ((struct tcp_sock *)S)->snd_nxt : 0;
	tcps_rnxt = S ? ((struct tcp_sock *)S)->rcv_nxt : 0;
	tcps_swnd = S ? ((struct tcp_sock *)S)->snd_wnd : 0;
	tcps_rwnd = S ? ((struct tcp_sock *)S)->rcv_wnd : 0;
	tcps_cwnd = S ? ((struct tcp_sock *)S)->snd_cwnd : 0;
	tcps_cwnd_ssthresh = S ? ((struct tcp_sock *)S)->snd_ssthresh : 0;
	tcps_mss = S ? ((struct tcp_sock *)S)->mss_cache : 0;
	tcps_retransmit = 0;
};

/* A socket that is about to change its state: the new one is in the highest byte
 * of its address. */
translator tcpsinfo_t < struct sock_turning *S > {
	tcps_addr = (uint64_t)S | 0xff00000000000000ULL;
	tcps_local = xlate<tcpsinfo_t>((struct sock *)((uint64_t)S | 0xff00000000000000ULL)).tcps_local;
	tcps_active = -1;
	tcps_lport = xlate<tcpsinfo_t>((struct sock *)((uint64_t)S | 0xff00000000000000ULL)).tcps_lport;
	tcps_rport = xlate<tcpsinfo_t>((struct sock *)((uint64_t)S | 0xff00000000000000ULL)).tcps_rport;
	tcps_laddr = xlate<tcpsinfo_t>((struct sock *)((uint64_t)S | 0xff00000000000000ULL)).tcps_laddr;
	tcps_raddr = xlate<tcpsinfo_t>((struct sock *)((uint64_t)S | 0xff00000000000000ULL)).tcps_raddr;
	tcps_state = (uint64_t)S >> 56;
};

typedef struct tcplsinfo {
	int32_t tcps_state;
} tcplsinfo_t;

translator tcplsinfo_t < int I > {
	tcps_state = I;
};

typedef struct udpinfo {
	uint16_t udp_sport;
	uint16_t udp_dport;
	uint16_t udp_length;
	uint16_t udp_checksum;
	uintptr_t udp_hdr;
} udpinfo_t;

translator udpinfo_t < struct udphdr *U > {
	udp_sport = ntohs(U->source);
	udp_dport = ntohs(U->dest);
	udp_length = ntohs(U->len);
	udp_checksum = ntohs(U->check);
	udp_hdr = (uintptr_t)U;
};

typedef struct udpsinfo {
	uintptr_t udps_addr;
	uint16_t udps_lport;
	uint16_t udps_rport;
	string udps_laddr;
	string udps_raddr;
} udpsinfo_t;

translator udpsinfo_t < struct sock *S > {
	udps_addr = (uintptr_t)S;
	udps_lport = S ? S->__sk_common.skc_num : 0;
	udps_rport = S ? ntohs(S->__sk_common.skc_dport) : 0;
	udps_laddr = !S ? "<unknown>" : S->__sk_common.skc_family == 2 ? inet_ntoa(&S->__sk_common.skc_rcv_saddr) : inet_ntoa6(&S->__sk_common.skc_v6_rcv_saddr);
	udps_raddr = !S ? "<unknown>" : S->__sk_common.skc_family == 2 ? inet_ntoa(&S->__sk_common.skc_daddr) : inet_ntoa6(&S->__sk_common.skc_v6_daddr);
};
inline int ARPHRD_ETHER = 1;
inline int ARPHRD_INFINIBAND = 32;
