#!/bin/bash
# symbols.sh DESTINATION - from within the tree of build.sh: the debug symbols of each package's binaries below DESTINATION/PACKAGE/dbgsym-root, where
# debuggers look for them by build id, beside a list of the ids as debhelper wants it. Nothing where publishing left no symbols, or DEB_BUILD_OPTIONS
# has noautodbgsym.
set -euo pipefail
destination=$1
[[ " ${DEB_BUILD_OPTIONS:-} " != *" noautodbgsym "* ]] || exit 0

while IFS=$'\t' read -r package kind _ _ source; do
  name=${source#BIN/}
  if [ "$kind" != bin ] || [ ! -e "debug/$name.dbg" ]; then continue; fi
  id=$(readelf -n "binaries/$name" | sed -nE 's/^ *Build ID: ([0-9a-f]+)$/\1/p')
  root=$destination/$package/dbgsym-root
  install -D -m 0644 "debug/$name.dbg" "$root/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug"
  mkdir -p "$root/usr/share/doc"
  ln -s "$package" "$root/usr/share/doc/$package-dbgsym"
  echo "$id" > "$destination/$package/dbgsym-build-ids"
done < packaging/manifest.tsv
