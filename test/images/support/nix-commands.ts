/** Builds are the tests' own: nothing to ask a cache for, and no network to ask it over. */
export const OFFLINE = { NIX_CONFIG: 'substituters =' };

// The shell of the Nix that is tested: the image may have none.
const BIN = '/nix/var/nix/profiles/default/bin';

// The last command must be one of the shell's: Nix kills a builder that closes its output, which programs do just before they end.
function derivation(name: string, script: string): string {
  return `derivation { name = "${name}"; system = builtins.currentSystem; builder = "${BIN}/sh"; PATH = "${BIN}"; args = [ "-euc" "${script}; :" ]; }`;
}

/**
 * A command that builds something with Nix and prints it.
 *
 * @param name the derivation's name; a new one is a new build
 */
export function nixBuild(name: string): string[] {
  const expression = derivation(name, `echo built ${name} > $out`);
  return [`${BIN}/sh`, '-euc', 'cat "$(nix-build --no-out-link --expr "$1")"', 'sh', expression];
}

/**
 * A command that installs a package into the profile of the user and runs its program.
 *
 * @param name the package's name, and its program's
 */
export function nixInstall(name: string): string[] {
  const expression = derivation(name, `mkdir -p $out/bin; echo 'echo ${name} runs' > $out/bin/${name}; chmod +x $out/bin/${name}`);
  return [`${BIN}/sh`, '-euc', `nix-env --quiet --install --from-expression "_: $1" && "$HOME/.nix-profile/bin/${name}"`, 'sh', expression];
}
