#!/bin/bash
# iptables.sh OLD NEW - inside a guest, after boot.sh: canal-felix under its own unit with iptables and ipset, both flavours, instead of nftables, and back.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/packages/checks.sh
. "$here/checks.sh"
# shellcheck source=tests/packages/workloads.sh
. "$here/workloads.sh"
new=$2

install_from() { apt-get -qq -y -o Dpkg::Use-Pty=0 install "$1"/canal-common_*.deb "$1"/canal-felix_*.deb "$1"/canalctl_*.deb; }
# dataplane WORD [FLAVOUR]: the setting, and the agent started with it.
dataplane() {
  mkdir -p /etc/canal/felix.toml.d
  printf 'dataplane = "%s"\niptables_backend = "%s"\n' "$1" "${2:-auto}" > /etc/canal/felix.toml.d/50-tests.toml
  systemctl restart canal-felix
}
has_chains() { "iptables-$1-save" 2>/dev/null | grep '^:canal-' > /dev/null; }
has_sets() { ipset list -name | grep '^canal-' > /dev/null; }
runs_as() { [ "$(stat -c %U "/proc/$(property MainPID)")" = "$1" ]; }
theirs() { iptables-nft-save | grep -x -- '-A FORWARD -s 192.0.2.99/32 -j DROP' > /dev/null; }
flush_by_others() { iptables-nft -F FORWARD && iptables-nft -A FORWARD -s 192.0.2.99 -j DROP; }
as_root() {
  mkdir -p /etc/systemd/system/canal-felix.service.d
  printf '[Service]\nUser=root\nReadWritePaths=/run\n' > /etc/systemd/system/canal-felix.service.d/tests.conf
  systemctl daemon-reload
}

for port in 8080 8081; do systemctl is-active --quiet serve-$port || serve $port; done
check "bravo listens on 8080" within 60 listening 8080
check "bravo listens on 8081" within 60 listening 8081
iptables-nft -A FORWARD -s 192.0.2.99 -j DROP
check "apt install" install_from "$new"
check "canalctl init" canalctl init
check "canalctl apply" canalctl apply -f "$here/resources.yaml"
check "the agent starts with iptables" dataplane iptables nft
check "policy is enforced" within 60 enforced
check "by chains of iptables" has_chains nft
check "and sets" has_sets
check "not by nftables' own" refuse has_canal_table
check "as the agent's own user" runs_as canal
check "others' rules are there" theirs
flush_by_others
check "what another program flushes comes back" within 60 enforced
check "a restart goes on with nftables" dataplane nftables
check "which enforces" within 60 enforced
check "with its table" has_canal_table
check "the chains of iptables are gone" within 60 refuse has_chains nft
check "and the sets" within 60 refuse has_sets
check "others' rules are still there" theirs
as_root
check "another goes on with iptables-legacy, as root" dataplane iptables legacy
check "which enforces" within 60 enforced
check "with its chains" has_chains legacy
check "nftables' table is gone" within 60 refuse has_canal_table
check "another, still as root, with iptables-nft" dataplane iptables nft
check "which enforces" within 60 enforced
check "the chains of iptables-legacy are gone" within 60 refuse has_chains legacy
rm -r /etc/systemd/system/canal-felix.service.d
systemctl daemon-reload
check "and it goes on as the agent's own user" systemctl restart canal-felix
check "which enforces" within 60 enforced
check "apt purge" apt-get -qq -y -o Dpkg::Use-Pty=0 purge canal-felix canalctl canal-common
check "nothing of Canal's is in iptables-nft" refuse has_chains nft
check "nor a set" refuse has_sets
check "nor in iptables-legacy" refuse has_chains legacy
check "others' rules are there" theirs
check "nothing has failed" test -z "$(systemctl --failed --no-legend)"
iptables-nft -D FORWARD -s 192.0.2.99 -j DROP
summary
