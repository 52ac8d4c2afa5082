/**
 * A flake in the place of the bundled one, which needs nixpkgs: its one profile is an activation package as home-manager
 * makes them, with the program `from-home` in its path and the file `~/.from-home`.
 */
export function generationFlake(attribute: string): string {
  return `{
  outputs = _: let
    user = import ./user.nix;
    bin = "/nix/var/nix/profiles/default/bin";
    build = name: script: derivation {
      inherit name;
      system = "${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux";
      builder = "\${bin}/sh";
      PATH = bin;
      args = [ "-euc" "\${script}:" ];
    };
    path = build "home-path" ''
      mkdir -p $out/bin
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
