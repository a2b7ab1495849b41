# smartbox. `make demo` shows the main job, `make test` proves it; both need
# root and install what they need. `make` alone lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

GO := scripts/go
PREFIX ?= /usr/local
VERSION := $(shell git -c safe.directory='*' describe --tags --always --dirty 2>/dev/null || echo devel)
MODULE := github.com/smartbox-os/smartbox
# Where the program begins; see cmd/early.
ENTRY := $(if $(filter amd64 x86_64,$(or $(GOARCH),$(shell uname -m))),-E=_smartbox_start)
LDFLAGS := -s -w -buildid= $(ENTRY) -X $(MODULE)/internal/build.Linked=$(VERSION)

export CGO_ENABLED := 0
export GOFLAGS := -buildvcs=false
# Where mkfs.btrfs and the like are, also for who is not root.
export PATH := $(PATH):/usr/sbin:/sbin

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

.PHONY: setup
setup: ## install what building needs (root, where something is missing)
	@scripts/setup.sh build

.PHONY: build
build: setup ## build/smartbox, one static binary
	@$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o build/smartbox .

.PHONY: install
install: build ## binary, links, manuals, completion, unit; DESTDIR= PREFIX=/usr/local
	scripts/install.sh '$(DESTDIR)' '$(PREFIX)'

.PHONY: demo
demo: ## from nothing to two running zones and back (root); KEEP=1 leaves them up
	@scripts/setup.sh demo
	@$(MAKE) build
	@scripts/demo.sh

.PHONY: test
test: ## everything (root for all of it, else it says what it leaves out)
	@scripts/setup.sh test
	@$(MAKE) build
	@GO=$(GO) $(GO) run ./test/run ./...

.PHONY: test-guest
test-guest: ## the privileged suites in a virtual machine with another kernel, and boots from every medium
	@scripts/setup.sh test
	@SMARTBOX_TEST_GUEST=all $(GO) test -p 1 -count=1 -timeout 90m -v ./test/guest ./test/platform

.PHONY: bench-boot
bench-boot: ## seconds from power on to each phase of the in-memory system's boot
	@scripts/setup.sh test
	@$(GO) test -count=1 -timeout 20m -v -run '^$$' -bench Boot -benchtime 1x ./test/platform

.PHONY: platform
platform: ## build/platform: the in-memory system as kernel, ISO, USB image, PXE; PROFILE=hardware
	@scripts/setup.sh platform
	@$(MAKE) build
	@rm -rf build/platform
	@build/smartbox platform build -p "$${PROFILE:-vm}" $${ANSWERS:+-a "$$ANSWERS"} \
		-k "$${KERNEL:-$$(scripts/kernel.sh $$([ "$${PROFILE:-vm}" = vm ] && echo cloud || echo amd64))}" build/platform
	@build/smartbox platform media build/platform build/platform

.PHONY: check
check: setup ## before a push: format, lint, vet, tests without root
	@scripts/check.sh

.PHONY: fmt
fmt: ## rewrite the sources as gofumpt has them
	@build/tools/golangci-lint fmt

.PHONY: torture
torture: ## kill -9 at N=200 random points of every verb (root)
	@scripts/setup.sh test
	@$(MAKE) build
	@SMARTBOX_TORTURE=$${N:-200} GO=$(GO) $(GO) run ./test/run -timeout 120m ./test/torture

.PHONY: bench
bench: ## compare with crun, runc, nspawn, lxc and the kernel's own floor (root)
	@scripts/setup.sh bench
	@$(MAKE) build
	@scripts/bench.sh

.PHONY: fuzz
fuzz: setup ## every fuzz target for T=30s each
	@scripts/fuzz.sh $${T:-30s}

.PHONY: golden
golden: setup ## rewrite the expectations of the scripts; read the diff
	@UPDATE=1 $(GO) test ./cmd

.PHONY: size
size: build ## the binary's bytes and modules
	@stat -c '%s bytes' build/smartbox
	@$(GO) version -m build/smartbox | grep -c '^	dep' | sed 's/$$/ modules/'

.PHONY: clean
clean: ## remove build/
	@rm -rf build
