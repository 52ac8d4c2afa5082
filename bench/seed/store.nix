# A store to measure with: `count` paths of `files` files of about 17 KiB on average, most of them small, and links to Nix.
# The last `changed` paths differ between versions; with `onlyChanged` there is nothing else.
{ version, count, files, changed, onlyChanged }:

let
  unchanged = count - changed;
  index = i: if onlyChanged then unchanged + i else i;
  derivationOf = name: script: refs: derivation {
    inherit name refs;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-ec" script ];
    PATH = "/usr/bin:/bin";
  };
  path = i: derivationOf "path-${toString i}"
    ''perl ${./store.pl} "$out" ${toString i} ${toString files} ${if i >= unchanged then version else "same"}''
    [ ];
in
derivationOf "environment"
  ''mkdir -p "$out/bin" && ln -s /usr/bin/nix-store "$out/bin/nix-store" && echo ${version} $refs >"$out/manifest"''
  (builtins.genList (i: path (index i)) (if onlyChanged then changed else count))
