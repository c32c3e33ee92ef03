# stage.sh - sourced by the stories: etcd, hosts and workloads in network namespaces of this machine; nothing outside them is touched.
# The story sets hosts, workloads, address and host before it builds anything, and look_around, which says what there is to see with KEEP=1.
# shellcheck shell=bash disable=SC2034 # what the stories use

bin=${CANAL_BIN_DIR:?names the folder of the native binaries}
keep=${KEEP:-}
id=$$
prefix=cdemo$id
work=$(mktemp -d /tmp/canal-demo.XXXXXX)
etcd=http://10.100.0.254:2379
pids=()
failures=0
hosts=() workloads=()
mtu=1500
declare -A address=() host=()
# Functions of the story that end what the stage does not know of.
before_cleaning=()

if [ -t 1 ]; then bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'; else bold='' green='' red='' dim='' plain=''; fi

# A command in a namespace. In the background use ip itself: a function would leave $! to a shell whose end its command survives.
in_ns() { local ns=$prefix-$1; shift; ip netns exec "$ns" "$@"; }
ctl() { in_ns fab "$bin/canalctl" --etcd "$etcd" "$@" >"$work/ctl.log" 2>&1 || { cat "$work/ctl.log" >&2; return 1; }; }

clean() {
  local step pid ns
  for step in "${before_cleaning[@]}"; do "$step"; done
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  for ns in fab "${hosts[@]}" "${workloads[@]}"; do ip netns del "$prefix-$ns" 2>/dev/null || true; done
  rm -rf "$work"
}

finish() {
  local status=$?
  trap - EXIT
  if [ -n "$keep" ] && [ "$status" -eq 0 ]; then look_around; else clean; fi
  exit "$status"
}

fabric() {
  ip netns add "$prefix-fab"
  in_ns fab ip link set lo up
  in_ns fab ip link add br0 type bridge
  in_ns fab ip addr add 10.100.0.254/24 dev br0
  in_ns fab ip link set br0 up
}

start_etcd() {
  ip netns exec "$prefix-fab" etcd --data-dir "$work/etcd" --unsafe-no-fsync --listen-client-urls "$etcd" --advertise-client-urls "$etcd" --listen-peer-urls http://127.0.0.1:2380 \
    --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster default=http://127.0.0.1:2380 --log-level error >"$work/etcd.log" 2>&1 &
  pids+=($!)
  for _ in $(seq 600); do
    if ETCDCTL_API=3 in_ns fab etcdctl --endpoints "$etcd" endpoint health >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  echo 'etcd does not start:' >&2; cat "$work/etcd.log" >&2; return 1
}

# make_host NAME NUMBER: a host on the fabric, with the agent's own configuration.
make_host() {
  ip netns add "$prefix-$1"
  ip -n "$prefix-fab" link add "to-$1" type veth peer name eth0 netns "$prefix-$1"
  in_ns fab ip link set "to-$1" master br0 up
  in_ns "$1" ip link set lo up
  in_ns "$1" ip addr add "10.100.0.$2/24" dev eth0
  in_ns "$1" ip link set eth0 up
  # Without a default route a host does not answer for 169.254.1.1, the workloads' gateway.
  in_ns "$1" ip route add default via 10.100.0.254
  mkdir -p "$work/$1/etc" "$work/$1/run" "$work/$1/state"
  printf 'node_name = "%s"\n[etcd]\nendpoints = ["%s"]\n' "$1" "$etcd" >"$work/$1/etc/canal.toml"
  printf 'endpoint_status_path_prefix = "%s"\ndefault_endpoint_to_host_action = "Return"\n' "$work/$1/status" >"$work/$1/etc/felix.toml"
}

start_agent() {
  RUNTIME_DIRECTORY="$work/$1/run" STATE_DIRECTORY="$work/$1/state" ip netns exec "$prefix-$1" "$bin/canal-felix" --config-dir "$work/$1/etc" >"$work/$1/felix.log" 2>&1 &
  pids+=($!)
}

make_workload() {
  local name=$1 on=${host[$1]}
  ip netns add "$prefix-$name"
  ip -n "$prefix-$on" link add "cali$name" mtu "$mtu" type veth peer name eth0 mtu "$mtu" netns "$prefix-$name"
  in_ns "$name" ip link set lo up
  in_ns "$name" ip link set eth0 address ee:ee:ee:ee:ee:ee
  in_ns "$name" ip addr add "${address[$name]}/32" dev eth0
  in_ns "$name" ip link set eth0 up
  in_ns "$name" ip route add default via 169.254.1.1 dev eth0 onlink
  in_ns "$on" ip link set "cali$name" up
  ip netns exec "$prefix-$name" nc -lk -p 8055 </dev/null >/dev/null 2>&1 &
  pids+=($!)
}

reaches() { in_ns "$1" timeout 0.6 nc -z -w 1 "${address[$2]}" 8055 >/dev/null 2>&1; }

# probe FROM TO pass|drop: polls up to 5 s until the verdict is as expected, then says what it saw.
probe() {
  local seen=drop verdict
  for _ in $(seq 10); do
    if reaches "$1" "$2"; then seen=pass; else seen=drop; fi
    if [ "$seen" = "$3" ]; then break; fi
    sleep 0.1
  done
  if [ "$seen" = pass ]; then verdict="${green}✓ passes${plain}"; else verdict="${red}✗ dropped${plain}"; fi
  printf '    %-6s → %-6s expected %-4s  observed %s\n' "$1" "$2" "$3" "$verdict"
  if [ "$seen" != "$3" ]; then failures=$((failures + 1)); fi
}

now_ms() { local t=${EPOCHREALTIME/[.,]/}; echo $((t / 1000)); }
