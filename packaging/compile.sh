#!/bin/bash
# compile.sh COMMAND... - run it with a compiler server of its own, which ends with it. A build of many projects takes half the time with one.
set -euo pipefail
export UseSharedCompilation=true SharedCompilationId="canal-$$"
end() {
  local sdk
  sdk=$(dotnet --list-sdks | awk -v wanted="$(dotnet --version)" '$1 == wanted { gsub(/[][]/, "", $2); print $2 "/" $1 }')
  dotnet exec "$sdk/Roslyn/bincore/VBCSCompiler.dll" "-pipename:$SharedCompilationId" -shutdown >/dev/null || true
}
trap end EXIT
"$@"
