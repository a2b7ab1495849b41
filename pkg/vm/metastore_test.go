package vm

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/smartbox-os/smartbox/pkg/meta"
)

func metaHost(t *testing.T) (*Host, meta.Store) {
	t.Helper()
	h := testHost(t)
	rest(t, h, `{"uuid":"`+uuidN(1)+`","image_uuid":"`+someImage+`","alias":"web","ram":128,"tags":{"role":"db"},
		"resolvers":["10.0.0.9"],"internal_metadata_namespaces":["ns"],
		"customer_metadata":{"plain":"v1","ns:key":"customer","n":42},
		"internal_metadata":{"secret":"hidden","root_pw":"pw","ns:key":"internal","ns:only":"yes","operator-script":"#!"},
		"routes":{"10.9.0.0/16":"10.0.0.1"},
		"nics":[{"nic_tag":"admin","mac":"02:08:20:00:00:01","ip":"10.0.0.1","netmask":"255.0.0.0"}]}`)
	return h, MetadataStore(h.root, uuidN(1))
}

func TestMetadataStore_get(t *testing.T) {
	_, s := metaHost(t)
	for key, want := range map[string]string{
		"plain": "v1", "n": "42", "root_pw": "pw", "ns:key": "internal", "ns:only": "yes",
		"sdc:uuid": uuidN(1), "sdc:alias": "web", "sdc:tags.role": "db", "sdc:operator-script": "#!", "operator-script": "#!",
		"sdc:max_physical_memory": "128", "sdc:ram": "128", "sdc:tmpfs": "128", "sdc:resolvers": `["10.0.0.9"]`,
		"sdc:routes": `{"10.9.0.0/16":"10.0.0.1"}`, "sdc:owner_uuid": zeroUUID, "sdc:zonename": uuidN(1),
		"sdc:nics": `[{"interface":"net0","mac":"02:08:20:00:00:01","nic_tag":"admin","netmask":"255.0.0.0",` +
			`"ip":"10.0.0.1","ips":["10.0.0.1/8"],"primary":true}]`,
	} {
		got, ok, err := s.Get(key)
		if !ok || err != nil || got != want {
			t.Errorf("%s: %q %v %v, want %q", key, got, ok, err, want)
		}
	}
	for _, key := range []string{"secret", "nokey", "sdc:nokey", "sdc:customer_metadata", "sdc:internal_metadata", "sdc:tags.x", "sdc:pid"} {
		if got, ok, err := s.Get(key); ok || err != nil {
			t.Errorf("%s: %q %v %v", key, got, ok, err)
		}
	}
	keys, err := s.Keys()
	if want := []string{"n", "ns:key", "plain", "ns:only", "root_pw"}; err != nil || !slices.Equal(keys, want) {
		t.Errorf("keys are %v %v, want %v", keys, err, want)
	}
}

func TestMetadataStore_writes(t *testing.T) {
	h, s := metaHost(t)
	for key, value := range map[string]string{"new": "x", "root_pw": "other", "operator-script": "y", "plain": ""} {
		if err := s.Put(key, value); err != nil {
			t.Errorf("put %s: %v", key, err)
		}
	}
	if err := errors.Join(s.Delete("n"), s.Delete("nokey")); err != nil {
		t.Error(err)
	}
	for _, key := range []string{"sdc:alias", "ns:new"} {
		for _, err := range []error{s.Put(key, "x"), s.Delete(key)} {
			if _, ok := errors.AsType[*meta.Refusal](err); !ok {
				t.Errorf("%s: %v", key, err)
			}
		}
	}
	c, _ := h.zones.Load(uuidN(1))
	m, err := h.readMetadata(c)
	if err != nil {
		t.Fatal(err)
	}
	if got := asJSON(t, m.Customer); got != `{"new":"x","ns:key":"customer"}` {
		t.Errorf("customer_metadata is %s", got)
	}
	if m.Internal["root_pw"] != "other" || m.Internal["operator-script"] != "y" || m.Internal["secret"] != "hidden" {
		t.Errorf("internal_metadata is %v", m.Internal)
	}
}

func TestMetadataStore_parallelWritesAllLast(t *testing.T) {
	h, _ := metaHost(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := MetadataStore(h.root, uuidN(1)).Put(fmt.Sprintf("k%d", i), "v"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	_, s := h, MetadataStore(h.root, uuidN(1))
	if keys, err := s.Keys(); err != nil || len(keys) != 5+20 {
		t.Errorf("%d keys, %v", len(keys), err)
	}
}
