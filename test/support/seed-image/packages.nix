# Nix and the tools of a seed image, as store paths, made of the programs of the Debian system this is built in.
# The programs are patched to use the loader and the libraries in the store, so they run in images that have neither.
{ release, nixVersion }:
let
  build = name: environment: derivation ({
    inherit name;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-eu" ./builder.sh ];
    PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
    links = "";
  } // environment);

  # What nixos/nix has, and no more: there is no sed and no awk in it.
  toolPackages = "bash coreutils findutils grep gzip tar";

  libraries = build "libraries-1" { kind = "libraries"; packages = "nix-bin ${toolPackages}"; };
in
{
  nix = build "nix-${nixVersion}-r${release}" { inherit libraries; kind = "programs"; packages = "nix-bin"; };
  tools = build "tools-1" { inherit libraries; kind = "programs"; packages = toolPackages; links = "sh:bash"; };
} // (if release == "1" then { } else {
  # What an upgrade adds to the closure.
  addition = build "addition-${release}" { kind = "script"; text = "echo added in release ${release}"; };
})
