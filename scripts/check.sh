#!/bin/sh
# What one runs before pushing: format, lint, vet, and the tests as a user who
# is not root, in some minutes; the first run also builds the linter.
set -eu
cd "$(dirname -- "$0")/.."
go=$PWD/scripts/go
lint=$PWD/build/tools/golangci-lint

step() { printf '== %s\n' "$*"; }

# The linter is built again when its pinned version changes.
if [ ! -x "$lint" ] || [ -n "$(find tools/go.sum -newer "$lint")" ]; then
	step "build golangci-lint (some minutes, once)"
	(cd tools && "$go" build -o "$lint" github.com/golangci/golangci-lint/v2/cmd/golangci-lint)
	touch "$lint"
fi

PATH=$(dirname "$("$go" env GOROOT)/bin/go"):$PATH
export PATH

step format
unformatted=$("$lint" fmt --diff) || :
if [ -n "$unformatted" ]; then
	printf '%s\n' "$unformatted"
	echo "check: 'make fmt' puts that right" >&2
	exit 1
fi

step vet
"$go" vet ./...

step lint
"$lint" run ./...

if command -v shellcheck >/dev/null; then
	step shellcheck
	git ls-files -z "*.sh" scripts/go | xargs -0 shellcheck -x
fi

step tests
SMARTBOX_TEST_UNPRIVILEGED=1 "$go" test -short ./...
