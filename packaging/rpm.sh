#!/bin/bash
# rpm.sh PACKAGE TREE VERSION SYMBOLS OUT - one .rpm by rpmbuild, and one of its debug symbols, from the tree that build.sh laid out (debian/, packaging/,
# binaries/) and what symbols.sh has set apart.
# Summary, description and dependencies between our packages are read from debian/control, the files from manifest.tsv.
set -euo pipefail
package=$1 tree=$2 version=$3 symbols=$4/$1/dbgsym-root out=$5
: "${SOURCE_DATE_EPOCH:?comes from build.sh}" "${CANAL_RPM_ARCHITECTURE:?comes from build.sh}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

stanza() { awk -v RS= -v name="Package: $package" 'index($0 "\n", name "\n") == 1' "$tree/debian/control"; }
summary() { stanza | sed -n 's/^Description: //p' | sed 's/^./\U&/'; }
description() { stanza | sed -n '/^Description:/,$p' | sed -n 's/^ \.$//p; s/^ //p'; }
# The kernel's own list of files, one %files line each; folders named after us belong to the package too.
files() {
  awk -F'\t' -v package="$package" '$1 == package {
    if ($2 == "link") { print $4; next }
    mark = $2 == "conf" ? "%config(noreplace) " : $2 == "dir" ? "%dir " : ""
    printf "%%attr(%s,root,root) %s%s%s\n", $3, mark, $4, $2 == "man" ? ".gz" : ""
    if ($4 ~ "^/etc/canal/") etc = 1
  } END { if (etc) print "%dir %attr(0755,root,root) /etc/canal" }' "$tree/packaging/manifest.tsv"
}
scriptlet() { if [ -e "$tree/packaging/rpm/$package.$1" ]; then printf '%%%s\n' "$1"; cat "$tree/packaging/rpm/$package.$1"; fi; }
requires() { if [ -e "$tree/packaging/rpm/$package.requires" ]; then sed "s/@VERSION@/$version/" "$tree/packaging/rpm/$package.requires"; fi; }
architecture() { if stanza | grep -q '^Architecture: all$'; then echo noarch; else echo "$CANAL_RPM_ARCHITECTURE"; fi; }

"$tree/packaging/stage.sh" "$package" "$tree/binaries" "$work/stage"
install -D -m 0644 -t "$work/stage/usr/share/licenses/$package" "$tree/LICENSE" "$tree/debian/copyright"
if [ -d "$work/stage/usr/share/man" ]; then find "$work/stage/usr/share/man" -type f -exec gzip -9n {} +; fi
if [ -d "$symbols" ]; then mkdir -p "$work/stage/usr/lib" && cp -a "$symbols/usr/lib/debug" "$work/stage/usr/lib/"; fi
of_symbols() {
  [ -d "$symbols" ] || return 0
  cat <<SPEC
%package debuginfo
Summary: Debug symbols of $package
AutoReqProv: no
Requires: $package = $version
%description debuginfo
What a debugger needs to make sense of a core dump of
$package.
%files debuginfo
$(cd "$work/stage" && find usr/lib/debug -type f -printf '%%attr(0644,root,root) /%p\n')
SPEC
}

cat > "$work/$package.spec" <<SPEC
# The binaries are published and stripped already.
%global debug_package %{nil}
%global __os_install_post %{nil}
%global _build_id_links none
Name: $package
Version: $version
Release: 1
Summary: $(summary)
License: Apache-2.0
URL: $(sed -n 's/^Homepage: //p' "$tree/debian/control")
Vendor: Canal
$(requires)
%description
$(description)
%install
mkdir -p %{buildroot}
cp -a $work/stage/. %{buildroot}/
$(for name in pre post preun postun; do scriptlet $name; done)
%files
%license /usr/share/licenses/$package/LICENSE
%license /usr/share/licenses/$package/copyright
$(files)
$(of_symbols)
%changelog
* $(date -u -d "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y') $(sed -n 's/^Maintainer: //p' "$tree/debian/control") - $version-1
$(dpkg-parsechangelog -l "$tree/debian/changelog" -S Changes | sed -n 's/^ *\* /- /p')
SPEC

rpmbuild -bb --target "$(architecture)" \
  --define "_topdir $work/top" --define "_rpmdir $out" --define "_dbpath $work/db" --define '_buildhost reproducible' \
  --define 'use_source_date_epoch_as_buildtime 1' --define 'clamp_mtime_to_source_date_epoch 1' --define 'source_date_epoch_from_changelog 0' \
  --define '_binary_payload w12.zstdio' --define '_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' \
  "$work/$package.spec" > "$work/log" 2>&1 || { cat "$work/log" "$work/$package.spec" >&2; exit 1; }
