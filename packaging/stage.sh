#!/bin/bash
# stage.sh PACKAGE BINARIES DESTINATION [PREFIX] - lay one package's files out below DESTINATION, as manifest.tsv says.
# A PREFIX other than /usr moves what is under /usr, also where a unit names a program.
set -euo pipefail
umask 022
package=$1 binaries=$2 destination=${3%/} prefix=${4:-/usr}
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
staged=0

while IFS=$'\t' read -r name kind mode path source; do
  [ "$name" = "$package" ] || continue
  staged=$((staged + 1))
  target=$destination${path/#\/usr\//$prefix/}
  if [ "$kind" = link ]; then mkdir -p "${target%/*}"; ln -sfn "$source" "$target"; continue; fi
  case $source in BIN/*) source=$binaries/${source#BIN/} ;; *) source=$root/$source ;; esac
  case $kind in
    dir) install -d -m "$mode" "$target" ;;
    conf) [ -e "$target" ] || install -D -m "$mode" "$source" "$target" ;;
    unit) install -D -m "$mode" "$source" "$target"; sed -i "s:=/usr/:=$prefix/:" "$target" ;;
    bin | file | man) install -D -m "$mode" "$source" "$target" ;;
    *) echo "stage.sh: manifest.tsv: unknown kind '$kind' of $path" >&2; exit 1 ;;
  esac
done < "$root/packaging/manifest.tsv"
[ $staged -gt 0 ] || { echo "stage.sh: manifest.tsv has no package '$package'" >&2; exit 1; }
