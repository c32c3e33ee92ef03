#!/bin/bash
# run.sh - the packages in artifacts/packages: lint, contents, identical rebuild, and their life in a Debian 12 booted with systemd.
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
    guest_stop "$work/guest" && rm -rf --one-file-system "$work"
  fi
}
trap end EXIT

same_bytes() { diff <(cd "$1" && sha256sum ./*) <(cd "$2" && sha256sum ./*); }
rpms_are_clean() { rpmlint --config packaging/rpm/rpmlint.toml $packages/*.rpm | tee /dev/stderr | grep -E ' 0 errors, 0 warnings' >/dev/null; }

# A script of checks, in the guest; its count is added to ours.
inside() {
  local log=$work/$1.log
  echo "-- $1, in the guest"
  guest_exec "$work/guest" bash "/packages/$1" /packages/old /packages/newer > "$log" 2>&1
  if [[ $(tail -n 1 "$log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
    head -n -1 "$log"
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
  else
    cat "$log"
    check "$1 ends with a count" false
  fi
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

check "a Debian 12 boots" guest_start "$work/guest"
if [ -s "$work/guest/leader.pid" ]; then
  mkdir -p "$work/guest/root/packages/old"
  cp -t "$work/guest/root/packages/old" $packages/*
  check "the .rpms are a repository" repository "$work/guest/root/packages/old"
  check "those of the higher version too" repository "$work/newer"
  cp -r -t "$work/guest/root/packages" "$work/newer" "$here"/*.sh "$here"/*.yaml
  mkdir "$work/guest/root/packages/bird-1.6"
  check "BIRD 1.6 is there, beside BIRD 2" cp -t "$work/guest/root/packages/bird-1.6" artifacts/bird-1.6/usr/sbin/{bird,bird6,birdc6}
  inside lifecycle.sh
  check "it boots again, with etcd down" guest_reboot "$work/guest"
  inside boot.sh
  inside firewalls.sh
  inside bird.sh
  inside secured.sh
  inside rpm.sh
  if [ "$failed" != 0 ]; then guest_exec "$work/guest" journalctl -u canal-felix -u canal-bird-config-renderer -u canal-bird -u canal-bird6 -u canal-flannel-bridge -u canal-docker --no-pager -n 80; fi
fi
wait "$again"
check "the packages are built again" built again
check "with the same bytes" same_bytes $packages "$work/again"
summary
