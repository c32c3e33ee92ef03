# contents.sh - sourced: whether packages have what the manifest says, and tell whose the libraries in them are.
# shellcheck shell=bash

# FOLDER
debs_have_all_of_manifest() {
  local package path
  while IFS=$'\t' read -r package _ _ path _; do
    grep -qE " \.$path(\.gz|/| -> .*)?\$" <<< "$(dpkg -c "$1/${package}"_*.deb)" || { echo "$package lacks $path"; return 1; }
  done < <(grep '^canal' packaging/manifest.tsv)
}
rpms_have_all_of_manifest() {
  local package path
  while IFS=$'\t' read -r package _ _ path _; do
    grep -qE "^$path(\.gz)?\$" <<< "$(rpm -qlp "$1/$package"-[0-9]*.rpm)" || { echo "$package lacks $path"; return 1; }
  done < <(grep '^canal' packaging/manifest.tsv)
}
# FOLDER: each program has its symbols, by the build id that debuggers look for them by.
symbols_match() {
  local package kind path id
  while IFS=$'\t' read -r package kind _ path _; do
    [ "$kind" = bin ] || continue
    id=$(dpkg --fsys-tarfile "$1/${package}"_*.deb | tar -xO ".$path" > "$2" && readelf -n "$2" | sed -nE 's/^ *Build ID: ([0-9a-f]+)$/\1/p')
    id=/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug
    dpkg -c "$1/${package}"-dbgsym_*.deb | grep -F "$id" >/dev/null || { echo "$package-dbgsym lacks $id"; return 1; }
    rpm -qlp "$1/${package}"-debuginfo-[0-9]*.rpm | grep -F "$id" >/dev/null || { echo "$package-debuginfo lacks $id"; return 1; }
  done < <(grep '^canal' packaging/manifest.tsv)
}
# Whatever is compiled into the programs; analyzers and the compiler itself are not.
licences_told() {
  local library
  while read -r library; do
    case $library in Microsoft.CodeAnalysis.* | Microsoft.DotNet.ILCompiler | runtime.*.ILCompiler | Microsoft.NET.ILLink.Tasks) continue ;; esac
    sed -n '/^Files:/,/^Copyright:/p' packaging/debian/copyright | grep -wF "$library" >/dev/null || { echo "debian/copyright does not tell of $library"; return 1; }
  done < <(grep -hB 1 '"type": "\(Direct\|Transitive\|CentralTransitive\)"' src/*/packages.lock.json | sed -nE 's/^ *"([^"]+)": \{$/\1/p' | sort -u)
}
