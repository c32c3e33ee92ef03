# state.sh - sourced inside a guest: what is in its file system and kernel, so that what is left of packages can be told.
# shellcheck shell=bash

state_folder=/packages/state

# The journal, package databases, caches and timers' stamps change by themselves. Debian keeps a removed package's user (its number must not
# become another's), so the lists of users may differ.
files_there() {
  find / /run -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /packages -o -path /run/systemd -o -path /run/log -o -path /run/udev \
    -o -path /run/credentials -o -path /run/netns -o -path /run/dbus -o -path /var/log -o -path /var/cache -o -path /var/tmp -o -path /var/backups -o -path /var/lib/dpkg \
    -o -path /var/lib/apt -o -path /var/lib/etcd -o -path /var/lib/systemd/timers -o -path /var/lib/systemd/catalog -o -path /var/lib/systemd/random-seed \
    -o -path /root -o -path /etc/ld.so.cache -o -path /run/utmp -o -path '/etc/*passwd*' -o -path '/etc/*shadow*' -o -path '/etc/group*' -o -path '/etc/sub?id*' \) -prune \
    -o -printf '%p %y %m %U %G %l\n' | LC_ALL=C sort -u
  find /etc /usr/lib/systemd -xdev -type f ! -name '*passwd*' ! -name '*shadow*' ! -name 'group*' ! -name 'sub?id*' ! -name ld.so.cache -exec sha256sum {} + | LC_ALL=C sort -k 2
}

# Addresses that interfaces give themselves differ from one boot to the next. Settings in /proc/sys/net stay by design.
kernel_there() {
  echo "# nftables"; nft -s list ruleset
  echo "# links"; ip -o link show | sed -E 's/^[0-9]+: ([^:@]+).*/\1/' | LC_ALL=C sort
  echo "# addresses"; ip -o address show scope global | awk '{ print $2, $4 }' | LC_ALL=C sort
  echo "# routes"; { ip route show table all; ip -6 route show table all; } | grep -vE '(^| )(fe80|ff00):' | sed 's/ *$//' | LC_ALL=C sort
  echo "# rules"; ip rule show; ip -6 rule show
  echo "# neighbours"; ip neighbour show nud permanent
  echo "# iptables"; if command -v iptables-save >/dev/null; then iptables-save | grep -i canal || true; fi
}

remember() { mkdir -p $state_folder && files_there > "$state_folder/$1.files" && kernel_there > "$state_folder/$1.kernel"; }
same_files() { diff -U 0 "$state_folder/$1.files" <(files_there); }
same_kernel() { diff -U 0 "$state_folder/$1.kernel" <(kernel_there); }
