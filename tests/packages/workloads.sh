# workloads.sh - sourced inside a guest: two workloads, what reaches what, and what the agent is doing.
# shellcheck shell=bash

property() { systemctl show -P "$1" canal-felix; }
active() { [ "$(systemctl is-active canal-felix)" = active ]; }
disabled_and_stopped() { [ "$(systemctl is-enabled canal-felix)" = disabled ] && [ "$(systemctl is-active canal-felix)" = inactive ]; }
restarted_since() { active && [ "$(property MainPID)" != "$1" ]; }
has_canal_table() { nft list tables | grep -w canal >/dev/null; }

# A way out: proxy ARP answers for 169.254.1.1 only where the host itself has a route to it.
uplink() {
  ip netns add outside
  ip link add uplink type veth peer name eth0 netns outside
  ip address add 192.0.2.1/24 dev uplink
  ip link set uplink up
  ip -n outside link set eth0 up
  ip route add default via 192.0.2.2
}
workload() { # NAME ADDRESS
  ip netns add "$1"
  ip link add "cali$1" type veth peer name eth0 netns "$1"
  ip -n "$1" address add "$2/32" dev eth0
  ip -n "$1" link set lo up
  ip -n "$1" link set eth0 up
  ip link set "cali$1" up
  ip -n "$1" route add 169.254.1.1 dev eth0
  ip -n "$1" route add default via 169.254.1.1 dev eth0
}
# What the agent does where it runs.
routes_by_hand() {
  local name
  for name in alpha bravo; do echo 1 > /proc/sys/net/ipv4/conf/cali$name/proxy_arp; done
  echo 1 > /proc/sys/net/ipv4/ip_forward
  ip route replace 10.65.0.10/32 dev calialpha
  ip route replace 10.65.0.11/32 dev calibravo
}
no_routes_by_hand() { ip route del 10.65.0.10/32 dev calialpha proto boot; ip route del 10.65.0.11/32 dev calibravo proto boot; }
serve() { systemd-run --quiet --unit="serve-$1" ip netns exec bravo nc -lk 10.65.0.11 "$1"; }
listening() { ip netns exec bravo nc -z -w 1 10.65.0.11 "$1"; }
reach() { ip netns exec alpha nc -z -w 1 10.65.0.11 "$1"; }
enforced() { reach 8080 && refuse reach 8081; }
