#!/bin/bash
# run.sh unit|kernel|e2e... - run the test executables of the named suites and add up what they report.
# The last line is "N passed, N failed, N skipped". A runner that crashes, hangs, or runs none of its tests counts as a failure.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

# What needs root or a real etcd; every other tests/*.Tests is a unit suite, so that a new project cannot be forgotten.
kernel="Canal.Kernel.Tests Canal.Datastore.Tests Canal.Ctl.Tests Canal.BirdConfigRenderer.Tests Canal.FlannelBridge.Tests Canal.Docker.Tests"
e2e="Canal.EndToEnd.Tests"
seconds=${CANAL_TEST_SECONDS:-1500}
export CANAL_BIN_DIR=$PWD/artifacts/bin
passed=0 failed=0 skipped=0
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

projects() {
  local directory name
  case $1 in
    kernel) echo "$kernel" ;;
    e2e) echo "$e2e" ;;
    unit) for directory in tests/*.Tests; do
        name=${directory#tests/}
        case " $kernel $e2e " in *" $name "*) ;; *) echo "$name" ;; esac
      done ;;
    *) echo "run.sh: no suite '$1'" >&2; return 1 ;;
  esac
}

# Said where it happens, and once more at the end: who reads a long log has only its end.
failures=()
failure() {
  failed=$((failed + 1))
  failures+=("$*")
  echo "FAILED: $*"
}

# Names of a report's failed tests, a line each; some of a name's characters are escaped in XML.
failed_tests() {
  grep -oE '<test [^>]*>' "$1" | grep -F ' result="Fail"' | grep -oE ' name="[^"]*"' | sed -E 's/^ name="(.*)"$/\1/; s/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g'
}

# The runner's report carries the totals as attributes of its first <assembly> element.
attribute() { grep -o '<assembly [^>]*>' "$1" | head -n 1 | grep -oE " $2=\"[0-9]+\"" | tr -dc 0-9; }

has_tests() { grep -rqE --include='*.cs' --exclude-dir=obj --exclude-dir=bin '\[(Fact|Theory)\b' "tests/$1"; }

run_project() {
  local name=$1 status=0 report=$results/$1.xml count_failed errors total
  local program=tests/$name/bin/Debug/net10.0/$name
  echo "== $name"
  [ -x "$program" ] || { failure "$program is not built"; return; }
  timeout -k 10 "$seconds" "$program" -noLogo -noColor -result-xml "$report" </dev/null || status=$?
  [ "$status" != 124 ] || { failure "$name did not end within $seconds s"; return; }
  grep -qs "<assembly " "$report" || { failure "$name ended with $status and without a report"; return; }

  count_failed=$(attribute "$report" failed) errors=$(attribute "$report" errors) total=$(attribute "$report" total)
  passed=$((passed + $(attribute "$report" passed)))
  skipped=$((skipped + $(attribute "$report" skipped)))
  failed=$((failed + count_failed + errors))
  while IFS= read -r test; do failures+=("$test"); done < <(failed_tests "$report")
  if [ "$status" != 0 ] && [ $((count_failed + errors)) = 0 ]; then failure "$name ended with $status though no test failed"; fi
  if [ "$total" = 0 ] && has_tests "$name"; then failure "$name ran none of its tests"; fi
}

# A script that ends with the same line as this one.
run_script() {
  local status=0 log=$results/script.log line
  echo "== $1"
  timeout -k 30 "$seconds" "$@" </dev/null 2>&1 | tee "$log" || status=$?
  line=$(tail -n 1 "$log")
  if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + BASH_REMATCH[3]))
    while IFS= read -r check; do failures+=("$1: $check"); done < <(sed -nE 's/^(FAILED|not ok) *//p' "$log")
    [ "$status" = 0 ] || [ "${BASH_REMATCH[2]}" != 0 ] || failure "$1 ended with $status though no check failed"
  else
    failure "$1 ended with $status and without a count"
  fi
}

[ $# -gt 0 ] || { sed -n 2,3p "$0" >&2; exit 64; }
for suite; do
  if [ "$suite" != unit ] && [ "$(id -u)" != 0 ]; then failure "the $suite suite needs root"; continue; fi
  for project in $(projects "$suite"); do run_project "$project"; done
  [ "$suite" = e2e ] || continue
  for script in packages podman library; do run_script "tests/$script/run.sh"; done
done
[ $((passed + failed)) -gt 0 ] || echo "no test ran"
[ "$failed" = 0 ] || printf 'failed: %s\n' "${failures[@]:-nothing that was named}"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
