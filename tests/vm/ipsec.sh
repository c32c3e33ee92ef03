#!/bin/bash
# ipsec.sh - inside the virtual machine: three hosts with canal-flannel-bridge and strongSwan's charon in a network whose backend is ipsec, etcd beside them.
# What passes between the hosts is counted on the bridge that joins them. Ends with "N passed, N failed, N skipped".
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/demo/stage.sh
. "$here/../demo/stage.sh"
# shellcheck source=tests/packages/checks.sh
. "$here/../packages/checks.sh"
command -v charon-systemd >/dev/null || { echo 'strongSwan is not installed'; echo '0 passed, 0 failed, 1 skipped'; exit 0; }
hosts=(h1 h2 h3)
patience=120
secret=$(printf 'not-for-any-journal-%.0s' 1 2 3 4 5 6)
declare -A agent=() charon=()

etcdc() { ETCDCTL_API=3 in_ns fab etcdctl --endpoints "$etcd" "$@"; }
# network BACKEND [FIELDS]: the network's configuration.
network() { etcdc put /coreos.com/network/config "{\"Network\":\"10.5.0.0/16\",\"Backend\":{\"Type\":\"$1\"${2:+,$2}}}" >/dev/null; }

# Not by env: busybox's would take busybox's ip. In the background not by a function: $! would be a shell whose end the agent survives.
start() {
  RUNTIME_DIRECTORY="$work/$1/run" STATE_DIRECTORY="$work/$1/state" ip netns exec "$prefix-$1" "$bin/canal-flannel-bridge" --config-dir "$work/$1/etc" >>"$work/$1/log" 2>&1 &
  agent[$1]=$!
  pids+=($!)
}
stop() { kill "${agent[$1]}"; wait "${agent[$1]}" 2>/dev/null; }
clean_up() { RUNTIME_DIRECTORY="$work/$1/run" STATE_DIRECTORY="$work/$1/state" ip netns exec "$prefix-$1" "$bin/canal-flannel-bridge" --config-dir "$work/$1/etc" --cleanup; }
status() { RUNTIME_DIRECTORY="$work/$1/run" STATE_DIRECTORY="$work/$1/state" ip netns exec "$prefix-$1" "$bin/canal-flannel-bridge" --config-dir "$work/$1/etc" --status; }

configure_charon() {
  cat >"$work/$1/strongswan.conf" <<END
charon-systemd {
  load = random nonce openssl aes sha2 hmac kdf gcm gmp kernel-netlink socket-default vici
  filelog { all { path = $work/$1/charon.log
    default = 1
    flush_line = yes } }
  journal { default = -1 }
  plugins { vici { socket = unix://$work/$1/vici } }
}
END
}
start_charon() {
  STRONGSWAN_CONF="$work/$1/strongswan.conf" ip netns exec "$prefix-$1" charon-systemd >>"$work/$1/charon.out" 2>&1 &
  charon[$1]=$!
  pids+=($!)
}
# stop_charon NAME [SIGNAL]
stop_charon() { kill "-${2:-TERM}" "${charon[$1]}"; wait "${charon[$1]}" 2>/dev/null; }
swan() { STRONGSWAN_CONF="$work/$1/strongswan.conf" in_ns "$1" swanctl "$2" --uri "unix://$work/$1/vici"; }

told() { sed -n "s/^FLANNEL_$2=//p" "$work/$1/subnet.env"; }
has_subnet() { [ -n "$(told "$1" SUBNET)" ]; }
has_mtu() { [ "$(told "$1" MTU)" = "$2" ]; }
# The seventh address of a host's subnet is a workload's, on lo.
workload() { local a; a=$(told "$1" SUBNET); echo "${a%.*}.7"; }
add_workload() { in_ns "$1" ip addr add "$(workload "$1")/32" dev lo; }
reaches() { in_ns "$1" ping -c 1 -W 3 -M "do" -s "${3:-56}" -I "$(workload "$1")" "$(workload "$2")"; }
all_reach() { reaches h1 h2 && reaches h2 h3 && reaches h3 h1; }
lease_key() { local a; a=$(told "$1" SUBNET); echo "/coreos.com/network/subnets/${a%.*}.0-24"; }

policy() { local a b; a=$(told "$1" SUBNET) b=$(told "$2" SUBNET); in_ns "$1" ip xfrm policy | grep -A 3 "^src ${a%.*}.0/24 dst ${b%.*}.0/24" | grep 'reqid 11 mode tunnel' >/dev/null; }
# The kernel lists policies by socket too.
no_policies() { ! in_ns "$1" ip xfrm policy | grep -q '^src .*10\.5\.'; }
spis() { in_ns "$1" ip xfrm state | grep -oE 'spi 0x[0-9a-f]+' | sort | tr '\n' ' '; }
conns() { swan "$1" --list-conns | grep -c '^canal-coreos.com-network:'; }
has_conns() { [ "$(conns "$1")" = "$2" ]; }
silent() { refuse grep -F -e "$secret" "$work"/h*/log "$work"/h*/charon.log "$work"/h*/charon.out; }

count_wire() {
  in_ns fab nft -f - <<'NFT'
table bridge look {
  counter in-esp { }
  counter in-udp { }
  counter in-plain { }
  chain wire {
    type filter hook prerouting priority -300
    ip protocol esp counter name "in-esp"
    udp dport 4500 counter name "in-udp"
    ip saddr 10.5.0.0/16 counter name "in-plain"
    ip daddr 10.5.0.0/16 counter name "in-plain"
  }
}
NFT
}
counted() { in_ns fab nft list counter bridge look "in-$1" | grep -oE 'packets [0-9]+' | cut -d' ' -f2; }
nothing_plain() { [ "$(counted plain)" = 0 ]; }
reset() { in_ns fab nft reset counters table bridge look >/dev/null; }
ready() { status "$1" | grep 'ready: yes' >/dev/null; }
complete() { ready "$1" && ! status "$1" | grep 'no security association'; }
# encrypted COUNTER: the hosts reach each other by what is counted there.
encrypted() { reset; reaches h1 h2 && [ "$(counted "$1")" -gt 1 ]; }

fabric
start_etcd || { echo '0 passed, 1 failed, 0 skipped'; exit 1; }
count_wire
network ipsec '"PSK":"short"'
for one in "${hosts[@]}"; do
  make_host "$one" "${one#h}"
  printf 'subnet_file = "%s"\ninterfaces = ["eth0"]\ncharon_socket = "%s"\n' "$work/$one/subnet.env" "$work/$one/vici" >"$work/$one/etc/flannel-bridge.toml"
  configure_charon "$one"
  start "$one"
done
check "a short secret is refused" within $patience grep 'PSK has 5 characters, flannel wants at least 96' "$work/h1/log"
network ipsec "\"PSK\":\"$secret\""
for one in "${hosts[@]}"; do check "$one has a subnet" within $patience has_subnet "$one"; done
[ "$failed" = 0 ] || { tail -n 40 "$work"/h*/log; summary; exit 1; }
for one in "${hosts[@]}"; do add_workload "$one"; done
check "subnet.env tells the host's MTU less 77" has_mtu h1 1423
check "before there are keys there are policies" within $patience policy h1 h2
check "that nobody agrees on keys is told" within $patience grep "charon cannot be reached at $work/h1/vici" "$work/h1/log"
check "no packet goes to the other host" refuse reaches h1 h2

for one in "${hosts[@]}"; do start_charon "$one"; done
check "with charon the hosts reach each other" within $patience all_reach
check "in ESP" encrypted esp
check "a packet of the told MTU goes through" within $patience reaches h1 h2 1395
check "an unencrypted one of the host itself does not" refuse in_ns h1 ping -c 1 -W 2 -I 10.100.0.1 "$(workload h2)"
check "nor one to a subnet that nobody has" refuse in_ns h1 ping -c 1 -W 2 -I "$(workload h1)" 10.5.255.7
check "status names no missing association" within $patience complete h1

before=$(spis h1)
stop h1
start h1
check "an agent that starts anew" within $patience ready h1
sleep 3
check "leaves the security associations be" test "$before" = "$(spis h1)"
check "and the hosts reach each other" within $patience all_reach

for signal in TERM KILL; do
  stop_charon h1 $signal
  check "without charon, ended by $signal, no unencrypted packet goes" eval 'reaches h1 h2; nothing_plain'
  start_charon h1
  begun=$SECONDS
  check "charon comes back: the agent tells it of its peers" within $patience has_conns h1 2
  echo "        after $((SECONDS - begun)) s"
  check "and the hosts reach each other" within $patience all_reach
done

in_ns h1 ip xfrm policy flush
check "policies that somebody flushed come back" within 10 policy h1 h2
check "and the hosts reach each other" within $patience all_reach

check "so far all of it was encrypted" eval 'reset; all_reach && nothing_plain'
stop h3
check "a host leaves" etcdc del "$(lease_key h3)"
check "the others have no policy for it" within $patience refuse policy h1 h3
check "charon forgets it" within $patience has_conns h1 1
check "no packet goes there" refuse reaches h1 h3
check "and the others reach each other" within $patience reaches h1 h2
check "all of it was encrypted" nothing_plain

network ipsec "\"PSK\":\"$secret\",\"UDPEncap\":true"
check "in UDP the MTU is 8 less" within $patience has_mtu h1 1415
for one in h1 h2; do stop_charon "$one"; start_charon "$one"; done
check "and the hosts reach each other by UDP" within $patience encrypted udp

network wireguard
check "another backend has the policies go" within $patience no_policies h1
check "and what charon was told" within $patience has_conns h1 0
network ipsec "\"PSK\":\"$secret\""
check "ipsec again" within $patience policy h1 h2
check "and the hosts reach each other" within $patience reaches h1 h2
check "no secret is in a journal" silent
stop h1
check "the policies stay when the agent ends" policy h1 h2
check "a cleanup ends well" clean_up h1
check "it leaves no policy" no_policies h1
check "and nothing for charon" has_conns h1 0
[ "$failed" = 0 ] || for one in h1 h2; do tail -n 40 "$work/$one/log"; tail -n 60 "$work/$one/charon.log"; done
summary
