# What a program is made of, to measure with: `count` paths that share out the files of the system it is built in, one of
# `part` each, and a program that names them all.
{ count, part }:

let
  derivationOf = name: script: refs: derivation {
    inherit name refs;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-ec" script ];
    PATH = "/usr/bin:/bin";
  };
  path = i: derivationOf "files-${toString i}"
    ''
      mkdir "$out"
      cd /usr
      find . -xdev -type f -readable -size +0 | LC_ALL=C sort | sed -n '${toString (i + 1)}~${toString part}p' | while read -r file; do
        cp --parents --no-preserve=mode "$file" "$out"
      done
    ''
    [ ];
in
derivationOf "serve-1.0.0"
  ''
    mkdir -p "$out/bin"
    echo $refs >"$out/needed"
    printf '#!/bin/sh\ntrap "exit 0" TERM\nwhile :; do sleep 1; done\n' >"$out/bin/serve"
    chmod +x "$out/bin/serve"
  ''
  (builtins.genList path count)
