#!/bin/bash
# bird.sh OLD NEW - inside a guest, after lifecycle.sh: BGP and CNI as packages. A router in a namespace of its own, with a BIRD that knows nothing of
# Canal, learns the block of addresses that a container of this host has its address from, and reaches the container.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/packages/checks.sh
. "$here/checks.sh"
# shellcheck source=tests/packages/state.sh
. "$here/state.sh"
old=$1 new=$2

install_from() { apt-get -qq -y -o Dpkg::Use-Pty=0 install "$1"/canal-common_*.deb "$1"/canal-felix_*.deb "$1"/canal-cni_*.deb "$1"/canalctl_*.deb "$1"/canal-bird-config-renderer_*.deb; }
# Of BIRD 1.6 no program is here.
units_without_fault() { [ -z "$(systemd-analyze verify --man=no canal-bird-config-renderer.service canal-bird.path canal-bird.service canal-bird6.path canal-bird6.service 2>&1 | grep canal | grep -v 'canal-bird6.service: Command .* is not executable' | tee /dev/stderr)" ]; }
disabled_and_stopped() { [ "$(systemctl is-enabled canal-bird-config-renderer)" = disabled ] && ! systemctl is-active --quiet canal-bird-config-renderer canal-bird.path canal-bird canal-bird6.path canal-bird6; }
pid_of() { systemctl show -P MainPID "$1"; }
restarted_since() { systemctl is-active --quiet canal-bird-config-renderer && [ "$(pid_of canal-bird-config-renderer)" != "$1" ]; }
session_up() { birdc -s /run/canal/bird.ctl show protocols Global_203_0_113_2 | grep Established >/dev/null; }
established() { session_up && canal-bird-config-renderer --status | grep 'Global_203_0_113_2.*Established' >/dev/null; }
bird_came_back() { systemctl is-active --quiet canal-bird && [ "$(pid_of canal-bird)" != "$1" ]; }
learned() { birdc -s /run/tor.ctl show route all | grep -A5 '^10\.66\..*/26' | grep '203.0.113.1' >/dev/null; }
forgotten() { ! learned; }
unit_of_bird() { systemctl show -P FragmentPath canal-bird | grep /canal-bird.service >/dev/null; }
runs_as_bird() { [ "$(stat -c %U "/proc/$(pid_of canal-bird)")" = bird ]; }
file_is_secret() { [ "$(stat -c '%U %G %a' /var/lib/canal/bird.conf)" = 'canal bird 640' ]; }
in_journal() { journalctl -q --sync; journalctl -u "$1" --no-pager | grep "$2" >/dev/null; }
cni() { # COMMAND
  CNI_COMMAND=$1 CNI_CONTAINERID=tests-pod CNI_NETNS=/run/netns/pod CNI_IFNAME=eth0 CNI_PATH=/usr/lib/cni CNI_ARGS='' /usr/lib/cni/canal <<'JSON' | tee /tmp/cni.json
{"cniVersion": "1.0.0", "name": "tests", "type": "canal", "ipam": {"type": "canal-ipam"}}
JSON
}
cni_result() { cni ADD && grep -q '10\.66\.' /tmp/cni.json; }
pod_answers() { ip netns exec tor ping -c 1 -W 5 "$(grep -oE '10\.66\.[0-9]+\.[0-9]+' /tmp/cni.json | head -n 1)"; }
# FOLDER: the programs in it become the host's BIRD, in the order that the manual page gives.
bird_becomes() {
  systemctl stop canal-bird.path canal-bird6.path canal-bird canal-bird6
  cp -p --remove-destination -t /usr/sbin "$1"/* && systemctl restart canal-bird-config-renderer
}
both_processes() { systemctl is-active --quiet canal-bird && systemctl is-active --quiet canal-bird6; }
status_says() { canal-bird-config-renderer --status | grep -F "$1" >/dev/null; }
files_are_secret() { [ "$(stat -c '%U %G %a' /var/lib/canal/bird.conf /var/lib/canal/bird6.conf | sort -u)" = 'canal bird 640' ]; }
only_systemd_may_kill() { ! canal-bird-config-renderer --restart-bird 2>&1 | tee /tmp/restart.log && grep -F 'systemctl kill -s KILL canal-bird canal-bird6' /tmp/restart.log >/dev/null; }
no_second_process() { ! systemctl is-active --quiet canal-bird6 && [ ! -e /var/lib/canal/bird6.conf ]; }
snippet() { printf '%s\n' "$1" > /etc/canal/bird.d/90-tests.conf; }
bird_knows_snippet() { birdc -s /run/canal/bird.ctl show symbols | grep tests_symbol >/dev/null; }

ip netns add tor
ip link add to-tor type veth peer name eth0 netns tor
ip address add 203.0.113.1/24 dev to-tor
ip link set to-tor up
ip -n tor link set lo up
ip -n tor address add 203.0.113.2/24 dev eth0
ip -n tor link set eth0 up
cat > /tmp/tor.conf <<'BIRD'
router id 203.0.113.2;
protocol device { }
protocol kernel { ipv4 { export all; }; }
protocol bgp guest {
  local 203.0.113.2 as 64500;
  neighbor 203.0.113.1 as 64512;
  connect retry time 2;
  ipv4 { import all; export none; };
}
BIRD
systemd-run --quiet --unit=tor ip netns exec tor bird -f -c /tmp/tor.conf -s /run/tor.ctl

check "what there is before" remember bgp
check "apt install" install_from "$old"
check "installing enables and starts nothing" disabled_and_stopped
check "the units are without fault" units_without_fault
check "canalctl apply" canalctl apply -f "$here/bgp.yaml"
check "systemctl enable --now" systemctl enable --quiet --now canal-bird-config-renderer
systemctl enable --quiet --now canal-felix
check "systemd's path unit starts BIRD once it is configured" within 60 systemctl is-active --quiet canal-bird
check "which is ours" unit_of_bird
check "and runs as its own user" runs_as_bird
check "BIRD's file is for its group and nobody else" file_is_secret
check "the session comes up" within 60 established
check "and the journal tells" within 60 in_journal canal-bird-config-renderer established

ip netns add pod
check "a container gets its address and its policy" cni_result
check "the router learns the block" within 60 learned
check "and reaches the container" within 60 pod_answers

snippet 'define tests_symbol = 1;'
check "systemctl reload takes a snippet in" systemctl reload canal-bird-config-renderer
check "and BIRD has it" within 60 bird_knows_snippet
bird=$(pid_of canal-bird)
snippet 'this is not BIRD'
systemctl reload canal-bird-config-renderer
check "a snippet that BIRD refuses is told" within 60 in_journal canal-bird-config-renderer 'BIRD refuses'
check "and the session stays" established
rm /etc/canal/bird.d/90-tests.conf

agent=$(pid_of canal-bird-config-renderer)
check "apt upgrade to newer packages" install_from "$new"
check "the upgrade restarted the agent" within 60 restarted_since "$agent"
check "and left BIRD alone" test "$(pid_of canal-bird)" = "$bird"
check "the router still reaches the container" pod_answers

systemctl kill -s KILL --kill-whom=main canal-bird
check "a killed BIRD comes back" within 60 bird_came_back "$bird"
check "and its session" within 60 established
systemctl stop canal-bird-config-renderer
check "BIRD goes on without the agent" systemctl is-active --quiet canal-bird
systemctl start canal-bird-config-renderer

mkdir /tmp/bird-2
cp -p -t /tmp/bird-2 /usr/sbin/bird
check "BIRD 1.6 in the place of BIRD 2" bird_becomes "$here/bird-1.6"
check "is two processes" within 60 both_processes
check "with the same session" within 60 established
check "of which the agent tells" within 60 status_says 'bird (IPv6): 1.6.'
check "whose files are for their group and nobody else" files_are_secret
check "which the agent may not kill" only_systemd_may_kill
bird=$(pid_of canal-bird)
systemctl kill -s KILL canal-bird canal-bird6
check "and which come back when they are killed" within 60 bird_came_back "$bird"
check "with the session" within 60 established
check "the router learns the block again" within 60 learned
check "BIRD 2 in their place" bird_becomes /tmp/bird-2
rm /usr/sbin/bird6 /usr/sbin/birdc6
check "has the session" within 60 established
check "and nothing is left of the second process" within 60 no_second_process

check "the container's deletion succeeds" cni DEL
check "apt remove" apt-get -qq -y -o Dpkg::Use-Pty=0 remove canal-bird-config-renderer
check "removal stops the agent, and BIRD" refuse systemctl is-active --quiet canal-bird-config-renderer canal-bird.path canal-bird canal-bird6.path canal-bird6
check "the router forgets the block" within 60 forgotten
check "removal keeps the administrator's file" test -e /etc/canal/bird-config-renderer.toml
check "apt purge" apt-get -qq -y -o Dpkg::Use-Pty=0 purge canal-bird-config-renderer canal-felix canal-cni canalctl canal-common
check "purge leaves the file system as it was" same_files bgp
ip netns del pod
check "and the kernel" within 60 same_kernel bgp
systemctl stop tor
ip netns del tor
check "nothing has failed" test -z "$(systemctl --failed --no-legend)"
summary
