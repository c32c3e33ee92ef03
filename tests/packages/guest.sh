# guest.sh - sourced: throw-away Debian systems with real systemd as PID 1, by systemd-nspawn over an overlay on a cached root.
# Needs root, overlayfs, a writable cgroup tree; no host systemd, no network in the guest (its own empty network namespace).
# shellcheck shell=bash

guest_cache=${CANAL_GUEST_CACHE:-/var/cache/canal-tests}
# Debian 12 has all that is tried; Debian 13, with newer systemd, OpenSSL and BIRD, what the packages themselves need.
guest_packages=systemd,systemd-sysv,dbus,iproute2,nftables,etcd-server,etcd-client,netcat-openbsd,iputils-ping,procps,ca-certificates,bird2,iptables,ipset
declare -A guest_more=([bookworm]=",libssl3,rpm,dnf,firewalld,ufw" [trixie]=",libssl3t64")
guest_cgroups="/sys/fs/cgroup/unified /sys/fs/cgroup/systemd /sys/fs/cgroup"

# The machine's own mirror, so that what the machine may reach is what the guest is made of.
guest_mirror() {
  local mirror
  # shellcheck disable=SC2016 # apt's own variables
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' 'Created-By: Packages' | awk '$2 == "Debian" && !/security/ { print $1; exit }')
  echo "${mirror:-http://deb.debian.org/debian}"
}

# guest_base SUITE: builds the root once for a suite, mirror and list of packages; prints its path.
guest_base() {
  local suite=$1 packages=$guest_packages${guest_more[$1]} mirror key base part
  mirror=$(guest_mirror)
  key=$({ echo "$suite $mirror $packages"; declare -f guest_base; } | sha256sum | cut -c1-12)
  base=$guest_cache/$suite-$key
  if [ ! -d "$base" ]; then
    mkdir -p "$guest_cache"
    part=$(mktemp -d "$base.XXXXXX")
    # The hooks: no identity of the machine that builds, a journal in memory that drops nothing, no timers at work during a test, no
    # modules to load where they cannot be.
    # shellcheck disable=SC2016 # mmdebstrap's own variable
    mmdebstrap --quiet --mode=root --variant=minbase --include="$packages" --aptopt='Acquire::Languages "none"' \
      --customize-hook='rm -f "$1"/etc/hostname "$1"/etc/resolv.conf; : > "$1"/etc/machine-id; echo "127.0.0.1 localhost guest" > "$1"/etc/hosts' \
      --customize-hook='mkdir -p "$1"/etc/systemd/journald.conf.d; printf "[Journal]\nStorage=volatile\nRateLimitBurst=0\n" > "$1"/etc/systemd/journald.conf.d/tests.conf' \
      --customize-hook='chroot "$1" systemctl mask --quiet apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer dpkg-db-backup.timer fstrim.timer console-getty.service getty@.service systemd-modules-load.service' \
      --customize-hook='for unit in bird firewalld ufw; do [ ! -e "$1/usr/lib/systemd/system/$unit.service" ] && [ ! -e "$1/lib/systemd/system/$unit.service" ] || chroot "$1" systemctl disable --quiet "$unit"; done' \
      "$suite" "$part/root" "$mirror" >&2 || { rm -rf "$part"; return 1; }
    # Two test runs may have built at once: the first to finish wins.
    mv -T "$part" "$base" 2>/dev/null || rm -rf "$part"
  fi
  echo "$base/root"
}

# guest_start FOLDER SUITE: boots a copy; FOLDER keeps its files, process ids and console.
guest_start() {
  local folder=$1 base machine
  machine=canal-$(basename "$folder" | tr -cd 'a-zA-Z0-9')
  base=$(guest_base "$2") || return 1
  mkdir -p "$folder"/{upper,work,root}
  mount -t overlay "$machine" -o "lowerdir=$base,upperdir=$folder/upper,workdir=$folder/work" "$folder/root" || return 1
  guest_boot "$folder"
}

# guest_reboot FOLDER: off and on again: what is on the disk stays, the kernel's state and /run do not.
guest_reboot() { guest_off "$1" && guest_boot "$1"; }

guest_boot() {
  local folder=$1 leader='' tries state machine
  machine=canal-$(basename "$folder" | tr -cd 'a-zA-Z0-9')
  (
    # A cgroup of its own: with --keep-unit the guest's tree hangs below the caller's.
    for tree in $guest_cgroups; do
      [ -w "$tree/cgroup.procs" ] || continue
      mkdir -p "$tree/$machine" && echo "$BASHPID" > "$tree/$machine/cgroup.procs"
    done
    # /proc/sys/net writable, the rest not; no seccomp around the guest (units still get their own SystemCallFilter=).
    export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network SYSTEMD_SECCOMP=0
    exec setsid systemd-nspawn --quiet --register=no --keep-unit --machine="$machine" --hostname=guest -D "$folder/root" \
      --link-journal=no --resolv-conf=off --timezone=off --capability=all --rlimit=RLIMIT_NOFILE=1048576 \
      --kill-signal=SIGRTMIN+3 --console=read-only --private-network --boot </dev/null >"$folder/console.log" 2>&1
  ) &
  echo $! > "$folder/nspawn.pid"
  for ((tries = 0; tries < 600; tries++)); do
    kill -0 "$(cat "$folder/nspawn.pid")" 2>/dev/null || { cat "$folder/console.log" >&2; return 1; }
    leader=$(pgrep -P "$(cat "$folder/nspawn.pid")" -n || true)
    [ -z "$leader" ] || [ ! -S "/proc/$leader/root/run/systemd/private" ] || break
    sleep 0.05
  done
  echo "$leader" > "$folder/leader.pid"
  state=$(guest_exec "$folder" timeout 90 systemctl is-system-running --wait || true)
  [ "$state" = running ] || [ "$state" = degraded ] || { echo "guest: state '$state'" >&2; tail -n 40 "$folder/console.log" >&2; return 1; }
}

# guest_exec FOLDER COMMAND...: in all of the guest's namespaces, with a clean environment.
guest_exec() {
  local leader
  leader=$(cat "$1/leader.pid")
  shift
  nsenter -t "$leader" -m -u -i -n -p -C -r -w -- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/root TERM=dumb LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

guest_off() {
  local folder=$1 pid tries
  pid=$(cat "$folder/nspawn.pid" 2>/dev/null || true)
  if [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null; then
    for ((tries = 0; tries < 200; tries++)); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
    kill -KILL "$pid" 2>/dev/null || true
  fi
}

# guest_stop FOLDER: powers off, and removes the copy. Harmless when nothing was started.
guest_stop() {
  local folder=$1 machine tries tree
  machine=canal-$(basename "$folder" | tr -cd 'a-zA-Z0-9')
  guest_off "$folder"
  for ((tries = 0; tries < 50; tries++)); do
    mountpoint -q "$folder/root" || break
    umount "$folder/root" 2>/dev/null || sleep 0.1
  done
  for tree in $guest_cgroups; do
    [ ! -d "$tree/$machine" ] || find "$tree/$machine" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  if mountpoint -q "$folder/root"; then echo "guest: $folder/root stays mounted" >&2; return 1; fi
  rm -rf --one-file-system "$folder"
}
