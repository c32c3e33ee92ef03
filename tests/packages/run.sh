#!/bin/bash
# run.sh - the packages in artifacts/packages: lint, contents, identical rebuild, and their life in a Debian 12 booted with systemd,
# and in a Debian 13.
# As root. Ends with "N passed, N failed, N skipped". KEEP=1 leaves the guest running and says how to enter it.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.." || exit 1
# shellcheck source=tests/packages/checks.sh
. "$here/checks.sh"
# shellcheck source=tests/packages/guest.sh
. "$here/guest.sh"
# shellcheck source=tests/packages/contents.sh
. "$here/contents.sh"
packages=artifacts/packages
work=$(mktemp -d /tmp/canal-packages.XXXXXX)

end() {
  if [ "${KEEP:-}" = 1 ]; then
    echo "guest kept: nsenter -t $(cat "$work/guest/leader.pid") -a; it ends with: kill -TERM $(cat "$work/guest/nspawn.pid"); then umount $work/guest/root"
  else
    guest_stop "$work/guest" && guest_stop "$work/guest13" && rm -rf --one-file-system "$work"
  fi
}
trap end EXIT

same_bytes() { diff <(cd "$1" && sha256sum ./*) <(cd "$2" && sha256sum ./*); }
rpms_are_clean() { rpmlint --config packaging/rpm/rpmlint.toml $packages/*.rpm | tee /dev/stderr | grep -E ' 0 errors, 0 warnings' >/dev/null; }

# add LOG NAME: shows checks that end with a count, which is added to ours; without one they count as failed.
add() {
  if [[ $(tail -n 1 "$1") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
    head -n -1 "$1"
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
  else
    cat "$1"
    check "$2 ends with a count" false
  fi
}

# inside FOLDER SCRIPT: checks in the guest of that folder.
inside() {
  echo "-- $2, in $(guest_exec "$1" sed -n 's/^PRETTY_NAME=//p' /etc/os-release)"
  guest_exec "$1" bash "/packages/$2" /packages/old /packages/newer > "$1-$2.log" 2>&1
  add "$1-$2.log" "$2"
}

# A build whose packages are needed later: of a NAME, and perhaps a VERSION.
build() {
  if packaging/build.sh artifacts/bin "$work/$1" "${@:2}" > "$work/$1.log" 2>&1; then touch "$work/$1.done"; fi
}
built() { [ -e "$work/$1.done" ] || { cat "$work/$1.log"; return 1; }; }

# repository FOLDER: makes the .rpms in it a repository for dnf, with a package of nothing but names: those of what a distribution brings and a Debian has no
# .rpm of. That each is there is said by the .debs, which apt installs on the same system.
repository() {
  mkdir -p "$work/rpmbuild"
  {
    printf '%s\n' 'Name: stand-ins' 'Version: 1' 'Release: 1' 'Summary: Names of what a distribution brings' 'License: none' 'BuildArch: noarch'
    rpm -qp --requires "$1"/*.rpm | grep -vE '^(rpmlib|config)\(|^canal' | sed -E 's/ [<>]?=+ .*//' | sort -u | sed 's/^/Provides: /'
    printf '%%description\n%%files\n'
  } > "$work/rpmbuild/stand-ins.spec"
  rpmbuild --quiet -bb --define "_topdir $work/rpmbuild" --define "_rpmdir $1" --define '_rpmfilename %{NAME}.rpm' "$work/rpmbuild/stand-ins.spec" && createrepo_c --quiet "$1"
}

# They are the longest part of all, and the guest mostly waits.
DEB_BUILD_OPTIONS=noautodbgsym build newer "$(packaging/version.sh)+tests1" &
check "lintian finds nothing in the .debs" lintian --allow-root --fail-on error,warning $packages/*.deb
check "rpmlint finds nothing in the .rpms" rpms_are_clean
check "the .debs have what the manifest says" debs_have_all_of_manifest $packages
check "the .rpms have what the manifest says" rpms_have_all_of_manifest $packages
check "each program has its debug symbols, in packages of their own" symbols_match $packages "$work/program"
check "the licences of all libraries are told" licences_told
wait
check "packages of a higher version are built" built newer
build again &
again=$!

# boots FOLDER SUITE: a guest that has all packages.
boots() {
  guest_start "$1" "$2" || return 1
  mkdir -p "$1/root/packages/old"
  cp -t "$1/root/packages/old" $packages/*
  cp -r -t "$1/root/packages" "$work/newer" "$here"/*.sh "$here"/*.yaml
  mkdir "$1/root/packages/bird-1.6"
  cp -t "$1/root/packages/bird-1.6" artifacts/bird-1.6/usr/sbin/{bird,bird6,birdc6}
}
journal_of() { guest_exec "$1" journalctl -u canal-felix -u canal-bird-config-renderer -u canal-bird -u canal-bird6 -u canal-flannel-bridge -u canal-docker --no-pager -n 80; }

debian12() {
  check "a Debian 12 boots" boots "$work/guest" bookworm
  [ -s "$work/guest/leader.pid" ] || return
  check "the .rpms are a repository" repository "$work/guest/root/packages/old"
  inside "$work/guest" lifecycle.sh
  check "it boots again, with etcd down" guest_reboot "$work/guest"
  for script in boot.sh firewalls.sh bird.sh secured.sh rpm.sh; do inside "$work/guest" $script; done
  [ "$failed" = 0 ] || journal_of "$work/guest"
}

# What differs there: systemd, OpenSSL, BIRD, etcd and nft of another age.
debian13() {
  passed=0 failed=0
  check "a Debian 13 boots" boots "$work/guest13" trixie
  if [ -s "$work/guest13/leader.pid" ]; then
    inside "$work/guest13" lifecycle.sh
    check "it boots again, with etcd down" guest_reboot "$work/guest13"
    for script in boot.sh iptables.sh bird.sh secured.sh; do inside "$work/guest13" $script; done
    [ "$failed" = 0 ] || journal_of "$work/guest13"
  fi
  summary
}

check "the .rpms of a higher version are a repository" repository "$work/newer"
# Beside the other, as both mostly wait.
debian13 > "$work/debian13.log" 2>&1 &
newer_debian=$!
debian12
wait "$newer_debian"
add "$work/debian13.log" "the Debian 13"
wait "$again"
check "the packages are built again" built again
check "with the same bytes" same_bytes $packages "$work/again"
summary
