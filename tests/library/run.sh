#!/bin/bash
# run.sh - the client library as others get it: packs Canal.Core and Canal.Datastore, builds the sample in a folder of its own from
# nothing but the packages, and runs it on a real etcd. Ends with "N passed, N failed, N skipped".
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.." || exit 1
# shellcheck source=tests/packages/checks.sh
. tests/packages/checks.sh
version=$(packaging/version.sh)
work=$(mktemp -d /tmp/canal-library.XXXXXX)
etcd=
end() { [ -z "$etcd" ] || { kill "$etcd"; wait "$etcd"; } 2>/dev/null; rm -rf "$work"; }
trap end EXIT

pack() { dotnet pack "src/$1" -c Release -o "$work/packages" --no-restore -v quiet --nologo; }
# Its own folder of unpacked packages: an older build of the same version must not be taken for this one.
build() { NUGET_PACKAGES=$work/unpacked dotnet build "$work/sample" -c Release -o "$work/out" -v quiet --nologo "-p:CanalVersion=$version"; }
fall_back_to_cache() {
  cat > "$work/NuGet.Config" <<XML
<configuration>
  <packageSources><clear /><add key="canal" value="$work/packages" /><add key="nuget.org" value="https://api.nuget.org/v3/index.json" /></packageSources>
  <fallbackPackageFolders><clear /><add key="cache" value="${NUGET_PACKAGES:-$HOME/.nuget/packages}" /></fallbackPackageFolders>
</configuration>
XML
}
start_etcd() {
  local port
  port=$(shuf -i 20000-29999 -n 1)
  url=http://127.0.0.1:$port
  etcd --data-dir "$work/etcd" --listen-client-urls "$url" --advertise-client-urls "$url" --listen-peer-urls "http://127.0.0.1:$((port + 1))" \
    --initial-advertise-peer-urls "http://127.0.0.1:$((port + 1))" --initial-cluster "default=http://127.0.0.1:$((port + 1))" --log-level error > "$work/etcd.log" 2>&1 &
  etcd=$!
  within 60 etcdctl --endpoints "$url" endpoint health
}
sample_says() { diff <(timeout 60 "$work/out/Sample" "$url" 2>&1) - <<'TXT'
registered WorkloadEndpoint default/host--a-sample-vm1-eth0
saw calivm1 with 10.65.0.10/32 and role db
WorkloadEndpoint default/host--a-sample-vm1-eth0 is gone
TXT
}
nothing_left() { [ -z "$(etcdctl --endpoints "$url" get --prefix / --keys-only)" ]; }

export ETCDCTL_API=3
mkdir "$work/sample"
cp -t "$work/sample" "$here/Sample.cs" "$here/Sample.csproj"
fall_back_to_cache
check "Canal.Core is packed" pack Canal.Core
check "Canal.Datastore is packed" pack Canal.Datastore
check "the sample builds from the packages" build
start_etcd > "$work/start.log" 2>&1 || cat "$work/start.log"
check "the sample registers, sees and removes an endpoint" sample_says
check "and leaves nothing behind" nothing_left
summary
