#!/bin/bash
# secured.sh OLD NEW - inside a guest, after bird.sh: every package at once, with authentication on in etcd and, for each program, the role that `canalctl etcd roles`
# makes it; passwords come as systemd's credentials. How locked up the units are; flannel's network and Docker's driver as packages; what all of them leave.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/packages/checks.sh
. "$here/checks.sh"
# shellcheck source=tests/packages/state.sh
. "$here/state.sh"
old=$1 new=$2
units="canal-felix.service canal-felix-boot.service canal-bird-config-renderer.service canal-bird.service canal-bird6.service canal-flannel-bridge.service canal-docker.service"
daemons="felix bird-config-renderer flannel-bridge docker"
secret=/etc/canal-tests.secret
socket=/run/docker/plugins/canal.sock
network=a1b2c3d4e5f60718293a4b5c6d7e8f90

install_all() { find "$1" -name '*.deb' ! -name '*dbgsym*' -exec apt-get -qq -y -o Dpkg::Use-Pty=0 install {} +; }
all_disabled_and_stopped() {
  local unit
  for unit in $units canal-docker.socket canal-bird.path canal-bird6.path; do
    case $(systemctl is-enabled "$unit") in disabled | indirect | static) ;; *) echo "$unit is enabled"; return 1 ;; esac
    [ "$(systemctl is-active "$unit")" = inactive ] || { echo "$unit is active"; return 1; }
  done
}
# Of BIRD 1.6 no program is here.
no_warnings() { [ -z "$(systemd-analyze verify --man=no "$1" 2>&1 | grep -F canal | grep -v 'canal-bird6.service: Command .* is not executable' | tee /dev/stderr)" ]; }
exposure() { systemd-analyze security --no-pager "$1" | sed -nE 's/.*exposure level for .*: ([0-9.]+) .*/\1/p'; }
locked_up() { awk -v figure="$1" 'BEGIN { exit !(figure != "" && figure <= 2.5) }'; }

# A user of etcd for each program, of the program's name; canalctl is its root.
authentication_on() {
  local name
  canalctl etcd roles guest --flannel-pool flannel --apply || return
  etcdctl user add root:secret && etcdctl user grant-role root root || return
  for name in $daemons cni; do
    etcdctl user add "$name:secret" && etcdctl user grant-role "$name" "canal-$name-guest" || return
  done
  etcdctl auth enable
}
as_root_of_etcd() { CANAL_CTL__ETCD__USERNAME=root CANAL_CTL__ETCD__PASSWORD_FILE=$secret canalctl "$@"; }
log_in() { # PROGRAM PASSWORD_FILE
  printf '[etcd]\nusername = "%s"\npassword_file = "%s"\n' "$1" "$2" > "/etc/canal/$1.toml.d/50-etcd.toml"
}
log_all_in() {
  local name
  (umask 077 && echo secret > $secret)
  for name in $daemons; do
    log_in "$name" etcd.password
    mkdir -p "/etc/systemd/system/canal-$name.service.d"
    printf '[Service]\nLoadCredential=etcd.password:%s\n' $secret > "/etc/systemd/system/canal-$name.service.d/tests.conf"
  done
  log_in cni $secret
  systemctl daemon-reload
}
log_all_out() {
  local name
  for name in $daemons cni; do rm -rf "/etc/canal/$name.toml.d/50-etcd.toml" "/etc/systemd/system/canal-$name.service.d"; done
  rm $secret
  systemctl daemon-reload
}
may_not_write_policy() { { etcdctl --user "$1:secret" put /calico/resources/v3/projectcalico.org/globalnetworkpolicies/x '{}' 2>&1 || true; } | grep 'permission denied'; }
put() { etcdctl --user root:secret put "$1" "$2"; }
nobody_was_denied() { journalctl -q --sync; ! journalctl -b --no-pager -u 'canal-*' --since "$started" | grep -i 'permission denied'; }

pid_of() { systemctl show -P MainPID "canal-$1"; }
active() { systemctl is-active --quiet "canal-$1"; }
restarted_since() { active "$1" && [ "$(pid_of "$1")" != "$2" ]; }
leased() { active flannel-bridge && grep -q '^FLANNEL_SUBNET=10\.5\.' /run/flannel/subnet.env && canal-flannel-bridge --status; }
routed() { ip route show 10.5.77.0/24 dev flannel.1 | grep -w onlink; }
pool_kept() { as_root_of_etcd get ippool flannel -o yaml | grep 10.5.0.0/16; }
configured() { grep 'protocol bgp' /var/lib/canal/bird.conf && active bird && canal-bird-config-renderer --status; }

call() { # METHOD BODY, as Docker does
  local answer
  answer=$(printf 'POST /%s HTTP/1.1\r\nHost: plugin\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' "$1" "${#2}" "$2" | nc -N -U -w 60 $socket)
  echo "$answer"
  grep -q '^HTTP/1.1 200' <<< "$answer"
}
listens() { [ -S $socket ] && systemctl is-active --quiet canal-docker.socket && ! active docker; }
activated() { call Plugin.Activate '' | grep NetworkDriver && active docker; }
made() { call NetworkDriver.CreateNetwork "{\"NetworkID\":\"$network\"}"; }
connect() { # NAME ENDPOINT: what Docker does for a container
  local address inside
  address=$(call IpamDriver.RequestAddress '{"PoolID":"CanalPoolIPv4"}' | sed -nE 's/.*"Address":"([^"]+)".*/\1/p')
  echo "${address%/*}" > "/packages/state/$1"
  call NetworkDriver.CreateEndpoint "{\"NetworkID\":\"$network\",\"EndpointID\":\"$2\",\"Interface\":{\"Address\":\"$address\"},\"Options\":{}}" || return
  inside=$(call NetworkDriver.Join "{\"NetworkID\":\"$network\",\"EndpointID\":\"$2\"}" | tee /dev/stderr | sed -nE 's/.*"SrcName":"([^"]+)".*/\1/p')
  ip netns add "$1" && ip link set "$inside" netns "$1" name eth0 || return
  ip -n "$1" address add "$address" dev eth0 && ip -n "$1" link set eth0 up && ip -n "$1" route add 169.254.1.1 dev eth0 && ip -n "$1" route add default via 169.254.1.1 dev eth0
}
disconnect() { # NAME ENDPOINT
  call NetworkDriver.Leave "{\"NetworkID\":\"$network\",\"EndpointID\":\"$2\"}" && call NetworkDriver.DeleteEndpoint "{\"NetworkID\":\"$network\",\"EndpointID\":\"$2\"}" \
    && call IpamDriver.ReleaseAddress "{\"PoolID\":\"CanalPoolIPv4\",\"Address\":\"$(cat "/packages/state/$1")\"}" && ip netns del "$1"
}
unmade() { call NetworkDriver.DeleteNetwork "{\"NetworkID\":\"$network\"}" && ! as_root_of_etcd get profile docker-a1b2c3d4e5f6; }
reaches() { ip netns exec "$1" ping -c 1 -W 2 "$(cat "/packages/state/$2")"; }
# The plugins' role may not make it.
profile_of_cni() { as_root_of_etcd apply -f - <<'YAML'
apiVersion: projectcalico.org/v3
kind: Profile
metadata:
  name: secured
spec:
  egress:
  - action: Allow
YAML
}
cni() { # COMMAND
  CNI_COMMAND=$1 CNI_CONTAINERID=tests-pod CNI_NETNS=/run/netns/pod CNI_IFNAME=eth0 CNI_PATH=/usr/lib/cni CNI_ARGS='' /usr/lib/cni/canal <<< '{"cniVersion": "1.0.0", "name": "secured", "type": "canal", "ipam": {"type": "canal-ipam"}}'
}

started=$(date '+%F %T')
ip netns add pod
check "what there is before" remember all
check "apt install of all packages" install_all "$old"
check "installing enables and starts nothing" all_disabled_and_stopped
for unit in $units; do
  check "$unit is without fault" no_warnings "$unit"
  figure=$(exposure "$unit")
  check "systemd-analyze security $unit: $figure, at most 2.5" locked_up "$figure"
done
check "canalctl etcd roles, etcdctl auth enable" authentication_on
check "credentials" log_all_in
check "canalctl etcd check" as_root_of_etcd etcd check --flannel-pool flannel
for name in $daemons cni; do check "$name may not write policy" may_not_write_policy "$name"; done

printf 'interfaces = ["uplink"]\nip_pool = "flannel"\n' > /etc/canal/flannel-bridge.toml.d/60-tests.toml
check "flannel's configuration" put /coreos.com/network/config '{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan"}}'
check "another host's lease" put /coreos.com/network/subnets/10.5.77.0-24 '{"PublicIP":"192.0.2.77","BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"66:00:00:00:00:77"}}'
check "systemctl enable --now of all" systemctl enable --quiet --now canal-felix canal-bird-config-renderer canal-flannel-bridge canal-docker.socket
check "canal-felix is active" within 60 active felix
check "canal-flannel-bridge has a lease" within 60 leased
check "and a route to the other host's subnet" within 60 routed
check "and keeps its pool" within 60 pool_kept
check "canal-bird-config-renderer configures BIRD" within 60 configured

check "systemd listens for canal-docker, which does not run" listens
check "Docker's first call starts it" activated
check "a network is made" made
check "a container joins it" connect one 11aa
check "and another" connect two 22bb
check "they reach each other" within 60 reaches one two
check "others do not reach them" refuse reaches alpha two
check "a CNI network's profile" profile_of_cni
check "a CNI container" cni ADD

agents=$(for name in $daemons; do echo "$name=$(pid_of "$name")"; done)
check "apt upgrade to newer packages" install_all "$new"
for one in $agents; do check "the upgrade restarted canal-${one%=*}" within 60 restarted_since "${one%=*}" "${one#*=}"; done
check "the upgraded agents work: flannel" within 60 leased
check "Docker's containers" within 60 reaches one two
check "and its calls" call NetworkDriver.GetCapabilities ''
systemctl kill -s KILL --kill-whom=main canal-flannel-bridge canal-docker
check "killed, canal-flannel-bridge comes back" within 60 leased
check "and canal-docker" within 60 active docker
check "the route is as it was" routed
check "a reload" systemctl reload canal-flannel-bridge

check "the containers leave" disconnect one 11aa
check "both" disconnect two 22bb
check "the network goes, and its profile" unmade
check "the CNI container goes" cni DEL
check "nobody was denied anything" nobody_was_denied

check "apt remove of all packages" apt-get -qq -y -o Dpkg::Use-Pty=0 remove 'canal*'
check "removal stops all of them" refuse pgrep -x 'canal-.*|bird'
check "and leaves the kernel as it was" within 60 same_kernel all
check "authentication off" etcdctl --user root:secret auth disable
log_all_out
rm /etc/canal/flannel-bridge.toml.d/60-tests.toml
check "apt purge" apt-get -qq -y -o Dpkg::Use-Pty=0 purge 'canal*'
check "purge leaves the file system as it was" same_files all
check "nothing has failed" test -z "$(systemctl --failed --no-legend)"
ip netns del pod
summary
