#!/bin/bash
# arm64.sh FOLDER - the cross-built packages in FOLDER/packages: are they for arm64, have they what the manifest says, and do their programs start, in an emulator?
# Ends with "N passed, N failed, N skipped".
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.." || exit 1
# shellcheck source=tests/packages/checks.sh
. "$here/checks.sh"
# shellcheck source=tests/packages/contents.sh
. "$here/contents.sh"
folder=$1 packages=$1/packages
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

are_for_arm64() {
  local file
  for file in "$packages"/*.deb; do case $(dpkg -f "$file" Architecture) in arm64 | all) ;; *) echo "$file"; return 1 ;; esac; done
  for file in "$packages"/*.rpm; do case $(rpm -qp --qf '%{arch}' "$file") in aarch64 | noarch) ;; *) echo "$file"; return 1 ;; esac; done
}
same_dependencies() {
  local package
  for package in artifacts/packages/*_amd64.deb; do
    package=$(dpkg -f "$package" Package)
    diff <(dpkg -f "artifacts/packages/${package}"_*.deb Depends) <(dpkg -f "$packages/${package}"_*.deb Depends) || { echo "$package"; return 1; }
  done
}
is_aarch64() { readelf -h "$1" | grep 'Machine:.*AArch64' >/dev/null; }
emulated() { qemu-aarch64-static -L /usr/aarch64-linux-gnu "$@"; }
# A CNI plugin has no options.
starts() {
  case $1 in
    */canal-cni) CNI_COMMAND=VERSION emulated "$1" <<< '{"cniVersion": "1.0.0"}' | grep -F supportedVersions ;;
    *) emulated "$1" --version | grep -F "$(packaging/version.sh)" ;;
  esac
}

check "the packages are for arm64" are_for_arm64
check "the .debs have what the manifest says" debs_have_all_of_manifest "$packages"
check "the .rpms have what the manifest says" rpms_have_all_of_manifest "$packages"
check "their debug symbols are theirs" symbols_match "$packages" "$work/program"
if [ -d artifacts/packages ]; then check "they depend on what those for amd64 depend on" same_dependencies; fi
for program in "$folder"/bin/canal*; do
  check "${program##*/} is for AArch64" is_aarch64 "$program"
  check "${program##*/} starts" starts "$program"
done
summary
