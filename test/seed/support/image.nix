# What a test image ships: Nix itself (a wrapper, or whole with its libraries), `count` packages of which each third one
# refers to the one before, and a profile with Nix and all of them. `changed` of the packages differ between versions. The last one is `large`, in numbers.
{ version, count, changed, nix, large ? 0 }:

let
  package = { name, script, refs ? [ ], salt ? "" }: derivation {
    inherit name refs salt script;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-ec" "eval \"$script\"" ];
    PATH = "/usr/bin:/bin:/usr/sbin";
  };

  packages = builtins.genList
    (i: package {
      name = "package-${toString i}";
      salt = if i >= count - changed then version else "";
      refs = if i > 0 && builtins.bitAnd i 3 == 0 then [ (builtins.elemAt packages (i - 1)) ] else [ ];
      script = ''
        case ${toString i} in
          1) echo "a file" >"$out" ;;
          2) ln -s does-not-exist "$out" ;;
          *)
            mkdir -p "$out/bin" "$out/share/a b/ü" "$out/empty"
            echo "$out $refs $salt" >"$out/share/text"
            seq 1 ${toString (if i == count - 1 && large > 0 then large else i * 40)} >"$out/share/a b/ü/numbers"
            printf '#!/bin/sh\necho ${toString i} $salt\n' >"$out/bin/package-${toString i}"
            chmod +x "$out/bin/package-${toString i}"
            ln -s ../share/text "$out/bin/link"
            ln "$out/share/text" "$out/share/hard-link"
            ;;
        esac
      '';
    })
    count;

  # Runs anywhere, as Nix in a real image does.
  wholeNix = package {
    name = "nix-${version}";
    salt = version;
    script = ''
      mkdir -p "$out/bin" "$out/lib"
      cp /usr/bin/nix "$out/bin/nix"
      for library in $(ldd /usr/bin/nix | grep -o '/[^ ]*'); do cp -L "$library" "$out/lib/"; done
      chmod -R u+w "$out"
      patchelf --set-interpreter "$out/lib/ld-linux-x86-64.so.2" --force-rpath --set-rpath "$out/lib" "$out/bin/nix"
      for library in "$out"/lib/lib*; do patchelf --force-rpath --set-rpath "$out/lib" "$library"; done
      for name in nix-store nix-env nix-build nix-collect-garbage; do ln -s nix "$out/bin/$name"; done
    '';
  };

  # Runs where the root file system has Nix.
  thinNix = package {
    name = "nix-${version}";
    salt = version;
    script = ''
      mkdir -p "$out/bin"
      for name in nix nix-store nix-env nix-build nix-collect-garbage; do ln -s "/usr/bin/$name" "$out/bin/$name"; done
    '';
  };

  theNix = if nix == "whole" then wholeNix else thinNix;
in
package {
  name = "user-environment";
  refs = [ theNix ] ++ packages;
  salt = version;
  script = ''
    mkdir -p "$out/bin"
    for program in ${theNix}/bin/*; do ln -s "$program" "$out/bin/"; done
    echo $refs >"$out/manifest"
  '';
}
