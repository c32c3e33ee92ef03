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

debs_have_all_of_manifest() {
  local package path
  while IFS=$'\t' read -r package _ _ path _; do
    grep -qE " \.$path(\.gz|/| -> .*)?\$" <<< "$(dpkg -c $packages/"${package}"_*.deb)" || { echo "$package lacks $path"; return 1; }
  done < <(grep '^canal' packaging/manifest.tsv)
}
rpms_have_all_of_manifest() {
  local package path
  while IFS=$'\t' read -r package _ _ path _; do
    grep -qE "^$path(\.gz)?\$" <<< "$(rpm -qlp $packages/"$package"-[0-9]*.rpm)" || { echo "$package lacks $path"; return 1; }
  done < <(grep '^canal' packaging/manifest.tsv)
}
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

check "lintian finds nothing in the .debs" lintian --allow-root --fail-on error,warning $packages/*.deb
check "rpmlint finds nothing in the .rpms" rpms_are_clean
check "the .debs have what the manifest says" debs_have_all_of_manifest
check "the .rpms have what the manifest says" rpms_have_all_of_manifest
packaging/build.sh artifacts/bin "$work/newer" "$(packaging/version.sh)+tests1" > "$work/newer.log" 2>&1 &
newer=$!
check "a second build" packaging/build.sh artifacts/bin "$work/again"
check "gives the same bytes" same_bytes $packages "$work/again"
newer_status=0
wait "$newer" || { newer_status=$?; cat "$work/newer.log"; }
check "a build with a higher version" test "$newer_status" = 0

check "a Debian 12 boots" guest_start "$work/guest"
if [ -s "$work/guest/leader.pid" ]; then
  mkdir -p "$work/guest/root/packages/old"
  cp -t "$work/guest/root/packages/old" $packages/*
  cp -r -t "$work/guest/root/packages" "$work/newer" "$here"/{checks,workloads,lifecycle,bird,rpm}.sh "$here"/{resources,bgp}.yaml
  inside lifecycle.sh
  inside bird.sh
  inside rpm.sh
  if [ "$failed" != 0 ]; then guest_exec "$work/guest" journalctl -u canal-felix -u canal-bird-config-renderer -u canal-bird --no-pager -n 60; fi
fi
summary
