package dtrace

import (
	"fmt"
	"math/rand/v2"
	"path"
	"strings"
	"testing"

	"github.com/smartbox-os/smartbox/internal/testenv"
	"github.com/smartbox-os/smartbox/pkg/dtrace/consume"
)

// answers runs expressions as one program and returns what each printed.
func answers(t *testing.T, format string, exprs []string) []string {
	t.Helper()
	var b strings.Builder
	for _, e := range exprs {
		fmt.Fprintf(&b, "BEGIN { printf(\"%s\\n\", %s) }\n", format, e)
	}
	out, errs := run(t, b.String()+"BEGIN { exit(0) }", consume.Options{Quiet: true})
	if errs != "" {
		t.Fatalf("%s", errs)
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != len(exprs) {
		t.Fatalf("%d answers to %d expressions: %q", len(lines), len(exprs), out)
	}
	return lines
}

// checkAnswers compares the answers to expressions with what they should be.
func checkAnswers(t *testing.T, format string, cases [][2]string) {
	t.Helper()
	testenv.RequireRoot(t)
	for len(cases) > 0 {
		n := min(len(cases), 12)
		var exprs []string
		for _, c := range cases[:n] {
			exprs = append(exprs, c[0])
		}
		for i, got := range answers(t, format, exprs) {
			if got != cases[i][1] {
				t.Errorf("%s: got %s, want %s", cases[i][0], got, cases[i][1])
			}
		}
		cases = cases[n:]
	}
}

// TestIndex looks for strings in strings. The positions that are given are cut
// to the string as Perl does it.
func TestIndex(t *testing.T) {
	checkAnswers(t, "%d", [][2]string{
		{`index("hello", "l")`, "2"},
		{`index("hello", "l", 3)`, "3"},
		{`index("hello", "l", 4)`, "-1"},
		{`index("hello", "h", -5)`, "0"},
		{`index("hello", "hello!")`, "-1"},
		{`index("hello", "", 2)`, "2"},
		{`index("hello", "", 9)`, "5"},
		{`index("hello", "", -9)`, "0"},
		{`index("", "")`, "0"},
		{`index("", "a")`, "-1"},
		{`index("aaab", "aab")`, "1"},
		{`index("ababaca", "abac")`, "2"},
		{`rindex("hello", "l")`, "3"},
		{`rindex("hello", "l", 2)`, "2"},
		{`rindex("hello", "l", 1)`, "-1"},
		{`rindex("hello", "h", 0)`, "0"},
		{`rindex("hello", "h", -1)`, "-1"},
		{`rindex("hello", "", -1)`, "0"},
		{`rindex("hello", "", 3)`, "3"},
		{`rindex("hello", "")`, "5"},
		{`rindex("aaaa", "aa")`, "2"},
		{`rindex("aaaa", "aa", 1)`, "1"},
		{`rindex("hello", "o", 99)`, "4"},
	})
}

// TestIndexRandom compares with what Go finds, in texts that repeat themselves.
func TestIndexRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	word := func(n int) string {
		b := make([]byte, r.IntN(n)+1)
		for i := range b {
			b[i] = "aab"[r.IntN(3)]
		}
		return string(b)
	}
	var cases [][2]string
	for range 24 {
		text, key := word(60), word(6)
		from := r.IntN(len(text))
		want := strings.Index(text[from:], key)
		if want >= 0 {
			want += from
		}
		cases = append(cases, [2]string{fmt.Sprintf("index(%q, %q, %d)", text, key, from), fmt.Sprint(want)})
		last := min(len(text), from+len(key))
		cases = append(cases, [2]string{fmt.Sprintf("rindex(%q, %q, %d)", text, key, from), fmt.Sprint(strings.LastIndex(text[:last], key))})
	}
	checkAnswers(t, "%d", cases)
}

func TestStrstr(t *testing.T) {
	none := func(x string) string { return `(this->s = ` + x + `) == NULL ? "NULL" : this->s` }
	checkAnswers(t, "%s", [][2]string{
		{none(`strstr("foobarbaz", "bar")`), "barbaz"},
		{none(`strstr("foobar", "bar")`), "bar"},
		{none(`strstr("foobar", "bars")`), "NULL"},
		{none(`strstr("foobar", "")`), "foobar"},
		{none(`strstr("", "x")`), "NULL"},
		{`strjoin("<", strjoin(strstr("foobar", "bar"), ">"))`, "<bar>"},
		{`substr(strstr(strjoin("foo", "bar"), "ob"), 1, 2)`, "ba"},
	})
}

// TestStrtok takes strings apart, over several clauses of one firing.
func TestStrtok(t *testing.T) {
	testenv.RequireRoot(t)
	for _, c := range []struct{ text, want, errs string }{
		{`BEGIN { s = ",,one,,two,"; printf("%s", strtok(s, ",")); printf("|%s", strtok(NULL, ",")); printf("|%d", strtok(NULL, ",") == NULL) }`, "one|two|1", ""},
		{`BEGIN { printf("%s", strtok("a b-c", " ")) } BEGIN { printf("|%s", strtok(NULL, "-")) }`, "a| b", ""},
		{`BEGIN { printf("%d", strtok("", ",") == NULL) }`, "1", ""},
		{`BEGIN { printf("%d", strtok(",,", ",") == NULL) }`, "1", ""},
		{`BEGIN { printf("%s", strtok("whole", "")) }`, "whole", ""},
		{`BEGIN { printf("%s", strtok(NULL, ",")) }`, "", "invalid address (0x0)"},
		{`BEGIN { printf("%s", strtok("x", ",")) } BEGIN { printf("%s", strtok(NULL, ",")) }`, "x", "invalid address (0x0)"},
		{`BEGIN { printf("%s", strtok("\377b", "\377")) }`, "b", ""},
		{`BEGIN { this->a = strtok("k=v", "="); this->b = strtok(NULL, "="); printf("%s %s %d", this->a, this->b, index("zv", this->b)) }`, "k v 1", ""},
	} {
		out, errs := run(t, c.text+" BEGIN { exit(0) }", consume.Options{Quiet: true})
		if out != c.want || !strings.Contains(errs, c.errs) || c.errs == "" && errs != "" {
			t.Errorf("%s: got %q and %q, want %q and %q", c.text, out, errs, c.want, c.errs)
		}
	}
}

// TestCleanpath compares with Go's path.Clean, which leaves nothing where there
// was nothing.
func TestCleanpath(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	parts := []string{"/", "/", "/", ".", "..", "a", "bc", ".d", "..e", "/../", "/./"}
	var cases [][2]string
	for _, p := range []string{"", "/", ".", "..", "/..", "a/../..", "/a/b/../../../c//", "a/b/..", "../../x/.."} {
		cases = append(cases, cleaned(p))
	}
	for range 60 {
		var b strings.Builder
		for range r.IntN(9) + 1 {
			b.WriteString(parts[r.IntN(len(parts))])
		}
		cases = append(cases, cleaned(b.String()))
	}
	checkAnswers(t, "%s", cases)
}

func cleaned(p string) [2]string {
	want := path.Clean(p)
	if p == "" {
		want = ""
	}
	return [2]string{fmt.Sprintf("cleanpath(%q)", p), want}
}

// TestNestedStrings keeps values apart that are made while others wait.
func TestNestedStrings(t *testing.T) {
	checkAnswers(t, "%s", [][2]string{
		{`strjoin(1 + cpu > 0 ? "a" : "b", strjoin("x", "y"))`, "axy"},
		{`strjoin(strjoin(strjoin("1", "2"), strjoin("3", "4")), strjoin(strjoin("5", "6"), strjoin("7", "8")))`, "12345678"},
		{`strjoin(toupper("abc"), strjoin(tolower("DEF"), basename("/g/h")))`, "ABCdefh"},
		{`strjoin(pid == 0 ? "no" : strjoin("y", "es"), pid == 0 ? strjoin("n", "o") : "!")`, "yes!"},
		{`strjoin(lltostr(1), strjoin(lltostr(-2), lltostr(255, 16)))`, "1-2ff"},
		{`substr(strjoin(strjoin(substr("dtrace", 0, 2), substr("dtrace", 2)), strjoin(substr("BEGIN", 0, 3), substr("BEGIN", 3))), 6, 3)`, "BEG"},
		{`strjoin("x", lltostr(stackdepth))`, "x0"},
	})
}

// TestAddressTexts writes addresses of all kinds.
func TestAddressTexts(t *testing.T) {
	testenv.RequireRoot(t)
	for _, c := range []struct{ set, call, want string }{
		{"p[0] = htonl(0xc0000201)", "inet_ntoa((ipaddr_t *)p)", "192.0.2.1"},
		{"p[3] = htonl(0x7f000001)", "inet_ntoa6((struct in6_addr *)p)", "127.0.0.1"},
		{"p[3] = htonl(0x7f000001)", "inet_ntoa6((struct in6_addr *)p, 1)", "::127.0.0.1"},
		{"p[3] = htonl(0x7f000001)", "inet_ntoa6((struct in6_addr *)p, pid)", "::127.0.0.1"},
		{"p[2] = htonl(0xffff); p[3] = htonl(0x7f000001)", "inet_ntoa6((struct in6_addr *)p, 1)", "::ffff:127.0.0.1"},
		{"p[3] = htonl(1)", "inet_ntoa6((struct in6_addr *)p, 1)", "::1"},
		{"p[0] = htonl(0x20010db8)", "inet_ntop(AF_INET6, p)", "2001:db8::"},
		{"p[0] = htonl(0xc0000201); f = AF_INET", "inet_ntop(f, p)", "192.0.2.1"},
		{"p[0] = htonl(0x0208200a); p[1] = htonl(0xff100000)", "link_ntop(ARPHRD_ETHER, p)", "02:08:20:0a:ff:10"},
		{"f = ARPHRD_INFINIBAND", "link_ntop(f, p)", "00" + strings.Repeat(":00", 19)},
	} {
		out, errs := run(t, "BEGIN { p = (uint32_t *)alloca(24); "+c.set+"; printf(\"%s\", "+c.call+"); exit(0) }", consume.Options{Quiet: true})
		if out != c.want || errs != "" {
			t.Errorf("%s %s: got %q and %q, want %q", c.set, c.call, out, errs, c.want)
		}
	}
	out, errs := run(t, "BEGIN { p = (uint32_t *)alloca(24); f = 9; printf(\"%s\", inet_ntop(f, p)) } BEGIN { exit(0) }", consume.Options{Quiet: true})
	if out != "" || !strings.Contains(errs, "illegal operation") {
		t.Errorf("an unknown family: got %q and %q", out, errs)
	}
}

// TestLargeStrings has strings of the greatest size in a program that needs many.
func TestLargeStrings(t *testing.T) {
	testenv.RequireRoot(t)
	text := `BEGIN { s = "` + strings.Repeat("x", 1500) + `end"; printf("%d %d %s", strlen(s), index(s, "end"), strtok(strstr(s, "end"), "d")); exit(0) }`
	u, err := compile(t, "#pragma D option strsize=2048\n"+text)
	if err != nil {
		t.Fatal(err)
	}
	set := NewSettings()
	set.StrSize, set.Quiet = 2048, true
	if got := runUnit(t, u, set); got != "1503 1500 en" {
		t.Errorf("got %q", got)
	}
}
