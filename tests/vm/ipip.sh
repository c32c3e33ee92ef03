#!/bin/bash
# ipip.sh - inside the virtual machine: two hosts whose workloads' packets canal-felix carries in IP-in-IP, etcd beside them. Ends with "N passed, N failed, N skipped".
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/demo/stage.sh
. "$here/../demo/stage.sh"
# shellcheck source=tests/packages/checks.sh
. "$here/../packages/checks.sh"
# shellcheck source=tests/vm/overlay.sh
. "$here/overlay.sh"
hosts=(h1 h2)
workloads=(w0 v0)
host=([w0]=h1 [v0]=h2)

pool() { printf 'apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: pool}\nspec: {cidr: 10.65.0.0/16, ipipMode: %s}\n' "$1" | ctl apply -f -; }
has_device() { in_ns "$1" ip link show tunl0 | grep -E '<[^>]*\bUP\b[^>]*> mtu 1480 ' >/dev/null && in_ns "$1" ip address show dev tunl0 | grep " $(field "$1" ipv4IPIPTunnelAddr)/32 " >/dev/null; }
routed() { in_ns "$1" ip route show "$2" | grep "^$2 via $3 dev tunl0 proto 80 .*onlink" >/dev/null; }
routed_plainly() { in_ns "$1" ip route show "$2" | grep "^$2 via $3 dev eth0 proto 80 " >/dev/null; }

# What comes in at h2's wire of workloads' packets: inside others, and as they are.
count_wire() {
  in_ns h2 nft -f - <<'NFT'
table inet look {
  counter carried { }
  counter plain { }
  chain wire {
    type filter hook prerouting priority -400
    iifname "eth0" meta l4proto 4 counter name "carried"
    iifname "eth0" ip saddr 10.65.0.0/16 counter name "plain"
  }
}
NFT
}
only_carried() { [ "$(counted carried)" -gt 0 ] && [ "$(counted plain)" = 0 ]; }
only_plain() { [ "$(counted carried)" = 0 ] && [ "$(counted plain)" -gt 0 ]; }
# What of a stranger arrives inside IP-in-IP: h3 is no host of the cluster.
stranger_sends() {
  in_ns h3 ip link add name away type ipip local 10.100.0.3 remote 10.100.0.2
  in_ns h3 ip address add 10.65.200.1/32 dev away
  in_ns h3 ip link set away up
  in_ns h3 ip route add "${address[v0]}/32" dev away src 10.65.200.1
  reset
  in_ns h3 timeout 3 ping -c 2 -W 1 "${address[v0]}" >/dev/null
  [ "$(counted carried)" -gt 0 ]
}
reached_by_stranger() { [ "$(in_ns v0 nft list counter inet look strange | grep -oE 'packets [0-9]+' | cut -d' ' -f2)" -gt 0 ]; }

fabric
start_etcd || { echo '0 passed, 1 failed, 0 skipped'; exit 1; }
make_host h1 1
make_host h2 2
make_host h3 3
ctl init
pool Always
profile_open
felix default 'programClusterRoutes: Enabled'
for one in "${hosts[@]}"; do ctl node init "$one" --ip "10.100.0.${one#h}/24"; start "$one"; done
count_wire

for one in "${hosts[@]}"; do
  check "$one has an address for its tunnel" within $patience has_field "$one" ipv4IPIPTunnelAddr
  block[$one]=$(block_of "$(field "$one" ipv4IPIPTunnelAddr)")
  check "$one has the device, with that address and the host's MTU less 20" within $patience has_device "$one"
done
check "h1 reaches h2's block through the tunnel" within $patience routed h1 "${block[h2]}" 10.100.0.2
check "h2 reaches h1's block through the tunnel" within $patience routed h2 "${block[h1]}" 10.100.0.1
address[w0]=$(address_in "${block[h1]}")
address[v0]=$(address_in "${block[h2]}")
for one in "${workloads[@]}"; do make_workload "$one"; endpoint "$one"; done > /tmp/workloads.yaml
ctl apply -f /tmp/workloads.yaml
check "workloads reach each other, inside the tunnel" within $patience looks only_carried

in_ns v0 nft 'add table inet look; add counter inet look strange; add chain inet look in { type filter hook input priority -400; }; add rule inet look in ip saddr 10.65.200.1 counter name strange'
check "a stranger's packets in IP-in-IP arrive at the host" stranger_sends
check "and no further" refuse reached_by_stranger

in_ns h1 ip link set tunl0 down
check "a device that was put down is up again" within $patience has_device h1
in_ns h1 ip route del "${block[h2]}"
check "a deleted route comes back" within $patience routed h1 "${block[h2]}" 10.100.0.2
check "and workloads reach each other, inside the tunnel" within $patience looks only_carried

pool CrossSubnet
check "on one subnet, CrossSubnet goes without the tunnel" within $patience routed_plainly h1 "${block[h2]}" 10.100.0.2
check "also back" within $patience routed_plainly h2 "${block[h1]}" 10.100.0.1
check "and workloads reach each other as they are" within $patience looks only_plain
pool Always
check "and inside the tunnel again" within $patience looks only_carried
stop h1
check "a cleanup ends well" clean_up h1
check "it leaves no route" refuse routed h1 "${block[h2]}" 10.100.0.2
check "nothing went wrong meanwhile" refuse grep ERROR "$work/h1/felix.log" "$work/h2/felix.log"
if [ "$failed" != 0 ]; then tail -n 60 "$work"/h*/felix.log; in_ns h1 ip -d link; in_ns h1 ip route; fi
clean
summary
