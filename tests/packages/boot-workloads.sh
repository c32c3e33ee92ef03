#!/bin/bash
# boot-workloads.sh - inside a guest while it boots, in the place of what brings the network up: after network-pre.target and before canal-felix. Makes the
# workloads anew and notes what reaches what when nothing but the boot unit can have programmed policy.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/packages/checks.sh
. "$here/checks.sh"
# shellcheck source=tests/packages/workloads.sh
. "$here/workloads.sh"

# The first packets wait for ARP, which the kernel's proxy answers late.
said() { if "$@"; then echo yes; else echo no; fi; }

ip link set lo up
uplink
workload alpha 10.65.0.10
workload bravo 10.65.0.11
routes_by_hand
for port in 8080 8081; do
  ip netns exec bravo nc -lk 10.65.0.11 "$port" </dev/null >/dev/null 2>&1 &
  for ((tries = 0; tries < 100; tries++)); do ! listening "$port" || break; sleep 0.1; done
done
{
  echo "agent: $(systemctl is-active canal-felix)"
  echo "etcd: $(systemctl is-active etcd)"
  echo "boot unit: $(systemctl is-active canal-felix-boot)"
  echo "8080: $(said within 30 reach 8080)"
  echo "8081: $(said reach 8081)"
} > /packages/state/boot-probe
