here=$(dirname "$(readlink -f "$0")"); . $here/checks.sh; . $here/workloads.sh
within 60 etcdctl endpoint health; uplink; workload alpha 10.65.0.10; workload bravo 10.65.0.11; canalctl version; summary
