# overlay.sh - sourced by the parts of canal-felix, after stage.sh: its hosts' Nodes, agents and blocks, and what two workloads' connection looks like on the wire.
# shellcheck shell=bash disable=SC2034,SC2154 # what stage.sh and the parts set

patience=120
nodes=/calico/resources/v3/projectcalico.org/nodes
declare -A agent=() block=()

etcdc() { ETCDCTL_API=3 in_ns fab etcdctl --endpoints "$etcd" "$@"; }
node_json() { etcdc get --print-value-only "$nodes/$1"; }
# field HOST NAME: a string of its Node; empty when it has none.
field() { node_json "$1" | grep -oE "\"$2\":\"[^\"]*\"" | cut -d'"' -f4; }
has_field() { [ -n "$(field "$1" "$2")" ]; }
field_is() { [ "$(field "$1" "$2")" = "$3" ]; }

start() { start_agent "$1"; agent[$1]=${pids[-1]}; }
stop() { kill "${agent[$1]}"; wait "${agent[$1]}" 2>/dev/null; }

# felix NAME FIELDS: a FelixConfiguration with these fields of its spec.
felix() { printf 'apiVersion: projectcalico.org/v3\nkind: FelixConfiguration\nmetadata: {name: %s}\nspec: {%s}\n' "$1" "$2" | ctl apply -f -; }

# Not by env: busybox's would take busybox's ip.
clean_up() { RUNTIME_DIRECTORY="$work/$1/run" STATE_DIRECTORY="$work/$1/state" ip netns exec "$prefix-$1" "$bin/canal-felix" --config-dir "$work/$1/etc" --cleanup; }

# The block that an address is of, and another address of it.
block_of() { local a=${1%.*} b=${1##*.}; echo "$a.$((b & ~63))/26"; }
address_in() { local a=${1%/*}; echo "${a%.*}.$((${a##*.} + 40))"; }

# endpoint NAME [CIDR]: of a workload, perhaps with another address.
endpoint() {
  cat <<YAML
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {namespace: default, labels: {app: $1}}
spec: {node: ${host[$1]}, orchestrator: cni, containerID: $1, endpoint: eth0, interfaceName: cali$1, mac: "ee:ee:ee:ee:ee:ee", ipNetworks: [${address[$1]}/32${2:+, "$2"}], profiles: [open]}
---
YAML
}

profile_open() { printf 'apiVersion: projectcalico.org/v3\nkind: Profile\nmetadata: {name: open}\nspec: {ingress: [{action: Allow}], egress: [{action: Allow}]}\n' | ctl apply -f -; }

# Counters of the table that a part has made on h2.
counted() { in_ns h2 nft list counter inet look "$1" | grep -oE 'packets [0-9]+' | cut -d' ' -f2; }
reset() { in_ns h2 nft reset counters table inet look >/dev/null; }
passes() { in_ns "$1" timeout 3 nc -z -w 2 "${address[$2]}" 8055; }
# A connection and what it looked like on the wire.
looks() { reset; passes w0 v0 && passes v0 w0 && "$1"; }
