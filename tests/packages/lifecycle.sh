#!/bin/bash
# lifecycle.sh OLD NEW - inside a guest: what an administrator does with the packages in the folder OLD, from apt install on, with the upgrade to those in
# NEW, and what packets see of it. It leaves the agent enabled and etcd disabled, for a boot without it: boot.sh is what follows.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/packages/checks.sh
. "$here/checks.sh"
# shellcheck source=tests/packages/workloads.sh
. "$here/workloads.sh"
# shellcheck source=tests/packages/state.sh
. "$here/state.sh"
old=$1 new=$2

install_from() { apt-get -qq -y -o Dpkg::Use-Pty=0 install --allow-downgrades "$1"/canal-common_*.deb "$1"/canal-felix_*.deb "$1"/canal-cni_*.deb "$1"/canalctl_*.deb; }
as_canal() { setpriv --reuid=canal --regid=canal --clear-groups "$@"; }
user_and_folder() { id canal && [ "$(stat -c %U /run/canal)" = canal ]; }
no_warnings() { [ -z "$(systemd-analyze verify --man=no "$1" 2>&1 | tee /dev/stderr)" ]; }

journal_says_why() {
  journalctl -q --sync
  journalctl -u canal-felix -o cat --no-pager | grep -E "denied [0-9]+ packets, ingress.*> 10\.65\.0\.11:8081 by end-of-tier default ingress"
}

# The id is that of "denied".
explained() { journalctl --list-catalog 5f0d6c0e8a1b4f7f9c1d3b1f6f1d0a12 | grep "Packets were denied" > /dev/null; }

spoil_configuration() { mkdir -p /etc/canal/felix.toml.d && echo 'vxlan_port = "many"' > /etc/canal/felix.toml.d/99-tests.toml; }
mend_configuration() { rm /etc/canal/felix.toml.d/99-tests.toml; }

# Sends packets that policy denies, as fast as a shell does, and makes connections and pings that it allows, while something else happens. What arrives of
# the denied ones is counted where they would.
count_arrivals() {
  ip netns exec bravo nft -f - <<'NFT'
table inet arrivals {
  chain input {
    type filter hook input priority filter; policy accept;
    udp dport 9999 counter
  }
}
NFT
}
arrived() { ip netns exec bravo nft list table inet arrivals | sed -nE 's/.* packets ([0-9]+) .*/\1/p'; }
send_denied() { ip netns exec alpha bash -c 'for ((i = 0; i < 20; i++)); do echo x > /dev/udp/10.65.0.11/9999; sleep 0.005; done'; }
watch_traffic() {
  rm -f /tmp/enough /tmp/refused
  : > /tmp/attempts
  (while [ ! -e /tmp/enough ]; do
    send_denied
    echo >> /tmp/attempts
  done) >/dev/null 2>&1 &
  denied=$!
  (while [ ! -e /tmp/enough ]; do
    # A listener that is slow to accept has a second try.
    ip netns exec alpha nc -z -w 5 10.65.0.11 8080 || echo >> /tmp/refused
    sleep 0.05
  done) >/dev/null 2>&1 &
  allowed=$!
  ip netns exec alpha ping -i 0.02 -q 10.65.0.11 > /tmp/ping 2>&1 &
  pinger=$!
}
end_watch() {
  touch /tmp/enough
  wait $denied $allowed
  kill -INT $pinger
  wait $pinger
}
one_arrived() { [ "$(arrived)" = 1 ]; }
none_arrived() { [ "$(wc -l < /tmp/attempts)" -gt 5 ] && [ "$(arrived)" = 0 ]; }
no_connection_refused() { [ ! -e /tmp/refused ]; }
# The answer to the last one may have been under way when ping was ended.
no_ping_lost() { cat /tmp/ping; awk '/packets transmitted/ { told = 1; lost = $1 - $4 } END { exit !(told && lost <= 1) }' /tmp/ping; }
check_traffic() { # WHAT
  check "$1 let nothing denied through" none_arrived
  check "$1 refused no allowed connection" no_connection_refused
  check "$1 lost no allowed packet" no_ping_lost
}

edited() { grep -q '^# of the administrator$' /etc/canal/felix.toml && [ -z "$(find /etc/canal -name '*.dpkg-*')" ]; }

with_watchdog() { # SECONDS
  mkdir -p /etc/systemd/system/canal-felix.service.d
  printf '[Service]\nWatchdogSec=%ss\n' "$1" > /etc/systemd/system/canal-felix.service.d/tests.conf
  systemctl daemon-reload
  systemctl restart canal-felix
}
without_drop_in() { rm -r /etc/systemd/system/canal-felix.service.d && systemctl daemon-reload && systemctl restart canal-felix; }
killed_by_watchdog() { journalctl -q --sync; journalctl -u canal-felix -o cat --no-pager | grep 'Watchdog timeout' >/dev/null; }

workloads_at_boot() {
  cat > /etc/systemd/system/boot-workloads.service <<UNIT
[Unit]
DefaultDependencies=no
After=local-fs.target network-pre.target
Before=network.target canal-felix.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/bash $here/boot-workloads.sh

[Install]
WantedBy=multi-user.target
UNIT
  systemctl enable --quiet boot-workloads
}

nft -f - <<'NFT'
table inet theirs {
  chain input {
    type filter hook input priority filter; policy accept;
    tcp dport 9 counter accept
  }
}
NFT
check "the guest has etcd" within 60 etcdctl endpoint health
uplink
workload alpha 10.65.0.10
workload bravo 10.65.0.11
check "what there is before" remember before

check "apt install" install_from "$old"
check "installing enables and starts nothing" disabled_and_stopped
check "installing makes the user and the folder of sockets" user_and_folder
check "the unit is without fault" no_warnings canal-felix.service
check "the boot unit is without fault" no_warnings canal-felix-boot.service
check "the shipped configuration is valid" as_canal canal-felix --check-config
check "apt install again" apt-get -qq -y -o Dpkg::Use-Pty=0 install --reinstall "$old"/canal-felix_*.deb
check "systemctl enable --now" systemctl enable --now --quiet canal-felix
check "the boot unit is enabled with it" systemctl is-enabled --quiet canal-felix-boot
check "the agent is active" within 60 active

serve 8080
serve 8081
check "bravo listens on 8080" within 60 listening 8080
check "bravo listens on 8081" within 60 listening 8081
check "canalctl init" canalctl init
ip -n outside address add 192.0.2.2/24 dev eth0
check "without policy the host is reached as before" within 60 ip netns exec outside ping -q -c 1 -W 1 192.0.2.1
check "and reaches others" within 60 ping -q -c 1 -W 1 192.0.2.2
ip -n outside address del 192.0.2.2/24 dev eth0
check "canalctl apply" canalctl apply -f "$here/resources.yaml"
check "canalctl get shows what was applied" grep -q only-8080 <(canalctl get networkpolicy only-8080 -o yaml)
check "an allowed packet passes" within 60 reach 8080
check "a denied packet does not" refuse reach 8081
check "the journal says that it was denied, and by what" within 60 journal_says_why

check "the journal's catalogue explains it" explained

check "systemctl reload" systemctl reload canal-felix
spoil_configuration
check "a reload to a bad configuration fails" refuse systemctl reload canal-felix
check "and the agent stays, with the configuration it had" active
check "and enforces" enforced
mend_configuration
check "a reload to the mended configuration works" systemctl reload canal-felix

count_arrivals
check "what the denied packets would be counted by counts" ip netns exec bravo bash -c 'echo x > /dev/udp/10.65.0.11/9999'
check "their arrival" within 10 one_arrived
ip netns exec bravo nft flush ruleset
count_arrivals

main=$(property MainPID)
watch_traffic
systemctl kill -s KILL --kill-whom=main canal-felix
check "a killed agent comes back" within 60 restarted_since "$main"
check "a drop-in of the administrator's" with_watchdog 6
check "is respected" test "$(property WatchdogUSec)" = 6s
main=$(property MainPID)
systemctl kill -s STOP --kill-whom=main canal-felix
check "a hung agent is killed, and comes back" within 90 restarted_since "$main"
check "by systemd's watchdog" within 60 killed_by_watchdog
end_watch
check_traffic "neither death"
check "and it enforces" enforced
check "without the drop-in it runs as before" without_drop_in

echo '# of the administrator' >> /etc/canal/felix.toml
main=$(property MainPID)
watch_traffic
check "apt upgrade to newer packages" install_from "$new"
check "the upgrade restarted the agent" within 60 restarted_since "$main"
check "the upgrade left it enabled" systemctl is-enabled --quiet canal-felix
check "and the administrator's edit as it was" edited
main=$(property MainPID)
check "apt install of the older packages" install_from "$old"
check "the downgrade restarted the agent" within 60 restarted_since "$main"
check "and left the edit" edited
sleep 1 # traffic on for a moment after the restart, when a mistake in taking over would show
end_watch
check_traffic "neither up- nor downgrade"
check "the agent enforces" enforced
check "apt upgrade again" install_from "$new"

systemctl stop canal-felix
check "stopping leaves policy in force" enforced
check "reinstalling a stopped agent does not start it" apt-get -qq -y -o Dpkg::Use-Pty=0 install --reinstall "$new"/canal-felix_*.deb
check "it is still stopped" refuse active
check "and the edit is there" edited
systemctl start canal-felix
check "started again, it enforces" within 60 enforced

check "the policy in force is kept for the next boot" within 60 test -s /var/lib/canal/last-known-good
check "etcd is kept from the next boot" systemctl disable --quiet etcd
check "the workloads are for it" workloads_at_boot
check "nothing has failed" test -z "$(systemctl --failed --no-legend)"
summary
