#!/bin/bash
# build.sh BINARIES OUT [VERSION] - every .deb and .rpm of the manifest, for the architecture that the binaries are of, into OUT (emptied first). Debug symbols
# are looked for in the folder debug beside BINARIES.
# The same input gives the same bytes: times come from debian/changelog; paths, locale, time zone and umask are fixed.
# VERSION: instead of the changelog's, for packages that tests upgrade to.
set -euo pipefail
export LC_ALL=C TZ=UTC
umask 022
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
binaries=$(readlink -f "$1")
mkdir -p "$2"
out=$(readlink -f "$2")
version=${3:-$("$root/packaging/version.sh")}
case $(readelf -h "$binaries/canal-felix") in
  *X86-64*) architecture=amd64 CANAL_RPM_ARCHITECTURE=x86_64 ;;
  *AArch64*) architecture=arm64 CANAL_RPM_ARCHITECTURE=aarch64 ;;
  *) echo "build.sh: $binaries/canal-felix is for no architecture that has packages" >&2; exit 1 ;;
esac
export CANAL_RPM_ARCHITECTURE
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

tree=$work/canal
mkdir "$tree"
cp -a -t "$tree" "$root/packaging" "$root/systemd" "$root/etc" "$root/LICENSE" "$root/README.md"
mv "$tree/packaging/debian" "$tree/debian"
cp -a "$binaries" "$tree/binaries"
[ ! -d "$binaries/../debug" ] || cp -a "$binaries/../debug" "$tree/debug"
if [ -n "${3:-}" ]; then
  changelog=$tree/debian/changelog
  { printf 'canal (%s) unstable; urgency=medium\n\n  * Packages for tests.\n\n' "$version"; grep -m1 '^ -- ' "$changelog"; echo; cat "$changelog"; } > "$work/changelog"
  mv "$work/changelog" "$changelog"
fi
SOURCE_DATE_EPOCH=$(dpkg-parsechangelog -l "$tree/debian/changelog" -S Timestamp)
export SOURCE_DATE_EPOCH
find "$tree" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

cd "$tree"
dpkg-buildpackage -b -us -uc -ui -d -a "$architecture" > "$work/deb.log" 2>&1 || { cat "$work/deb.log" >&2; exit 1; }
rm -f "$out"/*.deb "$out"/*.rpm
cp -t "$out" "$work"/*.deb
packaging/symbols.sh "$work/symbols"
sed -n "s/^Package: //p" debian/control | xargs -P 2 -I{} packaging/rpm.sh {} "$tree" "$version" "$work/symbols" "$out"
