#!/bin/bash
# rpm.sh OLD NEW - inside a guest, after boot.sh: the .rpms by dnf, from repositories in OLD and NEW, against a real systemd: what they ask for, their files
# and scriptlets. The guest is a Debian: what a distribution of .rpms would bring is a package of names, and systemd-update-helper, which Fedora's and
# RHEL's systemd brings, is stood in for: this proves what our scriptlets call, not Fedora's code.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/packages/checks.sh
. "$here/checks.sh"
# shellcheck source=tests/packages/workloads.sh
. "$here/workloads.sh"
old=$1 new=$2

stand_in=/usr/lib/systemd/systemd-update-helper
cat > $stand_in <<'SH'
#!/bin/sh
verb=$1
shift
case $verb in
  install-system-units) systemctl daemon-reload; systemctl --no-reload preset "$@" ;;
  remove-system-units) systemctl --no-reload disable --now "$@" ;;
  mark-restart-system-units) systemctl daemon-reload; systemctl try-restart "$@" ;;
esac
SH
chmod 0755 $stand_in

repository_is() { # FOLDER
  mkdir -p /etc/yum.repos.d
  printf '[canal]\nname=Canal\nbaseurl=file://%s\ngpgcheck=0\n' "$1" > /etc/yum.repos.d/canal.repo
}
by_dnf() { dnf -q -y --releasever=1 --setopt=install_weak_deps=0 --setopt=keepcache=0 "$@"; }
verified() { rpm -qa 'canal*' | xargs rpm -V; }
all_removed() { by_dnf remove 'canal*' && [ -z "$(rpm -qa 'canal*')" ]; }
nothing_runs() { ! systemctl is-active --quiet canal-felix canal-flannel-bridge canal-docker canal-docker.socket canal-bird-config-renderer && [ -z "$(find /etc/systemd/system -name 'canal*')" ]; }
user_removed() { userdel canal; }
edited_kept_beside_new() { grep -q 'of the administrator' /etc/canal/felix.toml; }

check "the .debs' user is gone, so that the .rpms must make it" user_removed
repository_is "$old"
check "dnf install" by_dnf install canal canal-cni canal-flannel-bridge canal-bird-config-renderer canal-docker
check "it brings what they need" rpm -q canal-common canal-felix canalctl
check "%pre made the user" id canal
check "%post made the folder of sockets" test -d /run/canal
check "the preset enables and starts nothing" disabled_and_stopped
check "rpm -V" verified
check "systemctl enable --now" systemctl enable --now --quiet canal-felix
check "the agent enforces" within 60 enforced
echo '# of the administrator' >> /etc/canal/felix.toml
main=$(property MainPID)
repository_is "$new"
check "dnf upgrade" by_dnf --refresh upgrade
check "the upgrade restarted the agent" within 60 restarted_since "$main"
check "the upgrade kept the administrator's file" edited_kept_beside_new
check "the upgraded agent enforces" within 60 enforced
check "the driver for Docker listens" systemctl enable --now --quiet canal-docker.socket
check "dnf remove of all" all_removed
check "removal stops what ran, and disables it" nothing_runs
check "removal takes the nftables table away" refuse has_canal_table
check "removal keeps the administrator's file" test -e /etc/canal/felix.toml.rpmsave
summary
