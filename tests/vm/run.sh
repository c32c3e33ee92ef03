#!/bin/bash
# run.sh [PART...] - tunnels between hosts in a kernel that has WireGuard and IP-in-IP: Debian's, in a virtual machine without privileges and without acceleration, all of
# it in memory. Hosts in network namespaces of the machine run the agents; the parts are felix (felix.sh: WireGuard), ipip (ipip.sh), flannel (flannel.sh)
# and ipsec (ipsec.sh, with strongSwan where it is installed), all without arguments.
# CANAL_BIN_DIR names the folder of the native binaries.
# Ends with "N passed, N failed, N skipped"; everything is skipped where qemu, busybox or the kernel's package cannot be had.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.."
bin=${CANAL_BIN_DIR:-$PWD/artifacts/bin}
kernels=$PWD/artifacts/vm
seconds=${CANAL_VM_SECONDS:-1200}
parts=("$@")
[ $# -gt 0 ] || parts=(felix ipip flannel ipsec)

skip() { echo "$*"; echo '0 passed, 0 failed, 1 skipped'; exit 0; }

[ "$(uname -m)" = x86_64 ] || skip 'the virtual machine is one of x86_64'
for program in qemu-system-x86_64 busybox cpio depmod etcd etcdctl nft ip nc ping; do
  command -v "$program" >/dev/null || skip "$program is not installed"
done

# What of the kernel's modules the test may need; the rest would only take time to unpack.
modules=(net/xfrm net/ipv4 net/ipv6 net/netfilter net/bridge net/core net/llc net/802 drivers/net/wireguard drivers/net/veth.ko lib crypto arch/x86/crypto)

# The kernel's package, unpacked once: vmlinuz, and the modules under lib/modules/VERSION.
fetch_kernel() {
  [ "$(cat "$kernels/complete" 2>/dev/null)" != "${modules[*]}" ] || return 0
  local package folder
  package=$(apt-cache depends linux-image-amd64 2>/dev/null | awk '/Depends: linux-image-/ {print $2; exit}')
  [ -n "$package" ] || return 1
  rm -rf "$kernels"
  folder=$(mktemp -d)
  if ! (cd "$folder" && apt-get -qq download "$package" >/dev/null 2>&1 && dpkg-deb -x ./*.deb tree); then rm -rf "$folder"; return 1; fi
  mkdir -p "$kernels"
  mv "$folder"/tree/boot/vmlinuz-* "$kernels/vmlinuz"
  local tree version module
  tree=$(echo "$folder"/tree/lib/modules/*)
  version=$(basename "$tree")
  mkdir -p "$kernels/lib/modules/$version/kernel"
  cp "$tree"/modules.{order,builtin,builtin.modinfo} "$kernels/lib/modules/$version/"
  for module in "${modules[@]}"; do (cd "$tree" && cp -a --parents "kernel/$module" "$kernels/lib/modules/$version/"); done
  depmod -b "$kernels" "$version"
  rm -rf "$folder"
  echo "${modules[*]}" > "$kernels/complete"
}

# shared FILE: into the machine, with the libraries that it is linked with.
shared() {
  local library
  install -D -m 0755 "$1" "$root$1"
  ldd "$1" 2>/dev/null | grep -oE '/[^ )]+' | while read -r library; do install -D -m 0755 "$library" "$root$library"; done
}

# program NAME...: into the machine, with the libraries that it is linked with.
program() {
  local one path library
  for one; do
    path=$(command -v "$one")
    install -D -m 0755 "$path" "$root/bin/$(basename "$one")"
    ldd "$path" 2>/dev/null | grep -oE '/[^ )]+' | while read -r library; do install -D -m 0755 "$library" "$root$library"; done
  done
}

fill_machine() {
  local applet library
  mkdir -p "$root"/{bin,sbin,proc,sys,dev,run,tmp,etc,var/lib,var/run,root,canal/tests}
  cp "$(command -v busybox)" "$root/bin/busybox"
  for applet in $(busybox --list); do [ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"; done
  ln -s ../bin/busybox "$root/sbin/modprobe"
  # After the applets, whose place they take.
  for applet in bash ip nft nc ping etcd etcdctl timeout; do rm -f "$root/bin/$applet"; done
  program bash ip nft nc ping etcd etcdctl timeout "$bin/canal-felix" "$bin/canal-flannel-bridge" "$bin/canalctl"
  if command -v charon-systemd swanctl >/dev/null; then
    program charon-systemd swanctl
    # What ending a thread opens by name.
    shared "$(/sbin/ldconfig -p | awk '/libgcc_s\.so\.1 .*x86-64/ {print $NF; exit}')"
    for library in random nonce openssl aes sha2 hmac kdf gcm gmp kernel-netlink socket-default vici; do
      library=/usr/lib/ipsec/plugins/libstrongswan-$library.so
      [ ! -e "$library" ] || shared "$library"
    done
  fi
  # What .NET opens by name.
  for library in $(/sbin/ldconfig -p | awk '/lib(ssl|crypto)\.so\.3 .*x86-64/ {print $NF}'); do install -D -m 0755 "$library" "$root$library"; done
  cp -a "$kernels/lib" "$root/"
  cp -a tests/demo tests/packages tests/vm "$root/canal/tests/"
  printf 'root:x:0:0:root:/root:/bin/sh\n' > "$root/etc/passwd"
  cat > "$root/init" <<'INIT'
#!/bin/busybox sh
export PATH=/bin:/sbin HOME=/root
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs run /run; mount -t tmpfs tmp /tmp
ln -s /proc/self/fd /dev/fd
hostname vm
ip link set lo up
for part in $(cat /parts); do CANAL_BIN_DIR=/bin bash "/canal/tests/vm/$part.sh"; done
echo "ended with $?"
poweroff -f
INIT
  chmod 0755 "$root/init"
  echo "${parts[*]}" > "$root/parts"
}

fetch_kernel || skip "the package of Debian's kernel cannot be had"
work=$(mktemp -d)
root=$work/root
qemu=
# shellcheck disable=SC2329 # by the trap
end() { [ -z "$qemu" ] || kill "$qemu" 2>/dev/null || true; rm -rf "$work"; }
trap end EXIT
mkdir "$root"
fill_machine
(cd "$root" && find . | cpio --quiet -o -H newc) > "$work/initrd"
started=$SECONDS
timeout "$seconds" qemu-system-x86_64 -machine q35 -accel tcg,thread=multi,tb-size=512 -cpu max -smp 2 -m 1536 -nodefaults -no-user-config -no-reboot -display none \
  -kernel "$kernels/vmlinuz" -initrd "$work/initrd" -serial "file:$work/console" \
  -append 'console=ttyS0 quiet panic=-1 mitigations=off nokaslr audit=0 selinux=0 apparmor=0 random.trust_cpu=on cryptomgr.notests no_timer_check nowatchdog rcupdate.rcu_cpu_stall_suppress=1' </dev/null &
qemu=$!
status=0
wait "$qemu" || status=$?
qemu=
tr -d '\r' < "$work/console" | grep -v -e '^ended with' -e ' passed, ' || true
echo "the machine ran for $((SECONDS - started)) s"
read -r lines passed failed skipped <<< "$(tr -d '\r' < "$work/console" | awk '/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { n++; p += $1; f += $3; s += $5 } END { print n + 0, p + 0, f + 0, s + 0 }')"
if [ "$lines" != ${#parts[@]} ]; then
  echo "FAILED  the virtual machine ended with $status and $lines counts of ${#parts[@]}"
  failed=$((failed + 1))
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
