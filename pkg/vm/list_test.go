package vm

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func trio(t testing.TB) *Host {
	t.Helper()
	h := testHost(t)
	for i, alias := range []string{"B", "a", "C"} {
		rest(t, h, fmt.Sprintf(`{"uuid":%q,"alias":%q,"image_uuid":%q,"ram":%d,"autoboot":false,"cpu_shares":%d,
			"tags":{"who":"x%s","n":%d},"customer_metadata":{"cm":"c%d"},
			"nics":[{"nic_tag":"admin","ip":"10.0.0.%d","netmask":"255.0.0.0","mac":"0e:0a:00:00:00:0%d"}]}`,
			uuidN(i), alias, someImage, []int{512, 256, 1024}[i], 10*(i+1), alias, i, i, i+1, i+1))
	}
	return h
}

func lookupAliases(t testing.TB, h *Host, words ...string) string {
	t.Helper()
	filters, err := ParseFilters(words, "lookup")
	if err != nil {
		t.Fatal(err)
	}
	list, err := h.List(context.Background(), filters)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range list {
		alias, _ := m.Field("alias")
		found = append(found, Text(alias))
	}
	slices.Sort(found)
	return strings.Join(found, "")
}

func TestList_filters(t *testing.T) {
	h := trio(t)
	for words, want := range map[string]string{
		"":                        "BCa",
		"alias=B":                 "B",
		"alias=b":                 "",
		"alias=~^b$":              "B",
		"alias=~[ab]":             "Ba",
		"ram=~^10":                "C",
		"ram=256":                 "a",
		"tags.who=xa":             "a",
		"tags.n=2":                "C",
		"customer_metadata.cm=c0": "B",
		"nics.*.ip=10.0.0.2":      "a",
		"nics.0.ip=10.0.0.2":      "a",
		"nics.1.ip=10.0.0.2":      "",
		"nics.*.mac=e:a:0:0:0:3":  "C",
		"autoboot=false":          "BCa",
		"autoboot=true":           "",
		"type=OS state=stopped":   "BCa",
		"alias=~. ram=512":        "B",
		"uuid=" + uuidN(1):        "a",
		"uuid=" + uuidN(9):        "",
		"cpu_cap=":                "",
		"do_not_inventory=~.":     "",
	} {
		if got := lookupAliases(t, h, strings.Fields(words)...); got != want {
			t.Errorf("%q finds %q, want %q", words, got, want)
		}
	}
}

func TestList_refusesUnknownKeys(t *testing.T) {
	for _, word := range []string{"colour=red", "nics=1", "nics.x.ip=1", "nics.*.colour=1", "tags.=1", "nics.-1.ip=1", "max_sem_ids=1"} {
		if _, err := ParseFilters([]string{word}, "filter"); err == nil || !strings.Contains(err.Error(), "Invalid filter key: ") {
			t.Errorf("%s: %v", word, err)
		}
	}
	if _, err := ParseFilters([]string{"alias=~["}, "lookup"); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("a broken expression: %v", err)
	}
	for text, want := range map[string]string{"uuid,colour": "invalid order field: colour", "nics.*.ip": `Invalid order key: "nics.*.ip"`} {
		if _, err := Columns(text); err == nil || err.Error() != want {
			t.Errorf("-o %s: %v", text, err)
		}
	}
	if _, err := SortKeys("-colour"); err == nil || err.Error() != "invalid sort field: colour" {
		t.Errorf("-s: %v", err)
	}
}

func TestList_sortsAsJavaScriptDoes(t *testing.T) {
	h := trio(t)
	for by, want := range map[string]string{"ram,uuid": "aBC", "-ram": "CBa", "alias": "BCa", "max_lwps,-cpu_shares": "CaB", "cpu_cap,alias": "BCa"} {
		list, err := h.List(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := SortKeys(by)
		if err != nil {
			t.Fatal(err)
		}
		if err := Sort(list, keys); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, m := range list {
			alias, _ := m.Field("alias")
			got += Text(alias)
		}
		if got != want {
			t.Errorf("-s %s: %s, want %s", by, got, want)
		}
	}
}

func TestCells(t *testing.T) {
	h := testHost(t)
	rest(t, h, `{"uuid":"`+uuidN(1)+`","image_uuid":"`+someImage+`","ram":64,"tmpfs":0,"autoboot":false,
		"nics":[{"nic_tag":"admin","ip":"10.0.0.1","netmask":"255.0.0.0"}]}`)
	m, err := h.Get(context.Background(), uuidN(1))
	if err != nil {
		t.Fatal(err)
	}
	columns, err := Columns("ram,tmpfs,alias,autoboot,pid,nics.0.ip,nics.1.ip,type,dns_domain")
	if err != nil {
		t.Fatal(err)
	}
	cells, err := m.Cells(columns, "-")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(cells, " "); got != "64 0 - - - 10.0.0.1 - OS local" {
		t.Errorf("row is %q", got)
	}
	if columns[5].Header != "NICS.0.IP" || columns[5].Width != 20 || columns[8].Header != "DOMAIN" {
		t.Errorf("columns are %v", columns)
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("alias=~^a.*$")
	f.Add("nics.*.mac=1:2:3:4:5:6")
	f.Add("tags.a=b=c")
	f.Add("nics.99999999999999999999.ip=1")
	h := trio(f)
	list, err := h.List(context.Background(), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, word string) {
		filters, err := ParseFilters([]string{word}, "filter")
		if err != nil {
			return
		}
		for _, m := range list {
			if _, err := m.Matches(filters); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func BenchmarkList_of200(b *testing.B) {
	h := testHost(b)
	for i := range 200 {
		rest(b, h, fmt.Sprintf(`{"uuid":%q,"alias":"a%d","image_uuid":%q,
			"nics":[{"nic_tag":"admin","ip":"10.0.%d.1","netmask":"255.0.0.0"}]}`, uuidN(i), i, someImage, i))
	}
	columns, _ := Columns("uuid,type,ram,state,alias")
	keys, _ := SortKeys("ram,uuid")
	for b.Loop() {
		list, err := h.List(context.Background(), nil)
		if err != nil {
			b.Fatal(err)
		}
		if err := Sort(list, keys); err != nil {
			b.Fatal(err)
		}
		for _, m := range list {
			if _, err := m.Cells(columns, "-"); err != nil {
				b.Fatal(err)
			}
		}
	}
}
