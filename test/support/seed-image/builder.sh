# Builder of packages.nix; the environment is the derivation's.
# shellcheck shell=sh disable=SC2154

loader=$(patchelf --print-interpreter /bin/sh)

# Every library that the programs load, each looking for the others beside itself; and the one Nix looks up names with.
build_libraries() {
  mkdir -p "$out/lib"
  libc=$(ldd /bin/sh | sed -n 's/.*=> \(.*libc.so[^ ]*\).*/\1/p')
  cp -L "$loader" "${libc%/*}/libnss_dns.so.2" "$out/lib/"
  for program in $programs; do
    ldd "$(command -v "$program")" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p'
  done | sort -u | while read -r library; do
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
  for program in $programs; do
    cp -L "$(command -v "$program")" "$out/bin/$program"
    patchelf --set-interpreter "$runtime/lib/${loader##*/}" --set-rpath "$runtime/lib" "$out/bin/$program"
  done
  for link in $links; do
    ln -s nix "$out/bin/$link"
  done
}

build_busybox() {
  mkdir -p "$out/bin"
  cp "$(command -v busybox)" "$out/bin/busybox"
  busybox --list | while read -r applet; do
    [ "$applet" = busybox ] || ln -s busybox "$out/bin/$applet"
  done
}

build_script() {
  mkdir -p "$out/bin"
  printf '#!/bin/sh\n%s\n' "$text" >"$out/bin/${name%%-*}"
  chmod +x "$out/bin/${name%%-*}"
}

"build_$kind"
