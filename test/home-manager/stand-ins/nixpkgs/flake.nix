# In place of nixpkgs: the packages of names.nix, each a small program that says its name.
{
  outputs =
    { ... }:
    let
      names = import ./names.nix;

      # Nothing here says otherwise than a default.
      lib.mkDefault = value: value;

      packagesFor =
        system:
        let
          run =
            name: variables: script:
            derivation (
              {
                inherit name system;
                builder = "${./bin}/busybox";
                busybox = "${./bin}/busybox";
                args = [
                  "sh"
                  "-euc"
                  script
                ];
              }
              // variables
            );

          writeShellScriptBin =
            name: text:
            run name { inherit text; } ''
              $busybox mkdir -p $out/bin
              printf '#!/bin/bash\n%s' "$text" >$out/bin/$name
              $busybox chmod +x $out/bin/$name
            '';

          # With the programs that a build of nixpkgs has.
          runCommand =
            name: variables: script:
            run name variables ''
              for program in chmod ln mkdir mv stat tar; do eval "$program() { $busybox $program \"\$@\"; }"; done
              ${script}
            '';

          # Does what npx does with a cache of its own, but for the network, and says how it was called. Scripts of Node.js are run by the
          # real one, where a test has put it.
          nodejs = run "nodejs" { } ''
            $busybox mkdir -p $out/bin
            printf '#!/bin/sh\necho "node $*" >>"$NPX_RECORD"\ncase $1 in *.js) exec /opt/node "$@" ;; esac\ntool=$1; shift; exec sh "$tool" "$@"\n' >$out/bin/node
            $busybox cp ${./fake-npx.sh} $out/bin/npx
            $busybox cp ${./fake-npm.sh} $out/bin/npm
            $busybox chmod +x $out/bin/node $out/bin/npx $out/bin/npm
          '';

          package = name: {
            inherit name;
            value = writeShellScriptBin name "echo ${name} of the stand-in";
          };
        in
        builtins.listToAttrs (map package names)
        // {
          inherit lib run runCommand writeShellScriptBin;
          nodejs_24 = nodejs;
          # The real one, of the system.
          flock = writeShellScriptBin "flock" "exec /usr/bin/flock \"$@\"";
          stdenv = {
            hostPlatform = { inherit system; };
            cc.bintools.dynamicLinker = "/lib64/ld-linux-x86-64.so.2";
          };
        };
    in
    {
      inherit lib;
      legacyPackages = {
        x86_64-linux = packagesFor "x86_64-linux";
        aarch64-linux = packagesFor "aarch64-linux";
      };
    };
}
