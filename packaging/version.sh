#!/bin/bash
# version.sh - the product's version, which Directory.Build.props and packaging/debian/changelog must agree on
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
changelog=$(sed -nE '1s/^canal \(([^)]+)\).*/\1/p' packaging/debian/changelog)
props=$(sed -nE 's:.*<VersionPrefix>(.*)</VersionPrefix>.*:\1:p' Directory.Build.props)
if [ -z "$changelog" ] || [ "$changelog" != "$props" ]; then
  echo "version.sh: debian/changelog says '$changelog', Directory.Build.props says '$props'" >&2
  exit 1
fi
echo "$changelog"
