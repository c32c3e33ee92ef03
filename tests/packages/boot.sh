#!/bin/bash
# boot.sh OLD NEW - inside a guest, after lifecycle.sh and a boot with etcd down: what was in force before is in force again before anything can be reached,
# the agent goes on with it, and with etcd once that is back; then removal and purge, and what they leave.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/packages/checks.sh
. "$here/checks.sh"
# shellcheck source=tests/packages/workloads.sh
. "$here/workloads.sh"
# shellcheck source=tests/packages/state.sh
. "$here/state.sh"

probed() { cat "$state_folder/boot-probe"; grep -qx "$1" "$state_folder/boot-probe"; }
reached_at() { systemctl show -P "$2" "$1"; }
before_the_network() { [ "$(reached_at canal-felix-boot ActiveEnterTimestampMonotonic)" -le "$(reached_at network-pre.target ActiveEnterTimestampMonotonic)" ]; }
follows() { canalctl apply -f - <<'YAML'
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  name: open-8081
spec:
  order: 1
  selector: app == 'bravo'
  types:
  - Ingress
  ingress:
  - action: Allow
    protocol: TCP
    destination:
      ports:
      - 8081
YAML
}

nft -f - <<'NFT'
table inet theirs {
  chain input {
    type filter hook input priority filter; policy accept;
    tcp dport 9 counter accept
  }
}
NFT
check "workloads are there before the agent starts" within 60 test -s "$state_folder/boot-probe"
check "the agent had not started" probed "agent: inactive"
check "etcd was down" probed "etcd: inactive"
check "the boot unit had done its work" probed "boot unit: active"
check "before network-pre.target" before_the_network
check "an allowed packet passed" probed "8080: yes"
check "a denied packet did not" probed "8081: no"
check "the agent is enabled, and comes up without etcd" within 120 active
check "and leaves policy in force" enforced
check "etcd comes back" systemctl enable --now --quiet etcd
check "and answers" within 60 etcdctl endpoint health
check "the agent follows it again" follows
check "to packets" within 60 reach 8081
check "and back" canalctl delete globalnetworkpolicy open-8081
check "to none" within 60 enforced

systemctl disable --quiet boot-workloads
rm /etc/systemd/system/boot-workloads.service
systemctl daemon-reload
no_routes_by_hand 2>/dev/null
check "apt remove" apt-get -qq -y -o Dpkg::Use-Pty=0 remove canal-felix
check "removal stops the agent" refuse pgrep -x canal-felix
check "removal takes the nftables table away" refuse has_canal_table
check "removal keeps the administrator's file" test -e /etc/canal/felix.toml
check "removal takes what was kept for the next boot away" refuse test -e /var/lib/canal/last-known-good
check "removal leaves the kernel as it was before the packages, and another's table in it" same_kernel before
routes_by_hand
check "removal ends enforcement" within 60 reach 8081
no_routes_by_hand
check "apt purge" apt-get -qq -y -o Dpkg::Use-Pty=0 purge canal-felix canal-cni canalctl canal-common
check "purge leaves the file system as it was before the packages" same_files before
check "nothing has failed" test -z "$(systemctl --failed --no-legend)"
summary
