#!/bin/bash
# lifecycle.sh OLD NEW - inside a guest: what an administrator does with the packages in the folder OLD, from apt install to purge,
# with the upgrade to those in NEW on the way, and what packets see of it.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/packages/checks.sh
. "$here/checks.sh"
# shellcheck source=tests/packages/workloads.sh
. "$here/workloads.sh"
old=$1 new=$2

install_from() { apt-get -qq -y -o Dpkg::Use-Pty=0 install "$1"/canal-common_*.deb "$1"/canal-felix_*.deb "$1"/canal-cni_*.deb "$1"/canalctl_*.deb; }
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

# Tries the denied port over and over, and the allowed path by ping, while something else happens.
watch_traffic() {
  (while [ ! -e /tmp/enough ]; do
    echo >> /tmp/attempts
    # A connection attempt that is dropped takes its whole second: several at a time leave no gap.
    for _ in 1 2 3 4 5; do
      ip netns exec alpha nc -z -w 1 10.65.0.11 8081 && echo leak >> /tmp/leaks &
      sleep 0.2
    done
    wait
  done) >/dev/null 2>&1 &
  watcher=$!
  ip netns exec alpha ping -i 0.05 -q 10.65.0.11 > /tmp/ping 2>&1 &
  pinger=$!
}
end_watch() {
  touch /tmp/enough
  wait $watcher
  kill -INT $pinger
  wait $pinger
}
attempted_and_none_leaked() { [ -s /tmp/attempts ] && [ ! -e /tmp/leaks ]; }
# The answer to the last one may have been under way when ping was ended.
no_ping_lost() { cat /tmp/ping; awk '/packets transmitted/ { told = 1; lost = $1 - $4 } END { exit !(told && lost <= 1) }' /tmp/ping; }

nothing_left() { [ ! -e /etc/canal ] && [ -z "$(find /etc/systemd/system -name 'canal*')" ]; }

routes_by_hand() {
  local name
  for name in alpha bravo; do echo 1 > /proc/sys/net/ipv4/conf/cali$name/proxy_arp; done
  echo 1 > /proc/sys/net/ipv4/ip_forward
  ip route replace 10.65.0.10/32 dev calialpha
  ip route replace 10.65.0.11/32 dev calibravo
}

nft -f - <<'NFT'
table inet theirs {
  chain input {
    type filter hook input priority filter; policy accept;
    tcp dport 9 counter accept
  }
}
NFT
nft -s list table inet theirs > /tmp/theirs
check "the guest has etcd" within 60 etcdctl endpoint health

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

uplink
workload alpha 10.65.0.10
workload bravo 10.65.0.11
serve 8080
serve 8081
check "bravo listens on 8080" within 60 listening 8080
check "bravo listens on 8081" within 60 listening 8081
check "canalctl init" canalctl init
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

main=$(property MainPID)
systemctl kill -s KILL --kill-whom=main canal-felix
check "a killed agent leaves policy in force" refuse reach 8081
check "and comes back" within 60 restarted_since "$main"

main=$(property MainPID)
watch_traffic
check "apt upgrade to newer packages" install_from "$new"
check "the upgrade restarted the agent" within 60 restarted_since "$main"
check "the upgrade left it enabled" systemctl is-enabled --quiet canal-felix
sleep 1 # traffic on for a moment after the restart, when a mistake in taking over would show
end_watch
check "the upgrade let nothing denied through" attempted_and_none_leaked
check "the upgrade lost no allowed packet" no_ping_lost
check "the upgraded agent enforces" enforced

systemctl stop canal-felix
check "stopping leaves policy in force" enforced
check "upgrading a stopped agent does not start it" apt-get -qq -y -o Dpkg::Use-Pty=0 install --reinstall "$new"/canal-felix_*.deb
check "it is still stopped" refuse active
systemctl start canal-felix
check "started again, it enforces" within 60 enforced

check "the policy in force is kept for the next boot" within 60 test -s /var/lib/canal/last-known-good
systemctl stop canal-felix etcd
nft delete table inet canal
check "without its table nothing is enforced" within 60 reach 8081
systemctl restart canal-felix-boot
check "the boot unit puts the policy back while etcd is down" enforced
systemctl start canal-felix
check "the agent starts without etcd and leaves it so" enforced
systemctl start etcd
check "etcd comes back" within 60 etcdctl endpoint health
check "and the agent enforces" enforced

check "apt remove" apt-get -qq -y -o Dpkg::Use-Pty=0 remove canal-felix
check "removal stops the agent" refuse pgrep -x canal-felix
check "removal takes the nftables table away" refuse has_canal_table
check "removal keeps the administrator's file" test -e /etc/canal/felix.toml
check "removal takes what was kept for the next boot away" refuse test -e /var/lib/canal/last-known-good
routes_by_hand
check "removal ends enforcement" within 60 reach 8081
check "another's table is as it was" diff /tmp/theirs <(nft -s list table inet theirs)
check "apt purge" apt-get -qq -y -o Dpkg::Use-Pty=0 purge canal-felix canal-cni canalctl canal-common
check "purge leaves no configuration and no link" nothing_left
check "nothing has failed" test -z "$(systemctl --failed --no-legend)"
summary
