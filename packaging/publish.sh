#!/bin/bash
# publish.sh RID NAME=PROJECT... - native binaries in artifacts/bin, their debug symbols in artifacts/debug; for an architecture that is not this machine's
# below artifacts/RID. The libraries are compiled once, and then the executables two at a time: the native compiler does not fill two cores by itself.
# Analyzers have their turn in the tests' build, not here.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
rid=$1
shift
quietly=(-c Release --no-restore -v quiet --nologo -clp:NoSummary -noWarn:NETSDK1188 -p:RunAnalyzers=false)
artifacts=artifacts
case $rid/$(uname -m) in
  linux-x64/x86_64 | linux-arm64/aarch64) ;;
  linux-arm64/*)
    artifacts=artifacts/$rid
    # .NET's targets tell the linker the architecture as clang wants it told; it finds the libraries of gcc-aarch64-linux-gnu by itself.
    quietly+=(-p:CppCompilerAndLinker=clang -p:ObjCopyName=aarch64-linux-gnu-objcopy)
    ;;
  *) echo "publish.sh: cannot build for $rid on $(uname -m)" >&2; exit 1 ;;
esac

publish() {
  local name=${1%%=*} project=${1#*=}
  echo "publishing $project"
  dotnet publish "$project" "${quietly[@]}" -r "$rid" -o "$artifacts/publish/$name" -p:BuildProjectReferences=false
  install -D -m 0644 "$artifacts/publish/$name/$name.dbg" "$artifacts/debug/$name.dbg"
  install -D -m 0755 "$artifacts/publish/$name/$name" "$artifacts/bin/$name"
}

# What the runtime that is linked in has of others', for the packages.
notices() {
  local compiler=runtime.$rid.Microsoft.DotNet.ILCompiler version
  version=$(sed -nE "/\"$compiler\"/,/resolved/s/.*\"resolved\": \"(.*)\".*/\1/p" src/Canal.Felix/packages.lock.json | head -n 1)
  install -D -m 0644 "$(dotnet nuget locals global-packages --list | sed 's/^[^:]*: *//')/${compiler,,}/$version/THIRD-PARTY-NOTICES.TXT" "$artifacts/bin/dotnet-notices.txt"
}

notices
for library in src/Canal.{Hosting,Datastore,Linux}; do dotnet build "$library" "${quietly[@]}"; done
running=0
for one; do
  if ((running == 2)); then wait -n; running=1; fi
  publish "$one" &
  running=$((running + 1))
done
while ((running > 0)); do wait -n; running=$((running - 1)); done
