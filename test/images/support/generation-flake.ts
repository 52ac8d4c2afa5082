const system = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux`;
const dynamicLinker = process.arch === 'arm64' ? '/lib/ld-linux-aarch64.so.1' : '/lib64/ld-linux-x86-64.so.2';

/**
 * A flake in the place of the bundled one, which needs nixpkgs: its one profile is an activation package as home-manager
 * makes them, with the program `from-home` in its path, the file `~/.from-home`, and the assistants claude, codex and gemini, whose npm
 * is one that needs no network.
 *
 * @param nodejs a folder with the real Node.js and npm in its `bin`, in place of those
 */
export function generationFlake(attribute: string, nodejs?: string): string {
  return `{
  outputs = _: let
    user = import ./user.nix;
    bin = "/nix/var/nix/profiles/default/bin";
    build = name: script: derivation {
      inherit name;
      system = "${system}";
      builder = "\${bin}/sh";
      PATH = bin;
      args = [ "-euc" "\${script}:" ];
    };
    writeScript = name: interpreter: text: derivation {
      inherit name text;
      system = "${system}";
      builder = "\${bin}/sh";
      PATH = bin;
      args = [ "-euc" ''
        mkdir -p $out/bin
        { echo '#!\${interpreter}'; printf '%s\\n' "$text"; } >$out/bin/\${name}
        chmod +x $out/bin/\${name}
        :
      '' ];
    };
    nodejs = build "nodejs" ''
      mkdir -p $out/bin
      ln -s \${writeScript "node" "/bin/sh" ''exec sh "$@"''}/bin/node $out/bin/node
      ln -s \${writeScript "npm" "/bin/sh" "echo npm notice PONG 1ms >&2"}/bin/npm $out/bin/npm
      ln -s \${writeScript "npx" "/bin/sh" npx}/bin/npx $out/bin/npx
    '';
    npx = ''
      bin=$npm_config_cache/_npx/0/node_modules/.bin
      mkdir -p $bin
      for command in claude codex gemini; do
        { echo '#!/bin/sh'; echo 'echo "baked: $(basename "$0") $*"'; } >$bin/$command
        chmod +x $bin/$command
      done
    '';
    pkgs = {
      nodejs_24 = ${nodejs ? `"${nodejs}"` : 'nodejs'};
      coreutils = "/usr";
      gnugrep = "/usr";
      flock = "/usr";
      bash = "/usr";
      ripgrep = "/usr";
      stdenv.hostPlatform.system = "${system}";
      stdenv.cc.bintools.dynamicLinker = "${dynamicLinker}";
      writeShellScriptBin = name: writeScript name "/bin/bash";
    };
    assistant = name: builtins.head (import (./ai-assistants + "/\${name}.nix") { inherit pkgs; }).home.packages;
    path = build "home-path" ''
      mkdir -p $out/bin
      ln -s \${assistant "claude"}/bin/claude \${assistant "codex"}/bin/codex \${assistant "gemini"}/bin/gemini $out/bin
      echo '#!/bin/sh' > $out/bin/from-home
      echo 'echo from \${user.username}' >> $out/bin/from-home
      chmod +x $out/bin/from-home
    '';
    generation = build "home-manager-generation" ''
      mkdir -p $out/home-files
      echo configured > $out/home-files/.from-home
      ln -s \${path} $out/home-path
      echo '#!/bin/sh' > $out/activate
      echo "set -eu" >> $out/activate
      echo 'nix-env --profile "$HOME/.local/state/nix/profiles/home-manager" --set '$out >> $out/activate
      echo 'nix-env --quiet --install '$out/home-path >> $out/activate
      echo 'ln -sf '$out'/home-files/.from-home "$HOME/.from-home"' >> $out/activate
      chmod +x $out/activate
    '';
  in {
    homeConfigurations.${attribute}.activationPackage = generation;
  };
}
`;
}
