#!/bin/sh
# fuzz.sh TIME: runs every fuzz target of the repository for that long.
set -eu
cd "$(dirname -- "$0")/.."
each=${1:?usage: fuzz.sh TIME}

git grep -lE '^func Fuzz[A-Za-z_0-9]+\(' -- '*_test.go' | while read -r file; do
	sed -nE 's/^func (Fuzz[A-Za-z_0-9]+)\(.*/\1/p' "$file" | while read -r target; do
		printf '== %s %s\n' "$(dirname "$file")" "$target"
		scripts/go test -run '^$' -fuzz "^$target\$" -fuzztime "$each" "./$(dirname "$file")" </dev/null
	done
done
