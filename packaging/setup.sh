#!/bin/bash
# setup.sh GROUP... - install what a group of make targets needs and the machine lacks, from the machine's own apt mirrors.
# Groups: build, test, lint, packages, guest, arm64, vm. Says nothing and takes milliseconds when all is there.
set -euo pipefail

# command:package; a path instead of a command where a package brings none
declare -A needs=(
  [build]="gcc:gcc ld:binutils /usr/share/doc/libc6-dev:libc6-dev /etc/ssl/certs/ca-certificates.crt:ca-certificates"
  [test]="etcd:etcd-server etcdctl:etcd-client nft:nftables iptables-nft-restore:iptables ipset:ipset ip:iproute2 conntrack:conntrack ping:iputils-ping nc:netcat-openbsd stdbuf:coreutils bird:bird2 dnsmasq:dnsmasq-base curl:curl /usr/lib/cni/bridge:containernetworking-plugins"
  [lint]="shellcheck:shellcheck mandoc:mandoc"
  [packages]="dpkg-buildpackage:dpkg-dev dh:debhelper rpmbuild:rpm lintian:lintian rpmlint:rpmlint"
  [arm64]="clang:clang aarch64-linux-gnu-objcopy:gcc-aarch64-linux-gnu /usr/share/doc/libc6-dev-arm64-cross:libc6-dev-arm64-cross qemu-aarch64-static:qemu-user-static"
  [guest]="createrepo_c:createrepo-c mmdebstrap:mmdebstrap systemd-nspawn:systemd-container nsenter:util-linux pgrep:procps podman:podman runc:runc busybox:busybox-static"
  [vm]="qemu-system-x86_64:qemu-system-x86 busybox:busybox-static cpio:cpio depmod:kmod"
)
PATH=$PATH:/usr/sbin:/sbin

die() { echo "setup: $*" >&2; exit 1; }

present() { case $1 in /*) [ -e "$1" ] ;; *) command -v "$1" >/dev/null ;; esac; }

missing_packages() {
  local group need
  for group; do
    [ -n "${needs[$group]:-}" ] || die "no group '$group'; there are: ${!needs[*]}"
    for need in ${needs[$group]}; do present "${need%%:*}" || echo "${need#*:}"; done
  done | sort -u
}

# A test machine's etcd is started by the tests, on ports of their own: the package must not start one on 2379.
without_starting_services() {
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' > $policy
    chmod 0755 $policy
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  "$@"
}

apt_install() {
  command -v apt-get >/dev/null || die "please install: $* (this script knows apt only)"
  [ "$(id -u)" = 0 ] || die "please install as root: apt-get install --no-install-recommends $*"
  local log
  echo "setup: installing $*"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update || die "apt-get update failed: check the machine's package mirrors"
  log=$(without_starting_services apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends "$@" 2>&1) \
    || die "apt-get could not install: $*"$'\n'"$log"
  case " $* " in *" etcd-server "*) [ ! -d /run/systemd/system ] || systemctl disable --quiet etcd.service ;; esac
}

has_dotnet() { grep -q "^10\." <<< "$(dotnet --list-sdks 2>/dev/null)"; }

need_dotnet() {
  has_dotnet && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get -qq update || true
    ! apt-cache show dotnet-sdk-10.0 >/dev/null 2>&1 || apt_install dotnet-sdk-10.0
  fi
  has_dotnet || die "the .NET SDK 10 is needed and this machine's apt mirrors do not have dotnet-sdk-10.0.
  Debian 12:    add https://packages.microsoft.com/debian/12/prod (see learn.microsoft.com/dotnet/core/install/linux-debian)
  Ubuntu 24.04: add-apt-repository ppa:dotnet/backports
  then:         apt-get install dotnet-sdk-10.0"
}

# BIRD 1.6 cannot be installed beside BIRD 2: the tests run its programs from a folder. Those that need it fail where it cannot be had.
need_bird16() {
  local folder download
  folder=$(dirname "$(readlink -f "$0")")/../artifacts/bird-1.6
  [ ! -x "$folder/usr/sbin/bird6" ] || return 0
  download=$(mktemp -d)
  mkdir -p "$folder"
  if ! { download_bird "$download" || { apt-get -qq update && download_bird "$download"; }; } || ! dpkg-deb -x "$download"/bird_*.deb "$folder"; then
    echo "setup: apt-get cannot download the package bird, which is BIRD 1.6: its tests will fail" >&2
  fi
  rm -rf "$download"
}

download_bird() { (cd "$1" && apt-get -qq -o APT::Sandbox::User=root download 'bird=1.6.*') >/dev/null 2>&1; }

[ $# -gt 0 ] || die "usage: setup.sh GROUP..., groups: ${!needs[*]}"
mapfile -t missing < <(missing_packages "$@")
[ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
for group; do case $group in build | lint) need_dotnet ;; test) need_bird16 ;; esac; done
