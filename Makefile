# What people and CI call. Each target installs what it lacks by itself (packaging/setup.sh) and is quick when nothing changed.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Projects share obj/ folders: two dotnet commands at a time would write into each other's.
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

DESTDIR ?=
PREFIX ?= /usr
KEEP ?=
BGP ?=

machine := $(shell uname -m)
rid := $(or $(patsubst x86_64,linux-x64,$(filter x86_64,$(machine))),$(patsubst aarch64,linux-arm64,$(filter aarch64,$(machine))))

# The SDK needs no ICU for what is done here (it then complains of locales, NETSDK1188), and no build server should outlive its command.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT := 1
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1
export MSBUILDDISABLENODEREUSE := 1
quietly := -v quiet --nologo -clp:NoSummary -noWarn:NETSDK1188

executables := canal-felix=src/Canal.Felix canalctl=src/Canal.Ctl canal-bird-config-renderer=src/Canal.BirdConfigRenderer canal-cni=src/Canal.Cni canal-flannel-bridge=src/Canal.FlannelBridge canal-docker=src/Canal.Docker
binary_paths = $(foreach one,$(executables),$(1)/bin/$(firstword $(subst =, ,$(one))))
binaries := $(call binary_paths,artifacts)
arm64 := artifacts/linux-arm64
# Restore writes lock files anew even when nothing changed; what they follow from is in the list without them.
find_sources = find $(1) -type d \( -name bin -o -name obj \) -prune -o -type f ! -name packages.lock.json -print
shared := $(wildcard Directory.*.props global.json .editorconfig Canal.sln)
sources := $(shell $(call find_sources,src)) $(shared)
test_sources := $(shell $(call find_sources,tests)) $(sources)
projects := $(filter %.csproj %.props %.json %.sln,$(test_sources)) $(shell find src tests -name packages.lock.json)
packaged := $(shell find packaging systemd etc -type f) LICENSE README.md
scripts := .ci/run $(shell grep -rlE '^\#!(/usr)?/bin/(env )?(ba)?sh' packaging systemd tests --include='*' --exclude-dir=bin --exclude-dir=obj)

.PHONY: help demo test test-unit test-kernel test-e2e test-packages test-vm build packages packages-arm64 bench manuals lint install clean FORCE
.PHONY: setup-build setup-test setup-lint setup-packages setup-arm64 setup-vm setup-all

help: ## this text
	@echo 'Canal: network policy for containers, virtual machines and hosts. Targets:'
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 22
	@echo 'Root is needed where packages, namespaces or a guest system are: everything but build, test-unit, manuals, lint, clean.'

demo: build setup-test ## policy at work on hosts made of network namespaces, or with BGP=1 routes; KEEP=1 leaves them standing
	@KEEP='$(KEEP)' CANAL_BIN_DIR='$(CURDIR)/artifacts/bin' tests/demo/$(if $(BGP),bgp,run).sh

test: setup-all build artifacts/tests.stamp artifacts/packages.stamp ## every test; the last line is "N passed, N failed, N skipped"
	@tests/run.sh unit kernel e2e

test-unit: artifacts/tests.stamp ## the tests that need no privilege and no network
	@tests/run.sh unit

test-kernel: artifacts/tests.stamp setup-test ## the tests that need root, the kernel and etcd
	@tests/run.sh kernel

test-e2e: setup-all build artifacts/tests.stamp artifacts/packages.stamp ## the native binaries and the packages, end to end, as root
	@tests/run.sh e2e

test-packages: setup-all artifacts/packages.stamp ## the packages alone, in a guest with systemd (part of test-e2e)
	@tests/packages/run.sh

test-vm: setup-test setup-vm build ## WireGuard and IP-in-IP on the kernel of Debian, in a virtual machine; not part of test
	@CANAL_BIN_DIR='$(CURDIR)/artifacts/bin' tests/vm/run.sh

build: $(binaries) ## the native binaries, in artifacts/bin
	@ls -l $(binaries)

packages: artifacts/packages.stamp ## .deb and .rpm, in artifacts/packages
	@ls -l artifacts/packages

packages-arm64: $(arm64)/packages.stamp ## .deb and .rpm for arm64, cross-built and looked at, in artifacts/linux-arm64/packages
	@ls -l $(arm64)/packages

bench: build setup-test ## the benchmarks, as ratios (BENCH= names some: labels, calculator, nftables, daemon, cni, packets, bgp, vxlan)
	@CANAL_BIN_DIR='$(CURDIR)/artifacts/bin' dotnet run -c Release --project tests/Canal.Benchmarks -- $(BENCH)

# Page and program are compared by the tests; this is the same comparison, which writes.
manuals: artifacts/tests.stamp ## what the manual pages have from the programs' own tables, written anew
	@for program in Felix BirdConfigRenderer FlannelBridge Docker Ctl; do \
	  CANAL_WRITE_MANUALS=1 tests/Canal.$$program.Tests/bin/Debug/net10.0/Canal.$$program.Tests -noLogo -noColor -method '*_manual_page*' </dev/null >/dev/null || exit; done
	@git status --short packaging/man

# Analyzers and the rules of style are part of the build, where they are errors.
lint: artifacts/tests.stamp setup-lint ## format, analyzers, scripts and manual pages, changing nothing
	@dotnet format whitespace . --folder --verify-no-changes --exclude artifacts
	@packaging/version.sh >/dev/null
	@if command -v mandoc >/dev/null; then mandoc -T lint -W warning packaging/man/*; else echo 'mandoc is not installed: manual pages not checked'; fi
	@if command -v shellcheck >/dev/null; then shellcheck -x $(scripts); shellcheck -s sh packaging/rpm/*.{pre,post,preun,postun}; else echo 'shellcheck is not installed: scripts not checked'; fi

install: build ## into DESTDIR= under PREFIX=/usr, for those who package it themselves
	@for package in $$(cut -f1 packaging/manifest.tsv | grep '^canal' | sort -u); do \
	  packaging/stage.sh "$$package" artifacts/bin '$(DESTDIR)/' '$(PREFIX)'; done

clean: ## everything that was built
	@rm -rf artifacts
	@find src tests -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +

setup-all:
	@packaging/setup.sh build test packages guest

setup-build setup-test setup-lint setup-packages setup-arm64 setup-vm: setup-%:
	@packaging/setup.sh $*

# Removing a file makes nothing newer, so the list of files is itself a prerequisite. Written by make: for an argument of a command it is too long.
artifacts/%.list: FORCE
	$(shell mkdir -p artifacts)$(file >$@.new,$($*))
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# One restore for everything: publishing for a platform would otherwise restore the libraries for that platform alone, and the next
# build for none, each rewriting their lock files (or failing, in locked mode).
artifacts/restore.stamp: $(projects) | setup-build
	@mkdir -p artifacts
	@dotnet restore Canal.sln $(quietly)
	@touch $@

$(binaries) &: $(sources) artifacts/sources.list artifacts/restore.stamp | setup-build
	@test -n '$(rid)' || { echo 'Canal is built for x86_64 and aarch64; this machine is $(machine)' >&2; exit 1; }
	@packaging/compile.sh packaging/publish.sh $(rid) $(executables)

$(call binary_paths,$(arm64)) &: $(sources) artifacts/sources.list artifacts/restore.stamp | setup-build setup-arm64
	@packaging/compile.sh packaging/publish.sh linux-arm64 $(executables)

artifacts/tests.stamp: $(test_sources) artifacts/test_sources.list artifacts/restore.stamp | setup-build
	@echo 'building everything for tests'
	@packaging/compile.sh dotnet build Canal.sln -c Debug --no-restore $(quietly)
	@touch $@

artifacts/packages.stamp: $(binaries) $(packaged) artifacts/packaged.list | setup-packages
	@packaging/build.sh artifacts/bin artifacts/packages
	@touch $@

$(arm64)/packages.stamp: $(call binary_paths,$(arm64)) $(packaged) artifacts/packaged.list | setup-packages
	@packaging/build.sh $(arm64)/bin $(arm64)/packages
	@tests/packages/arm64.sh $(arm64)
	@touch $@

FORCE:
