#!/bin/bash
# Canal at work: three hosts in a flannel network, six workloads, one etcd, all in network namespaces of this machine; nothing outside them is touched.
# KEEP=1 leaves everything standing and says how to look around. CANAL_BIN_DIR names the folder of the native binaries.
set -euo pipefail
# shellcheck source=tests/demo/stage.sh
. "$(dirname "$(readlink -f "$0")")/stage.sh"

summary=()
hosts=(h1 h2 h3)
network=10.65.0.0/16
declare -A host=([web]=h1 [shop]=h1 [spy]=h1 [api]=h2 [db]=h2 [batch]=h3)
declare -A role=([web]=frontend [shop]=frontend [spy]=none [api]=backend [db]=database [batch]=backend)
workloads=(web shop spy api db batch)

look_around() {
  cat <<TXT

${bold}Left standing. To look around:${plain}
  ip netns exec $prefix-h1 nft list table inet canal        the policy of host h1, each rule with its counter and where it comes from
  ip netns exec $prefix-h2 ip route                         h2's routes: to its workloads, and to the other hosts' subnets through flannel.1
  ip netns exec $prefix-h2 bridge fdb show dev flannel.1    where those hosts are
  RUNTIME_DIRECTORY=$work/h2/run $bin/canal-flannel-bridge --status
  ip netns exec $prefix-web nc -zvw1 ${address[api]} 8055          a connection from web to api
  ip netns exec $prefix-fab $bin/canalctl --etcd $etcd get gnp
  less $work/h1/felix.log $work/h1/flannel-bridge.log
To clean up:
  kill ${pids[*]}; for n in fab ${hosts[*]} ${workloads[*]}; do ip netns del $prefix-\$n; done; rm -rf $work
TXT
}

start_bridge() {
  printf 'subnet_file = "%s"\nip_pool = "flannel"\n' "$work/$1/subnet.env" >"$work/$1/etc/flannel-bridge.toml"
  RUNTIME_DIRECTORY="$work/$1/run" STATE_DIRECTORY="$work/$1/state" ip netns exec "$prefix-$1" "$bin/canal-flannel-bridge" --config-dir "$work/$1/etc" >"$work/$1/flannel-bridge.log" 2>&1 &
  pids+=($!)
}

# subnet_of HOST: what canal-flannel-bridge has leased; empty while there is nothing.
subnet_of() { sed -n 's/^FLANNEL_SUBNET=\(.*\)[.]1[/].*/\1/p' "$work/$1/subnet.env" 2>/dev/null; }

# await WHAT COMMAND...: polls up to 10 s.
await() {
  local what=$1; shift
  for _ in $(seq 100); do if "$@"; then return; fi; sleep 0.1; done
  echo "$what" >&2; tail -n 20 "$work"/h*/*.log >&2; return 1
}

leased() { [ -n "$(subnet_of "$1")" ]; }
routed() { in_ns "$1" ip route show "$(subnet_of "$2").0/24" | grep flannel.1 >/dev/null; }

flannel_network() {
  local one two
  ETCDCTL_API=3 in_ns fab etcdctl --endpoints "$etcd" put /coreos.com/network/config "{\"Network\":\"$network\",\"Backend\":{\"Type\":\"vxlan\"}}" >/dev/null
  for one in "${hosts[@]}"; do start_bridge "$one"; done
  for one in "${hosts[@]}"; do await "$one has no subnet" leased "$one"; done
  for one in "${hosts[@]}"; do for two in "${hosts[@]}"; do if [ "$one" != "$two" ]; then await "$one has no route to $two" routed "$one" "$two"; fi; done; done
  for one in "${hosts[@]}"; do printf '    %-3s has leased %s.0/24\n' "$one" "$(subnet_of "$one")"; done
  printf '  how h1 reaches the others (ip route): %s%s%s\n' "$dim" "$(in_ns h1 ip route show | grep flannel.1 | paste -sd';')" "$plain"
  mtu=$(sed -n 's/^FLANNEL_MTU=//p' "$work/h1/subnet.env")
}

endpoint_yaml() {
  cat <<YAML
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {namespace: default, labels: {app: $1, role: ${role[$1]}}}
spec: {node: ${host[$1]}, orchestrator: cni, containerID: $1, endpoint: eth0, interfaceName: cali$1, mac: "ee:ee:ee:ee:ee:ee", ipNetworks: [${address[$1]}/32], profiles: [open]}
---
YAML
}

# ask QUESTION HOST: applies the YAML on standard input, prints it, and measures until HOST's kernel has committed a change: nft monitor tells of it.
ask() {
  local yaml started committed
  yaml=$(cat)
  printf '\n%s%s%s\n' "$bold" "$1" "$plain"
  printf '%s\n' "$yaml" | sed "s/^/    $dim/; s/\$/$plain/"
  coproc MONITOR { in_ns "$2" stdbuf -oL nft monitor 2>/dev/null; }
  sleep 0.3
  started=$(now_ms)
  printf '%s\n' "$yaml" | ctl apply -f -
  if IFS= read -r -t 5 -u "${MONITOR[0]}" _; then committed=$(($(now_ms) - started)); else committed='more than 5000'; fi
  kill "$MONITOR_PID" 2>/dev/null || true
  wait "$MONITOR_PID" 2>/dev/null || true
  printf '  in the kernel of %s %s ms after canalctl was started\n' "$2" "$committed"
  summary+=("$(printf '%-62s %s ms' "$1" "$committed")")
}

# because HOST TEXT: the rule that decided, as the kernel lists it with its counter.
because() {
  local line
  line=$(in_ns "$1" nft list table inet canal | grep -F "$2" | grep -v 'packets 0 ' | head -n 1 | sed 's/^[[:space:]]*//') || true
  printf '  why (nft on %s): %s%s%s\n' "$1" "$dim" "${line:-no rule has counted yet}" "$plain"
}

policy() {
  cat <<YAML
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: $1}
spec:
$2
YAML
}

trap finish EXIT
trap 'exit 130' INT TERM

printf '%sThree hosts, six workloads, one etcd%s\n' "$bold" "$plain"
fabric
start_etcd
for number in 1 2 3; do make_host "h$number" "$number"; done
ctl init
flannel_network
number=10
for name in "${workloads[@]}"; do address[$name]=$(subnet_of "${host[$name]}").$number; number=$((number + 1)); make_workload "$name"; done
{
  for name in "${workloads[@]}"; do endpoint_yaml "$name"; done
  printf 'apiVersion: projectcalico.org/v3\nkind: Profile\nmetadata: {name: open}\nspec: {ingress: [{action: Allow}], egress: [{action: Allow}]}\n'
} | ctl apply -f -
for name in "${hosts[@]}"; do start_agent "$name"; done
for name in "${workloads[@]}"; do printf '    %-6s %-11s on %s, role %s\n' "$name" "${address[$name]}" "${host[$name]}" "${role[$name]}"; done

printf '\n%s1. Open: no policy, the profile allows everything%s\n' "$bold" "$plain"
probe web api pass
probe spy db pass
probe batch shop pass
probe batch api pass

ask '2. Isolate: nobody may reach the database' h2 < <(policy isolate-db "  selector: role == 'database'
  order: 100
  types: [Ingress]
  ingress: []")
probe api db drop
probe spy db drop
probe db api pass
because h2 'end of tier default'

ask '3. Allow by label: backends may reach the database' h2 < <(policy backends-to-db "  selector: role == 'database'
  order: 50
  types: [Ingress]
  ingress:
  - action: Allow
    protocol: TCP
    source: {selector: role == 'backend'}
    destination: {ports: [8055]}")
probe api db pass
probe batch db pass
probe web db drop
because h2 'gnp/backends-to-db ingress 0 allow'

ask '4. A tier above: the security team cuts the spy off' h1 < <(
  printf 'apiVersion: projectcalico.org/v3\nkind: Tier\nmetadata: {name: security}\nspec: {order: 10, defaultAction: Pass}\n---\n'
  policy security.no-spy "  tier: security
  selector: app == 'spy'
  types: [Ingress, Egress]
  ingress: [{action: Deny}]
  egress: [{action: Deny}]")
probe spy web drop
probe spy api drop
probe web shop pass
because h1 'gnp/security.no-spy egress 0 deny'

printf '\n%s5. Revoke: the policies are deleted%s\n    %scanalctl delete gnp isolate-db backends-to-db security.no-spy%s\n' "$bold" "$plain" "$dim" "$plain"
started=$(now_ms)
ctl delete gnp isolate-db backends-to-db security.no-spy
probe spy api pass
printf '  a connection passes %s ms after canalctl was started\n' "$(($(now_ms) - started))"
probe web db pass

printf '\n%sFrom the question to the kernel%s (canalctl, etcd, canal-felix and the commit together)\n' "$bold" "$plain"
printf '    %s\n' "${summary[@]}"
if [ "$failures" -gt 0 ]; then echo "$failures probes saw something else than expected" >&2; exit 1; fi
echo 'Every probe saw what was expected.'
