package platform

import (
	"strings"
	"testing"
)

// BenchmarkBoot boots from an existing pool and reports the phases as the
// console tells them, in seconds since the kernel began; "prompt" is the wall
// clock of the whole.
func BenchmarkBoot(b *testing.B) {
	dir := b.TempDir()
	img := image(b, dir, stampA, "-a", answers(b, dir))
	pool := disk(b, dir)
	m := boot(b, pool, direct(img, "512")...)
	m.login("secret")
	m.off()
	for b.Loop() {
		m := boot(b, pool, direct(img, "512")...)
		text := m.wait(`up by [^\r\n]*`)
		m.wait("login: ")
		_, phases, _ := strings.Cut(text, "up by ")
		b.Log(phases)
		m.send("root")
		m.wait("Password: ")
		m.send("secret")
		m.wait("# ")
		m.off()
	}
}
