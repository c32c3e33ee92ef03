#!/bin/bash
# firewalls.sh OLD NEW - inside a guest, after boot.sh: canal-felix beside firewalld, ufw and the distribution's nftables.service. Neither side changes
# what is the other's, a packet passes when both allow it, and what they reload, flush or start anew leaves Canal's policy in force.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/packages/checks.sh
. "$here/checks.sh"
# shellcheck source=tests/packages/workloads.sh
. "$here/workloads.sh"
new=$2

install_from() { apt-get -qq -y -o Dpkg::Use-Pty=0 install "$1"/canal-common_*.deb "$1"/canal-felix_*.deb "$1"/canalctl_*.deb; }
firewalld_table() { nft -s list table inet firewalld | sed 's/ # handle.*//'; }
ufw_rules() { iptables-save | grep -v '^#' | sed -E 's/\[[0-9]+:[0-9]+\]//'; }
# A change of policy, a restart of the agent and a repair: what could touch others' rules.
stir() {
  canalctl label networkpolicy only-8080 stirred="$SECONDS" --overwrite && systemctl restart canal-felix && nft delete table inet canal && within 60 enforced
}
same_after_stirring() { # COMMAND
  "$1" > /tmp/before && stir && diff /tmp/before <("$1")
}

if ! ip netns list | grep -w bravo > /dev/null; then
  uplink
  workload alpha 10.65.0.10
  workload bravo 10.65.0.11
fi
for port in 8080 8081; do systemctl is-active --quiet serve-$port || serve $port; done
check "bravo listens on 8080" within 60 listening 8080
check "bravo listens on 8081" within 60 listening 8081
check "apt install" install_from "$new"
systemctl enable --now --quiet canal-felix
check "canalctl init" canalctl init
check "canalctl apply" canalctl apply -f "$here/resources.yaml"
check "policy is enforced" within 60 enforced

check "firewalld starts" systemctl start firewalld
check "what firewalld forbids is forbidden, though Canal allows it" within 60 refuse reach 8080
firewall-cmd --quiet --permanent --zone=trusted --add-interface=calialpha --add-interface=calibravo
check "firewalld reloads" firewall-cmd --quiet --reload
check "what both allow passes, what Canal forbids does not" within 60 enforced
check "firewalld's table is as it was after all that Canal does" same_after_stirring firewalld_table
check "firewalld takes everything down and up again" firewall-cmd --quiet --complete-reload
check "and policy is enforced" within 60 enforced
check "firewalld stops" systemctl stop firewalld
check "and policy is enforced without it" within 60 enforced

check "ufw starts" ufw --force enable
check "what ufw forbids is forbidden, though Canal allows it" within 60 refuse reach 8080
ufw route allow in on calialpha out on calibravo > /dev/null
check "what ufw and Canal allow passes, what Canal forbids does not" within 60 enforced
check "ufw's rules are as they were after all that Canal does" same_after_stirring ufw_rules
check "ufw reloads" ufw reload
check "policy is enforced after it" within 60 enforced
check "ufw stops" ufw disable
check "policy is enforced without it" within 60 enforced

systemctl restart nftables
check "nftables.service flushes every rule, and policy comes back" within 60 enforced
check "apt purge" apt-get -qq -y -o Dpkg::Use-Pty=0 purge canal-felix canalctl canal-common
check "nothing of Canal's is in the kernel" refuse has_canal_table
summary
