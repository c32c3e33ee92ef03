#!/bin/bash
# Routes at work: three hosts, each with canal-felix, canal-bird-config-renderer and a BIRD, six workloads that have their addresses from Calico's address
# management, one etcd. Nobody configures a route. KEEP=1 leaves everything standing. CANAL_BIN_DIR names the folder of the native binaries.
set -euo pipefail
# shellcheck source=tests/demo/stage.sh
. "$(dirname "$(readlink -f "$0")")/stage.sh"

hosts=(h1 h2 h3)
declare -A address=() host=([web]=h1 [cache]=h1 [shop]=h2 [api]=h2 [db]=h3 [batch]=h3)
workloads=(web cache shop api db batch)

look_around() {
  cat <<TXT

${bold}Left standing. To look around:${plain}
  ip netns exec $prefix-h1 birdc -s $work/h1/bird.ctl show route      what BIRD of host h1 knows
  ip netns exec $prefix-h1 ip route show proto bird                   and what it has put into the kernel
  RUNTIME_DIRECTORY=$work/h1/run $bin/canalctl bgp peers
  ip netns exec $prefix-fab $bin/canalctl --etcd $etcd ipam show --show-blocks
  ip netns exec $prefix-web ping ${address[db]}
To clean up:
  kill ${pids[*]}; for n in fab ${hosts[*]} ${workloads[*]}; do ip netns del $prefix-\$n; done; rm -rf $work
TXT
}

# The agent of routes, and BIRD, which it starts itself where no systemd runs.
start_bgp() {
  cat >"$work/$1/etc/bird-config-renderer.toml" <<TOML
bird_start = "direct"
bird_socket = "$work/$1/bird.ctl"
bird_config = "$work/$1/bird.conf"
bird_group = ""
status_interval = "1s"
TOML
  RUNTIME_DIRECTORY="$work/$1/run" STATE_DIRECTORY="$work/$1/state" ip netns exec "$prefix-$1" "$bin/canal-bird-config-renderer" --config-dir "$work/$1/etc" >"$work/$1/bgp.log" 2>&1 &
  pids+=($!)
}

# A workload's interface, and its address: whatever the pool gives.
add_workload() {
  local name=$1 on=${host[$1]}
  address[$name]=$(in_ns fab "$bin/canalctl" --etcd "$etcd" endpoint add "$name" --node "$on" --interface "cali$name" --ip auto --label "app=$name" --profile open 2>>"$work/ctl.log")
  make_workload "$name"
  printf '    %-6s %-16s on %s\n' "$name" "${address[$name]}" "$on"
}

established() {
  [ "$(RUNTIME_DIRECTORY="$work/$1/run" "$bin/canalctl" bgp peers 2>/dev/null | grep -c Established)" = "$2" ]
}

# until_so SECONDS COMMAND...
until_so() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    if [ $SECONDS -ge $deadline ]; then echo "$* is not so" >&2; failures=$((failures + 1)); return; fi
    sleep 0.2
  done
}

peers() { RUNTIME_DIRECTORY="$work/$1/run" "$bin/canalctl" bgp peers | sed "s/^/    $dim/; s/\$/$plain/" || true; }
routes() { in_ns "$1" ip route show proto bird | sed "s/^/    $dim/; s/\$/$plain/"; }
has_route() { in_ns "$1" ip route show proto bird | grep "via $2 " >/dev/null; }
has_no_route() { ! has_route "$1" "$2"; }

# bird_of HOST: BIRD's process.
bird_of() {
  local pid
  for pid in $(ip netns pids "$prefix-$1"); do
    if [ "$(cat "/proc/$pid/comm")" = bird ]; then echo "$pid"; fi
  done
}

# BIRD is the renderer's child no longer: it goes on when the renderer ends.
clean_birds() { for name in "${hosts[@]}"; do birdc -s "$work/$name/bird.ctl" down >/dev/null 2>&1 || true; done; }
before_cleaning+=(clean_birds)

trap finish EXIT
trap 'exit 130' INT TERM

printf '%sThree hosts, six workloads, one etcd; the hosts know no routes to each other%s\n' "$bold" "$plain"
fabric
start_etcd
ctl init
{
  printf 'apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: pool}\nspec: {cidr: 10.65.0.0/16, natOutgoing: false}\n---\n'
  printf 'apiVersion: projectcalico.org/v3\nkind: Profile\nmetadata: {name: open}\nspec: {ingress: [{action: Allow}], egress: [{action: Allow}]}\n'
} | ctl apply -f -
for number in 1 2 3; do
  make_host "h$number" "$number"
  ctl node init "h$number" --ip "10.100.0.$number/24"
  start_agent "h$number"
done
for name in "${workloads[@]}"; do add_workload "$name"; done

printf '\n%s1. Without routes: workloads of one host reach each other, nobody else%s\n' "$bold" "$plain"
probe web cache pass
probe web db drop

printf '\n%s2. The hosts begin to talk BGP: a full mesh, as no BGPConfiguration says otherwise%s\n' "$bold" "$plain"
started=$(now_ms)
for name in "${hosts[@]}"; do start_bgp "$name"; done
for name in "${hosts[@]}"; do until_so 30 established "$name" 2; done
printf '  all sessions are up after %s ms\n' "$(($(now_ms) - started))"
peers h1
until_so 15 has_route h1 10.100.0.3
echo '  routes of h1 that BIRD put into the kernel:'
routes h1
probe web db pass
probe batch shop pass
probe api cache pass

printf '\n%s3. A filter: the mesh by a BGPPeer, whose BGPFilter keeps the block of h3 from the others%s\n' "$bold" "$plain"
block=$(in_ns h1 ip route show proto bird | awk '/via 10.100.0.3 / { print $1; exit }')
ctl apply -f - <<YAML
apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata: {name: default}
spec: {nodeToNodeMeshEnabled: false, asNumber: 64512}
---
apiVersion: projectcalico.org/v3
kind: BGPFilter
metadata: {name: not-h3}
spec: {importV4: [{action: Reject, matchOperator: In, cidr: $block}]}
---
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: mesh}
spec: {nodeSelector: all(), peerSelector: all(), filters: [not-h3]}
YAML
printf '    %sBGPFilter not-h3: importV4: Reject %s%s\n' "$dim" "$block" "$plain"
until_so 30 has_no_route h1 10.100.0.3
probe web db drop
probe web shop pass

printf '\n%s4. The filter goes%s\n' "$bold" "$plain"
ctl patch bgppeer mesh -p '{"spec":{"filters":[]}}'
until_so 30 has_route h1 10.100.0.3
probe web db pass

printf '\n%s5. BIRD of h3 is killed: its neighbours keep its routes while it comes back%s\n' "$bold" "$plain"
kill -KILL "$(bird_of h3)"
probe web db pass
until_so 30 established h3 2
probe web db pass

if [ "$failures" -gt 0 ]; then echo "$failures times something else was seen than expected" >&2; exit 1; fi
echo 'Every probe saw what was expected.'
