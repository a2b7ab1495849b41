package probe

import "strings"

// lazyProvider is a provider of so many probes that listing them takes time.
type lazyProvider struct {
	names []string // of its providers
	first int      // id
	list  func(db *DB) []*Probe
	done  bool
}

// Every lazy provider has a range of ids of its own, so that the ids do not
// depend on which of them a run has listed; what is made by being named comes
// behind the first few.
const (
	firstMade = 10001
	firstLazy = 100001
	idRange   = 200000
)

func lazyProviders() []*lazyProvider {
	return []*lazyProvider{
		{names: []string{"rawtp"}, first: firstLazy, list: rawTracepoints},
		{names: []string{"sdt"}, first: firstLazy + idRange, list: records},
		{names: []string{"fbt"}, first: firstLazy + 2*idRange, list: kernelFunctions},
	}
}

// may reports whether a description may mean a probe of the provider. Names of
// tracepoints and functions are words of C.
func (l *lazyProvider) may(d Desc) bool {
	named := false
	for _, n := range l.names {
		named = named || matchPart(d.Provider, n)
	}
	return named && (d.Provider != "" || mayBeWord(d.Name) && mayBeWord(d.Func))
}

// mayBeWord reports whether a pattern may match the name of something in C that
// is no probe of the dtrace provider.
func mayBeWord(pattern string) bool {
	switch pattern {
	case "BEGIN", "END", "ERROR":
		return false
	}
	return isGlob(pattern) || !strings.ContainsAny(pattern, "-. $")
}

// list adds a provider's probes.
func (db *DB) list(l *lazyProvider) {
	if l.done {
		return
	}
	l.done = true
	next := db.nextID
	db.nextID = l.first
	for _, p := range l.list(db) {
		if db.nextID < l.first+idRange {
			db.add(p)
		}
	}
	db.nextID = next
}
