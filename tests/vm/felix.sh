#!/bin/bash
# felix.sh - inside the virtual machine: two hosts with canal-felix, a workload on each, etcd beside them. Ends with "N passed, N failed, N skipped".
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
declare -A address6=() block6=()
rule='not from all fwmark 0x200000/0x200000 lookup 1'

key_of() { field "$1" wireguardPublicKey; }
keyless() { [ -z "$(key_of "$1")" ]; }
other_key() { [ -n "$(key_of "$1")" ] && [ "$(key_of "$1")" != "$2" ]; }

device_is() { in_ns "$1" ip -d link show wireguard.cali | tr '\n' ' ' | grep -E "mtu $2 .*wireguard" >/dev/null; }
no_device() { ! in_ns "$1" ip link show wireguard.cali; }
listens() { in_ns "$1" cat /proc/net/udp | grep ':CA6C ' >/dev/null; }
ruled() { in_ns "$1" ip rule show | grep -E "^99:.*$rule" >/dev/null; }
not_ruled() { ! ruled "$1"; }
routed() { in_ns "$1" ip route show table 1 | grep "^$2 dev wireguard.cali .*scope link" >/dev/null; }
thrown() { in_ns "$1" ip route show table 1 | grep "^throw $2 " >/dev/null; }
table_empty() { [ -z "$(in_ns "$1" ip route show table 1 2>/dev/null)" ]; }
valid_mark() { [ "$(in_ns "$1" cat /proc/sys/net/ipv4/conf/all/src_valid_mark)" = 1 ]; }

device6() { in_ns "$1" ip -d link show wg-v6.cali | tr '\n' ' ' | grep -E "mtu 1420 .*wireguard" >/dev/null; }
routed6() { in_ns "$1" ip -6 route show table all | grep "^$2 dev wg-v6.cali " >/dev/null; }
# Of an address in a block of 64: the block, and another address of it.
block6_of() { echo "${1%:*}:$(printf '%x' $((0x${1##*:} & ~63)))/122"; }
address6_in() { echo "${1%:*}:$(printf '%x' $(((0x${1##*:} & ~63) + 40)))"; }
link_local_of() { in_ns "$1" ip -6 address show dev "$2" scope link | grep -oE 'fe80[^/]*'; }
passes6() { in_ns "$1" timeout 3 ping -6 -c 1 -W 2 "${address6[$2]}" >/dev/null; }
looks6() { reset; passes6 w0 v0 && passes6 v0 w0 && [ "$(counted encrypted6)" -gt 0 ] && [ "$(counted plain6)" = 0 ]; }

# What comes in at h2's wire: encrypted packets, packets of workloads as they are, and those of h1 itself to the test's port.
count_wire() {
  in_ns h2 nft -f - <<'NFT'
table inet look {
  counter encrypted { }
  counter plain { }
  counter host { }
  counter encrypted6 { }
  counter plain6 { }
  chain wire {
    type filter hook prerouting priority -400
    iifname "eth0" udp dport 51820 counter name "encrypted"
    iifname "eth0" ip saddr 10.65.0.0/16 counter name "plain"
    iifname "eth0" ip saddr 10.100.0.1 tcp dport 8056 counter name "host"
    iifname "eth0" meta nfproto ipv6 udp dport 51821 counter name "encrypted6"
    iifname "eth0" ip6 saddr fd00:65::/32 counter name "plain6"
  }
}
NFT
}
only_encrypted() { [ "$(counted encrypted)" -gt 0 ] && [ "$(counted plain)" = 0 ]; }
only_plain() { [ "$(counted encrypted)" = 0 ] && [ "$(counted plain)" -gt 0 ]; }
host_encrypted() { reset; in_ns h1 timeout 3 nc -z -w 2 10.100.0.2 8056 && [ "$(counted host)" = 0 ] && [ "$(counted encrypted)" -gt 0 ]; }
host_plain() { reset; in_ns h1 timeout 3 nc -z -w 2 10.100.0.2 8056 && [ "$(counted host)" -gt 0 ]; }

cat > /tmp/base.yaml <<'YAML'
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: pool}
spec: {cidr: 10.65.0.0/16}
---
apiVersion: projectcalico.org/v3
kind: Profile
metadata: {name: open}
spec: {ingress: [{action: Allow}], egress: [{action: Allow}]}
YAML

fabric
start_etcd || { echo '0 passed, 1 failed, 0 skipped'; exit 1; }
make_host h1 1
make_host h2 2
ctl init
ctl apply -f /tmp/base.yaml
felix default 'wireguardEnabled: true, programClusterRoutes: Enabled'
for one in "${hosts[@]}"; do ctl node init "$one" --ip "10.100.0.${one#h}/24"; start "$one"; done
count_wire

check "h1 tells its public key" within $patience has_field h1 wireguardPublicKey
if [ "$failed" != 0 ]; then
  # Without that nothing else can be.
  tail -n 40 "$work"/h*/felix.log
  summary
  exit 1
fi
for one in "${hosts[@]}"; do
  check "$one tells its public key" within $patience has_field "$one" wireguardPublicKey
  check "$one has an address for its device" within $patience has_field "$one" interfaceIPv4Address
  block[$one]=$(block_of "$(field "$one" interfaceIPv4Address)")
  check "$one has the device, with the host's MTU less 60" within $patience device_is "$one" 1440
  check "$one listens on port 51820" within $patience listens "$one"
  check "$one has the routing rule" within $patience ruled "$one"
  check "$one has src_valid_mark" within $patience valid_mark "$one"
done
check "the keys are different" other_key h1 "$(key_of h2)"
check "h1 reaches h2's block through the device" within $patience routed h1 "${block[h2]}"
check "h2 reaches h1's block through the device" within $patience routed h2 "${block[h1]}"
check "h1's own block is thrown" within $patience thrown h1 "${block[h1]}"
check "CNI plugins are told the MTU" within $patience grep -x 1440 /var/lib/calico/mtu

address[w0]=$(address_in "${block[h1]}")
address[v0]=$(address_in "${block[h2]}")
for one in "${workloads[@]}"; do make_workload "$one"; endpoint "$one"; done > /tmp/workloads.yaml
ctl apply -f /tmp/workloads.yaml
check "workloads reach each other, encrypted" within $patience looks only_encrypted

key=$(key_of h1)
node_json h1 | sed "s#$key#jlkVyQYooZYzI2wFfNhSZez5eWh44yfq1wKVjLvSXgY=#" > /tmp/node.json
started=$(now_ms)
etcdc put "$nodes/h1" "$(cat /tmp/node.json)" >/dev/null
check "an overwritten key is written again" within $patience field_is h1 wireguardPublicKey "$key"
echo "        after $(($(now_ms) - started)) ms"
check "and workloads reach each other, encrypted" within $patience looks only_encrypted

in_ns h1 ip rule del pref 99
check "a deleted rule comes back" within $patience ruled h1
in_ns h1 ip route del "${block[h2]}" table 1
check "a deleted route comes back" within $patience routed h1 "${block[h2]}"
stop h1
start h1
check "after a restart workloads reach each other" within $patience passes w0 v0
check "with the key that there was" field_is h1 wireguardPublicKey "$key"
in_ns h1 ip link del wireguard.cali
check "a deleted device comes back with another key" within $patience other_key h1 "$key"
check "and workloads reach each other, encrypted" within $patience looks only_encrypted

felix node.h2 'wireguardEnabled: false'
check "switched off on h2, h2 tells no key" within $patience keyless h2
check "h2 has no device" within $patience no_device h2
check "h1 throws h2's block" within $patience thrown h1 "${block[h2]}"
check "workloads reach each other without encryption" within $patience looks only_plain
ctl delete felixconfiguration node.h2
check "switched on again, encrypted" within $patience looks only_encrypted

# The check of source addresses must not take the encrypted packets for strangers'.
for one in "${hosts[@]}"; do in_ns "$one" sh -c 'echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter; echo 1 > /proc/sys/net/ipv4/conf/eth0/rp_filter'; done
ip netns exec "$prefix-h2" nc -lk -p 8056 </dev/null >/dev/null 2>&1 &
pids+=($!)
check "what a host sends itself is not encrypted" within $patience host_plain
felix default 'wireguardEnabled: true, wireguardHostEncryptionEnabled: true, programClusterRoutes: Enabled'
check "h2 is behind the device" within $patience routed h1 10.100.0.2
check "h1 is behind the device" within $patience routed h2 10.100.0.1
check "what a host sends itself is encrypted" within $patience host_encrypted
check "and what workloads send" within $patience looks only_encrypted

felix default 'wireguardEnabled: false, programClusterRoutes: Enabled'
for one in "${hosts[@]}"; do
  check "switched off, $one tells no key" within $patience keyless "$one"
  check "$one has no device" within $patience no_device "$one"
  check "$one has no routing rule" within $patience not_ruled "$one"
  check "$one has no routes left" within $patience table_empty "$one"
done
check "workloads reach each other without encryption" within $patience looks only_plain

felix default 'wireguardEnabled: true, programClusterRoutes: Enabled'
check "switched on again, encrypted" within $patience looks only_encrypted

printf 'apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: pool6}\nspec: {cidr: "fd00:65::/48"}\n' | ctl apply -f -
for one in "${hosts[@]}"; do
  in_ns "$one" ip address add "fd00:100::${one#h}/64" dev eth0 nodad
  ctl node init "$one" --ip "10.100.0.${one#h}/24" --ip "fd00:100::${one#h}/64"
done
felix default 'wireguardEnabled: true, wireguardEnabledV6: true, programClusterRoutes: Enabled'
for one in "${hosts[@]}"; do
  check "$one tells its key for IPv6" within $patience has_field "$one" wireguardPublicKeyV6
  check "$one has an IPv6 address for its device" within $patience has_field "$one" interfaceIPv6Address
  block6[$one]=$(block6_of "$(field "$one" interfaceIPv6Address)")
  check "$one has that device, with the host's MTU less 80" within $patience device6 "$one"
done
check "h1 reaches h2's IPv6 block through it" within $patience routed6 h1 "${block6[h2]}"
check "h2 reaches h1's" within $patience routed6 h2 "${block6[h1]}"
for one in "${workloads[@]}"; do
  address6[$one]=$(address6_in "$(field "${host[$one]}" interfaceIPv6Address)")
  in_ns "$one" ip address add "${address6[$one]}/128" dev eth0 nodad
  in_ns "$one" ip -6 route add default via "$(link_local_of "${host[$one]}" "cali$one")" dev eth0
done
for one in "${workloads[@]}"; do endpoint "$one" "${address6[$one]}/128"; done > /tmp/workloads.yaml
ctl apply -f /tmp/workloads.yaml
check "workloads reach each other by IPv6, encrypted" within $patience looks6
check "and by IPv4" within $patience looks only_encrypted

stop h1
check "a cleanup ends well" clean_up h1
check "it leaves no device" no_device h1
check "no rule" not_ruled h1
check "no route" table_empty h1
check "nothing went wrong meanwhile" refuse grep ERROR "$work/h1/felix.log" "$work/h2/felix.log"
[ "$failed" = 0 ] || tail -n 40 "$work"/h*/felix.log
summary
