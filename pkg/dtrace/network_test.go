package dtrace

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// talk opens a connection to a listener and sends a few bytes over it.
func talk(t *testing.T, network, address string) (port int, do func(*testing.T) func()) {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Skipf("no %s here: %v", network, err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 10))
			c.Close()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port, func(t *testing.T) func() {
		return func() {
			c, err := net.Dial(network, l.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			c.Write([]byte("hello"))
			c.Close()
		}
	}
}

func TestNetwork(t *testing.T) {
	port, connect := talk(t, "tcp4", "127.0.0.1:0")
	port6, connect6 := talk(t, "tcp6", "[::1]:0")
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { udp.Close() })
	datagram := func(t *testing.T) func() {
		return func() {
			if _, err := udp.WriteTo([]byte("hello"), udp.LocalAddr()); err != nil {
				t.Error(err)
			}
		}
	}
	uport := udp.LocalAddr().(*net.UDPAddr).Port
	to := func(port int) string { return fmt.Sprintf("/args[4]->tcp_dport == %d/", port) }
	runAll(t, []providerTest{
		{"request", "tcp:::connect-request " + to(port) + ` { printf("%s %s %d %d", args[2]->ip_saddr, args[2]->ip_daddr, pid == $pid, args[3]->tcps_state == TCP_STATE_SYN_SENT); exit(0) }`, "127.0.0.1 127.0.0.1 1 1", connect},
		{"established", fmt.Sprintf(`tcp:::connect-established /args[4]->tcp_sport == %d/ { printf("%%s %%d", args[2]->ip_saddr, args[3]->tcps_rport); exit(0) }`, port6), fmt.Sprintf("::1 %d", port6), connect6},
		{"accepted", "tcp:::accept-established " + to(port) + fmt.Sprintf(` { printf("%%s %%d", args[2]->ip_daddr, args[3]->tcps_lport == %d && args[4]->tcp_sport != %d); exit(0) }`, port, port), "127.0.0.1 1", connect},
		{"states", fmt.Sprintf(`tcp:::state-change /args[3]->tcps_lport == %d && args[5]->tcps_state == TCP_STATE_SYN_RECEIVED/ { printf("%%d %%s", args[3]->tcps_state == TCP_STATE_ESTABLISHED, args[3]->tcps_laddr); exit(0) }`, port), "1 127.0.0.1", connect},
		{"time-wait", fmt.Sprintf(`tcp:::state-change /args[3]->tcps_rport == %d && args[3]->tcps_state == TCP_STATE_TIME_WAIT/ { printf("%%d", args[5]->tcps_state == TCP_STATE_FIN_WAIT_2); exit(0) }`, port), "1", connect},
		{"flags", "tcp:::send " + to(port) + ` { printf("%d %s %s", args[4]->tcp_flags & (TH_SYN | TH_ACK) ? 1 : 0, args[4]->tcp_offset >= 20 ? "header" : "none", stringof(execname) != "" ? "named" : ""); exit(0) }`, "1 header named", connect},
		{"received", "tcp:::receive " + to(port6) + ` { printf("%d %d %s", args[2]->ip_ver, args[2]->ip_plength >= 20, args[2]->ip_daddr); exit(0) }`, "6 1 ::1", connect6},
		{"udp", fmt.Sprintf(`udp:::send /args[4]->udp_dport == %d/ { printf("%%d %%s %%d", args[4]->udp_length, args[2]->ip_daddr, args[3]->udps_lport == %d); exit(0) }`, uport, uport), "13 127.0.0.1 1", datagram},
		{"udp in", fmt.Sprintf(`udp:::receive /args[4]->udp_dport == %d/ { printf("%%d", args[2]->ip_plength); exit(0) }`, uport), "13", datagram},
		{"ip", `ip:::send /args[4]->ipv4_protocol == IPPROTO_UDP && args[3]->if_local/ { printf("%s %s %d %s", args[3]->if_name, args[4]->ipv4_protostr, args[4]->ipv4_length == args[2]->ip_plength + args[4]->ipv4_ihl, args[5]->ipv6_nextstr); exit(0) }`, "lo UDP 1 <null>", datagram},
		{"ip6", `ip:::receive /args[5]->ipv6_nexthdr == IPPROTO_TCP && args[2]->ip_saddr == "::1"/ { printf("%d %s %d", args[5]->ipv6_ver, args[5]->ipv6_nextstr, args[4]->ipv4_ver); exit(0) }`, "6 TCP 0", connect6},
	})
}

// TestCounts checks the providers that count.
func TestCounts(t *testing.T) {
	page := unix.Getpagesize()
	fault := func(*testing.T) func() {
		return func() {
			if m, err := unix.Mmap(-1, 0, page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON); err == nil {
				m[0] = 1
				unix.Munmap(m)
			}
		}
	}
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { null.Close() })
	write := func(*testing.T) func() { return func() { null.Write(make([]byte, 12345)) } }
	yield := func(*testing.T) func() { return func() { syscall.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) } }
	runAll(t, []providerTest{
		{"writech", `sysinfo:::writech /pid == $pid && arg0 == 12345/ { printf("%d", args[0]); exit(0) }`, "12345", write},
		{"syswrite", `sysinfo:::syswrite /pid == $pid/ { printf("%d", arg0); exit(0) }`, "1", write},
		{"as_fault", `vminfo:::as_fault /pid == $pid/ { printf("%d", arg0); exit(0) }`, "1", fault},
		{"pswitch", `sysinfo:::pswitch { printf("%d", arg0); exit(0) }`, "1", yield},
		{"cpc", `cpc:::page_faults-user-1 /pid == $pid/ { printf("%d", arg0 == 0 && arg1 != 0); exit(0) }`, "1", fault},
		{"clock", `cpc:::cpu_clock-all-1000000 { printf("ran"); exit(0) }`, "ran", yield},
		{"tick", `sched:::tick { printf("%d", args[1]->pr_pid == pid && args[0]->pr_lwpid == tid); exit(0) }`, "1", nil},
		{"record", `sdt:sched::sched_process_exec /pid == args[1] && execname == "dt-traced"/ { printf("%s %d", basename(stringof(args[0])), args[1] == args[2]); exit(0) }`, "dt-traced 1", func(t *testing.T) func() { return command(t, "dt-traced") }},
		{"array", `sdt:sched::sched_waking /args[1] > 0 && stringof(args[0]) != ""/ { printf("%d", strlen(stringof(args[0])) < 16); exit(0) }`, "1", yield},
	})
}

// TestLocks makes threads wait for a lock of the kernel's.
func TestLocks(t *testing.T) {
	runAll(t, []providerTest{
		{"wait", `lockstat:::adaptive-block, lockstat:::rw-block, lockstat:::spin-spin, lockstat:::adaptive-spin, lockstat:::rw-spin { printf("%d %d;", arg0 != 0, arg1 > 0 && arg1 < 10000000000); exit(0) }`, "(1 1;)+", func(t *testing.T) func() {
			dir := t.TempDir()
			return func() { // many makers of files in one directory
				done := make(chan struct{})
				for i := range 8 {
					go func() {
						for j := range 200 {
							name := fmt.Sprintf("%s/%d-%d", dir, i, j)
							os.WriteFile(name, nil, 0o600)
							os.Remove(name)
						}
						done <- struct{}{}
					}()
				}
				for range 8 {
					<-done
				}
			}
		}},
	})
}
