package early

import "github.com/smartbox-os/smartbox/internal/build"

// version is smartbox --version.
func (w *world) version(args []string) bool {
	if len(args) != 0 || build.Linked == "" {
		return false
	}
	w.out.put("smartbox ")
	w.out.put(build.Linked)
	w.out.put("\n")
	return true
}

// zonename is what zone.Own says.
func (w *world) zonename(args []string) bool {
	if len(args) != 0 {
		return false
	}
	name, missing, ok := w.read(atCWD, w.at("/native/zonename"))
	switch {
	case missing:
		name = "global"
	case !ok:
		return false
	}
	if len(name) > 0 && name[len(name)-1] == '\n' {
		name = name[:len(name)-1]
	}
	if name != "global" && !isName(name) {
		return false
	}
	w.out.put(name)
	w.out.put("\n")
	return true
}
