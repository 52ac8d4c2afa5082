# Nix and the tools a seed image needs, as store paths, made of the programs of the Debian system this is built in.
# The programs are patched to use the loader and the libraries in the store, so they run in images that have neither.
{ release, nixVersion }:
let
  # Goes first where two packages bring the same program: GNU tools before busybox's.
  prefer = priority: package: package // { meta = { inherit priority; }; };

  build = name: environment: derivation ({
    inherit name;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-eu" ./builder.sh ];
    PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
    programs = "";
    links = "";
  } // environment);

  gnuTools = "cat chmod comm cp cut date df dirname du env head id ln ls mkdir mktemp mv readlink rm rmdir sleep sort stat sync tail touch tr uname wc";

  runtime = build "runtime-1" { kind = "libraries"; programs = "nix bash tar ${gnuTools}"; };
in
{
  nix = prefer 1 (build "nix-${nixVersion}-r${release}" {
    inherit runtime;
    kind = "programs";
    programs = "nix";
    links = "nix-build nix-channel nix-collect-garbage nix-copy-closure nix-env nix-hash nix-instantiate nix-prefetch-url nix-shell nix-store";
  });
  tools = prefer 2 (build "gnu-tools-1" { inherit runtime; kind = "programs"; programs = "bash tar ${gnuTools}"; });
  busybox = prefer 3 (build "busybox-1" { kind = "busybox"; });
} // (if release == "1" then { } else {
  # What an upgrade adds to the closure.
  addition = prefer 4 (build "addition-${release}" { kind = "script"; text = "echo added in release ${release}"; });
})
