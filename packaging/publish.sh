#!/bin/bash
# publish.sh RID NAME=PROJECT... - native binaries in artifacts/bin, their debug symbols in artifacts/debug. The libraries are compiled once, and then the
# executables two at a time: the native compiler does not fill two cores by itself. Analyzers have their turn in the tests' build, not here.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
rid=$1
shift
quietly=(-c Release --no-restore -v quiet --nologo -clp:NoSummary -noWarn:NETSDK1188 -p:RunAnalyzers=false)

publish() {
  local name=${1%%=*} project=${1#*=}
  echo "publishing $project"
  dotnet publish "$project" "${quietly[@]}" -r "$rid" -o "artifacts/publish/$name" -p:BuildProjectReferences=false
  install -D -m 0644 "artifacts/publish/$name/$name.dbg" "artifacts/debug/$name.dbg"
  install -D -m 0755 "artifacts/publish/$name/$name" "artifacts/bin/$name"
}

for library in src/Canal.{Hosting,Datastore,Linux}; do dotnet build "$library" "${quietly[@]}"; done
running=0
for one; do
  if ((running == 2)); then wait -n; running=1; fi
  publish "$one" &
  running=$((running + 1))
done
while ((running > 0)); do wait -n; running=$((running - 1)); done
