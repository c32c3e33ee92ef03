#!/bin/bash
# run.sh - Debian's podman runs containers on the plugin: a host in a network namespace with canal-felix and etcd, and podman with folders of its own.
# As root. Ends with "N passed, N failed, N skipped"; everything is skipped where podman, runc or a static busybox is missing.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.." || exit 1
for program in podman runc busybox; do
  command -v $program >/dev/null || { echo "$program is not installed"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
done
export CANAL_BIN_DIR=${CANAL_BIN_DIR:-$PWD/artifacts/bin}
# shellcheck source=tests/demo/stage.sh
. tests/demo/stage.sh
# shellcheck source=tests/packages/checks.sh
. tests/packages/checks.sh
hosts=(h1)

# Not `ip netns exec`, whose own mounts would hide the containers' namespaces from the next command.
pod() {
  CONTAINERS_CONF=$work/containers.conf nsenter --net="/run/netns/$prefix-h1" podman --root "$work/podman/root" --runroot "$work/podman/run" --tmpdir "$work/podman/tmp" \
    --runtime runc --cgroup-manager cgroupfs --storage-driver vfs --events-backend none "$@"
}
# run NAME: a container that does nothing but be there.
run() { pod run -d --name "$1" --network web --ulimit nofile=512:512 --ulimit nproc=512:512 --rootfs "$work/rootfs" /bin/sleep 3600; }
address_of() { pod exec "$1" /bin/ip -o -4 address show eth0 | grep -oE '10\.65\.[0-9]+\.[0-9]+'; }
reaches_by_ping() { pod exec "$1" /bin/ping -c 1 -W 1 "$2"; }
query() { in_ns fab "$bin/canalctl" --etcd "$etcd" "$@"; }
endpoints_are() { [ "$(query get wep -A -o name | wc -l)" = "$1" ]; }
no_interface_left() { ! in_ns h1 ip -o link | grep cali >/dev/null; }
nothing_assigned() { query ipam check 2>&1 | grep ' 0 assigned addresses' >/dev/null; }

remove_containers() { pod rm -f -t 0 -a >/dev/null 2>&1; }
before_cleaning+=(remove_containers)
trap clean EXIT

fabric
start_etcd
make_host h1 1
ctl init
printf 'apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: pool}\nspec: {cidr: 10.65.0.0/24}\n' | ctl apply -f -
ctl node init h1 --ip 10.100.0.1/24
start_agent h1

mkdir -p "$work/rootfs"/{bin,proc,sys,dev,etc} "$work/plugins" "$work/net.d"
cp "$(command -v busybox)" "$work/rootfs/bin/busybox"
for program in sh ip ping sleep; do ln -s busybox "$work/rootfs/bin/$program"; done
cp "$bin/canal-cni" "$work/plugins/canal"
ln -s canal "$work/plugins/canal-ipam"
cat > "$work/net.d/web.conflist" <<JSON
{ "cniVersion": "1.0.0", "name": "web",
  "plugins": [ { "type": "canal", "config_dir": "$work/h1/etc", "endpoint_status_dir": "$work/h1/status/endpoint-status", "state_dir": "$work/h1/cni",
                 "ipam_lock_file": "$work/h1/ipam.lock", "labels": { "network": "web" }, "ipam": { "type": "canal-ipam" } } ] }
JSON
printf '[network]\nnetwork_backend = "cni"\nnetwork_config_dir = "%s"\ncni_plugin_dirs = ["%s"]\n' "$work/net.d" "$work/plugins" > "$work/containers.conf"

check "podman knows the network" pod network inspect web
check "a container starts" run one
check "another container starts" run two
check "both are endpoints in etcd" endpoints_are 2
one=$(address_of one) two=$(address_of two)
check "each has an address of the pool" test -n "$one" -a -n "$two" -a "$one" != "$two"
check "containers of a network reach each other" within 60 reaches_by_ping one "$two"
ctl apply -f - <<'YAML'
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: closed}
spec: {selector: network == 'web', types: [Ingress]}
YAML
check "until a policy says otherwise" within 60 refuse reaches_by_ping one "$two"
ctl delete gnp closed
check "and again without it" within 60 reaches_by_ping two "$one"
check "a container is removed" pod rm -f -t 0 one
check "its endpoint goes with it" within 60 endpoints_are 1
check "the other is removed" pod rm -f -t 0 two
check "no endpoint is left" within 60 endpoints_are 0
check "no interface is left" within 60 no_interface_left
check "no address is left" nothing_assigned
summary
