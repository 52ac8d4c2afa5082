# Builder of packages.nix; the environment is the derivation's.
# shellcheck shell=sh disable=SC2154

loader=$(patchelf --print-interpreter /bin/sh)

# The programs that the packages brought, and links to them; scripts are left out.
programs() {
  # Each name is one word.
  # shellcheck disable=SC2086
  dpkg -L $packages | grep -E '^(/usr)?/bin/.' | while read -r program; do
    if [ -L "$program" ] || patchelf --print-interpreter "$program" >/dev/null 2>&1; then
      echo "$program"
    fi
  done
}

# Every library that the programs load, each looking for the others beside itself; and the one Nix looks up names with.
build_libraries() {
  mkdir -p "$out/lib"
  libc=$(ldd /bin/sh | sed -n 's/.*=> \(.*libc.so[^ ]*\).*/\1/p')
  cp -L "$loader" "${libc%/*}/libnss_dns.so.2" "$out/lib/"
  programs | xargs ldd 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | sort -u | while read -r library; do
    cp -L "$library" "$out/lib/"
  done
  for library in "$out"/lib/*.so*; do
    case ${library##*/} in
      ld-linux* | libc.so*) ;;
      *) patchelf --set-rpath "$out/lib" "$library" ;;
    esac
  done
}

build_programs() {
  mkdir -p "$out/bin"
  programs | while read -r program; do
    cp -d "$program" "$out/bin/"
  done
  # Links to scripts.
  find -L "$out/bin" -type l -delete
  for program in "$out"/bin/*; do
    if [ ! -L "$program" ]; then
      patchelf --set-interpreter "$libraries/lib/${loader##*/}" --set-rpath "$libraries/lib" "$program"
    fi
  done
  for link in $links; do
    ln -s "${link#*:}" "$out/bin/${link%:*}"
  done
}

build_script() {
  mkdir -p "$out/bin"
  printf '#!/bin/sh\n%s\n' "$text" >"$out/bin/${name%%-*}"
  chmod +x "$out/bin/${name%%-*}"
}

"build_$kind"
