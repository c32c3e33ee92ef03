#!/bin/bash
# flannel.sh - inside the virtual machine: three hosts with canal-flannel-bridge in a network whose backend is wireguard, etcd beside them. Ends with "N passed, N failed, N skipped".
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/demo/stage.sh
. "$here/../demo/stage.sh"
# shellcheck source=tests/packages/checks.sh
. "$here/../packages/checks.sh"
hosts=(h1 h2 h3)
patience=120
network='"Network":"10.5.0.0/16","EnableIPv6":true,"IPv6Network":"fd05::/48"'
shared=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=
declare -A agent=()

etcdc() { ETCDCTL_API=3 in_ns fab etcdctl --endpoints "$etcd" "$@"; }
# backend FIELDS: the network's configuration with these fields of its backend.
backend() { etcdc put /coreos.com/network/config "{$network,\"Backend\":{\"Type\":\"wireguard\"${1:+,$1}}}" >/dev/null; }

# Not by env: busybox's would take busybox's ip. In the background not by a function: $! would be a shell whose end the agent survives.
start() {
  RUNTIME_DIRECTORY="$work/$1/run" STATE_DIRECTORY="$work/$1/state" ip netns exec "$prefix-$1" "$bin/canal-flannel-bridge" --config-dir "$work/$1/etc" >>"$work/$1/log" 2>&1 &
  agent[$1]=$!
  pids+=($!)
}
stop() { kill "${agent[$1]}"; wait "${agent[$1]}" 2>/dev/null; }
clean_up() { RUNTIME_DIRECTORY="$work/$1/run" STATE_DIRECTORY="$work/$1/state" ip netns exec "$prefix-$1" "$bin/canal-flannel-bridge" --config-dir "$work/$1/etc" --cleanup; }

told() { sed -n "s/^FLANNEL_$2=//p" "$work/$1/subnet.env"; }
has_subnet() { [ -n "$(told "$1" SUBNET)" ] && [ -n "$(told "$1" IPV6_SUBNET)" ]; }
# The seventh address of a host's subnet is a workload's, on lo.
workload() { local a; a=$(told "$1" SUBNET); echo "${a%.*}.7"; }
workload6() { local a; a=$(told "$1" IPV6_SUBNET); echo "${a%1/*}7"; }
has_subnet4() { [[ $(told "$1" SUBNET) == 10.6.* ]]; }
ipip_is() { in_ns "$1" ip -d link show flannel.ipip | tr '\n' ' ' | grep -E "mtu $2 .*ipip" >/dev/null; }
ipip_routed() { local a; a=$(told "$2" SUBNET); in_ns "$1" ip route | grep "^${a%.*}.0/24 via 10.100.0.${2#h} dev flannel.ipip .*onlink" >/dev/null; }
add_workload() { in_ns "$1" ip addr add "$(workload "$1")/32" dev lo && in_ns "$1" ip -6 addr add "$(workload6 "$1")/128" dev lo nodad; }
reaches() { in_ns "$1" ping -c 1 -W 3 -s "${3:-56}" -I "$(workload "$1")" "$(workload "$2")" && in_ns "$1" ping -6 -c 1 -W 3 -s "${3:-56}" -I "$(workload6 "$1")" "$(workload6 "$2")"; }
all_reach() { reaches h1 h2 && reaches h2 h3 && reaches h3 h1; }

lease() { etcdc get --prefix --print-value-only /coreos.com/network/subnets | grep "\"PublicIP\":\"10.100.0.${1#h}\""; }
key_of() { lease "$1" | grep -oE '"BackendData":\{"PublicKey":"[^"]*"' | cut -d'"' -f6; }
other_key() { [ -n "$(key_of "$1")" ] && [ "$(key_of "$1")" != "$2" ]; }
same_key() { [ "$(key_of "$1")" = "$2" ]; }
device_is() { in_ns "$1" ip -d link show "$2" | tr '\n' ' ' | grep -E "mtu $3 .*wireguard" >/dev/null; }
no_device() { ! in_ns "$1" ip link show "$2"; }
routed() { in_ns "$1" ip route | grep -E '^10.5.0.0/16 dev flannel-wg .*scope link' >/dev/null && in_ns "$1" ip -6 route | grep -E "^fd05::/48 dev $2 " >/dev/null; }
is_secret() { [ "$(stat -c %a "$1")" = 600 ]; }
silent() { refuse grep -F -e "$shared" -e "$(cat "$work/h1/state/flannel-wireguard-key")" "$work"/h*/log; }

# What comes in at h2's wire: encrypted packets by family and port, and packets of the network as they are.
count_wire() {
  in_ns h2 nft -f - <<'NFT'
table inet look {
  counter v4 { }
  counter v6 { }
  counter plain { }
  chain wire {
    type filter hook prerouting priority -400
    iifname "eth0" meta nfproto ipv4 udp dport 51820 counter name "v4"
    iifname "eth0" meta nfproto ipv6 udp dport 51820-51821 counter name "v6"
    iifname "eth0" ip saddr 10.5.0.0/16 counter name "plain"
    iifname "eth0" ip6 saddr fd05::/48 counter name "plain"
  }
}
NFT
}
counted() { in_ns h2 nft list counter inet look "$1" | grep -oE 'packets [0-9]+' | cut -d' ' -f2; }
reset() { in_ns h2 nft reset counters table inet look >/dev/null; }
# looks V4 V6: the hosts reach each other, and on the wire there is (1) or is not (0) something of each family, all of it encrypted.
looks() {
  reset
  reaches h1 h2 && [ "$(counted plain)" = 0 ] && [ $(($(counted v4) > 0)) = "$1" ] && [ $(($(counted v6) > 0)) = "$2" ]
}

fabric
in_ns fab ip -6 addr add fd10::fe/64 dev br0 nodad
start_etcd || { echo '0 passed, 1 failed, 0 skipped'; exit 1; }
etcd_pid=${pids[-1]}
backend "\"PSK\":\"$shared\",\"PersistentKeepaliveInterval\":25"
for one in "${hosts[@]}"; do
  make_host "$one" "${one#h}"
  in_ns "$one" ip -6 addr add "fd10::${one#h}/64" dev eth0 nodad
  printf 'subnet_file = "%s"\ninterfaces = ["eth0"]\n' "$work/$one/subnet.env" >"$work/$one/etc/flannel-bridge.toml"
  start "$one"
done
count_wire
for one in "${hosts[@]}"; do check "$one has a subnet" within $patience has_subnet "$one"; done
[ "$failed" = 0 ] || { tail -n 40 "$work"/h*/log; summary; exit 1; }
for one in "${hosts[@]}"; do add_workload "$one"; done
check "h1 has the device of IPv4, with the host's MTU less 80" device_is h1 flannel-wg 1420
check "and that of IPv6" device_is h1 flannel-wg-v6 1420
check "the network is routed there" within $patience routed h1 flannel-wg-v6
check "subnet.env tells that MTU" test "$(told h1 MTU)" = 1420
check "the hosts reach each other" within $patience all_reach
check "each family is encrypted over its own" within $patience looks 1 1
check "a packet of the device's MTU goes through" within $patience reaches h1 h2 1372
check "the key's file is the agent's alone" is_secret "$work/h1/state/flannel-wireguard-key"

key=$(key_of h1)
in_ns h1 ip link del flannel-wg
check "a deleted device comes back" within $patience device_is h1 flannel-wg 1420
check "and the hosts reach each other" within $patience all_reach
check "with the key that there was" same_key h1 "$key"

key=$(key_of h2)
stop h2
rm "$work/h2/state/flannel-wireguard-key"
start h2
check "without its file h2 has another key" within $patience other_key h2 "$key"
check "and the hosts reach each other" within $patience all_reach
check "encrypted" within $patience looks 1 1

kill -STOP "$etcd_pid"
stop h1
in_ns h1 ip link del flannel-wg
start h1
check "an agent that starts while etcd does not answer makes what was there" within $patience device_is h1 flannel-wg 1420
check "and the hosts reach each other" within $patience all_reach
check "which it says" grep 'etcd does not answer: this host goes on with' "$work/h1/log"
kill -CONT "$etcd_pid"

backend "\"Mode\":\"auto\""
check "in the mode auto there is one device" within $patience no_device h1 flannel-wg-v6
check "for both families" within $patience routed h1 flannel-wg
check "and the hosts reach each other, without the shared key" within $patience all_reach
check "encrypted, over IPv4" within $patience looks 1 0
backend "\"Mode\":\"ipv6\",\"PSK\":\"$shared\""
check "in the mode ipv6 all of it is encrypted over IPv6" within $patience looks 0 1
check "and the hosts reach each other" within $patience all_reach

check "no key is in the journal" silent
stop h1
check "a cleanup ends well" clean_up h1
check "it leaves no device" no_device h1 flannel-wg

# Debian's kernel has ipip too, which carries IPv4 only.
for one in h2 h3; do stop "$one"; clean_up "$one"; done
etcdc del --prefix /coreos.com/network >/dev/null
etcdc put /coreos.com/network/config '{"Network":"10.6.0.0/16","Backend":{"Type":"ipip"}}' >/dev/null
for one in "${hosts[@]}"; do start "$one"; done
for one in "${hosts[@]}"; do
  check "$one has a subnet in a network of ipip" within $patience has_subnet4 "$one"
  in_ns "$one" ip addr add "$(workload "$one")/32" dev lo
done
reaches4() { in_ns "$1" ping -c 1 -W 3 -s "${3:-56}" -M "do" -I "$(workload "$1")" "$(workload "$2")"; }
all_reach4() { reaches4 h1 h2 && reaches4 h2 h3 && reaches4 h3 h1; }
check "the device has the host's MTU less 20" ipip_is h1 1480
check "a route leads through the device to the other host" within $patience ipip_routed h1 h2
check "the hosts reach each other" within $patience all_reach4
check "also with packets of the device's MTU" within $patience reaches4 h1 h2 1452
in_ns h1 ip link del flannel.ipip
check "a deleted device comes back and the hosts reach each other" within $patience all_reach4
stop h1
check "a cleanup leaves no device" clean_up h1
check "of ipip either" no_device h1 flannel.ipip
[ "$failed" = 0 ] || tail -n 40 "$work"/h*/log
summary
