# checks.sh - sourced: named checks, each a command; counts them. The caller ends with `summary`.
# In a pipe they use `grep ... >/dev/null`: `grep -q` leaves at the first match, and a writer that dies of that is a failure with pipefail.
# shellcheck shell=bash

passed=0 failed=0

# check NAME COMMAND...: the command's output is shown when it fails.
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    passed=$((passed + 1))
    echo "ok      $name"
  else
    failed=$((failed + 1))
    echo "FAILED  $name: $*"
    [ -z "$output" ] || tail -n 30 <<< "$output" | sed 's/^/        /'
  fi
}

refuse() { ! "$@"; }

# within SECONDS COMMAND...: polls until the command succeeds.
within() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || { "$@"; return; }
    sleep 0.1
  done
}

summary() {
  echo "$passed passed, $failed failed, 0 skipped"
  [ $failed = 0 ] && [ $passed -gt 0 ]
}
