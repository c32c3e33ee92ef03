#!/bin/bash
# run.sh unit|kernel|e2e... - run the test executables of the named suites and add up what they report.
# The last line is "N passed, N failed, N skipped". A runner that crashes, hangs, or runs none of its tests counts as a failure.
# Live suites (kernel, e2e) share two cores and a kernel with whatever else runs: what fails there, in up to three tests of a project or
# one script, is tried once more by itself. It counts as what the second try says, and both are told again at the end.
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
failures=() second_tries=()
failure() {
  failed=$((failed + 1))
  failures+=("$*")
  echo "FAILED: $*"
}

# Of a report's failed tests: $2 = name, with arguments, or the class (type) or method alone; a line each. XML escapes some characters.
failed_tests() {
  grep -oE '<test [^>]*>' "$1" | grep -F ' result="Fail"' | grep -oE " $2=\"[^\"]*\"" | sed -E 's/^ [a-z]+="(.*)"$/\1/; s/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g'
}

# What a report's failed tests said, the first lines of each.
failed_words() {
  awk '/<message>/ { on = 1; lines = 0; sub(/.*<message>/, "") }
    on && lines++ < 12 { line = $0; sub(/<\/message>.*/, "", line); print "    " substr(line, 1, 400) }
    /<\/message>/ { on = 0 }' "$1"
}

# The runner's report carries the totals as attributes of its first <assembly> element.
attribute() { grep -o '<assembly [^>]*>' "$1" | head -n 1 | grep -oE " $2=\"[0-9]+\"" | tr -dc 0-9; }

has_tests() { grep -rqE --include='*.cs' --exclude-dir=obj --exclude-dir=bin '\[(Fact|Theory)\b' "tests/$1"; }

# The second try of a live project's few failed tests: whether all of them passed.
again() {
  local name=$1 program=$2 report=$3 count=$4 method methods=() status=0
  case " $kernel $e2e " in *" $name "*) ;; *) return 1 ;; esac
  [ "$count" -ge 1 ] && [ "$count" -le 3 ] || return 1
  while IFS= read -r method; do methods+=(-method "$method"); done < <(paste -d. <(failed_tests "$report" type) <(failed_tests "$report" method) | sort -u)
  echo "-- once more: ${methods[*]}"
  timeout -k 10 "$seconds" "$program" -noLogo -noColor "${methods[@]}" -result-xml "$report.again" </dev/null || status=$?
  [ "$status" = 0 ] && [ "$(attribute "$report.again" failed)" = 0 ] && [ "$(attribute "$report.again" passed)" -ge "$count" ] || return 1
  while IFS= read -r method; do second_tries+=("$method"); done < <(failed_tests "$report" name)
  second_tries+=("$(failed_words "$report")")
}

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
  if [ "$errors" = 0 ] && again "$name" "$program" "$report" "$count_failed"; then
    passed=$((passed + count_failed))
    return
  fi
  failed=$((failed + count_failed + errors))
  while IFS= read -r test; do failures+=("$test"); done < <(failed_tests "$report" name)
  [ "$count_failed" = 0 ] || failures+=("$(failed_words "$report")")
  if [ "$status" != 0 ] && [ $((count_failed + errors)) = 0 ]; then failure "$name ended with $status though no test failed"; fi
  if [ "$total" = 0 ] && has_tests "$name"; then failure "$name ran none of its tests"; fi
}

# A script that ends with the same line as this one.
run_script() {
  local status=0 log=$results/script.log line
  echo "== $1"
  timeout -k 30 "$seconds" "$1" </dev/null 2>&1 | tee "$log" || status=$?
  if [ "$status" != 0 ]; then
    echo "-- once more: $1"
    second_tries+=("$1: $(sed -nE 's/^(FAILED|not ok) *//p' "$log" | tr '\n' ';')")
    status=0
    timeout -k 30 "$seconds" "$1" </dev/null 2>&1 | tee "$log" || status=$?
  fi
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
[ "${#second_tries[@]}" = 0 ] || printf 'failed at the first of two tries: %s\n' "${second_tries[@]}"
[ "$failed" = 0 ] || printf 'failed: %s\n' "${failures[@]:-nothing that was named}"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
