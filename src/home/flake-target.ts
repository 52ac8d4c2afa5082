/** A home configuration of a flake, as `install-container.sh` is told of it. */
export interface FlakeTarget {
  readonly reference: string;

  /** The name in `homeConfigurations`. */
  readonly attribute: string;

  /** Why it cannot be told which one is meant. */
  readonly problem?: string;
}

/**
 * What people write as they know it from elsewhere, taken apart: `reference#attribute`, and the attribute as its name or as the whole path
 * to it, `homeConfigurations.NAME.activationPackage`.
 */
export function flakeTarget(reference: string, attribute: string | undefined): FlakeTarget {
  const [flake, named] = split(reference);
  if (named !== undefined && attribute !== undefined) {
    return { reference: flake, attribute, problem: `The attribute is named twice, here and after the flake: "${named}".` };
  }
  const given = named ?? attribute;
  if (given === undefined || given === '') {
    return { reference: flake, attribute: '', problem: 'It is missing.' };
  }
  const name = nameIn(given);
  if (name === undefined) {
    return { reference: flake, attribute: given, problem: 'This is no home configuration.' };
  }
  return { reference: flake, attribute: name, problem: /^[A-Za-z0-9_.@-]+$/.test(name) ? undefined : 'It has letters, digits, "_", ".", "@" and "-" only.' };
}

function split(reference: string): [string, string | undefined] {
  const at = reference.indexOf('#');
  return at === -1 ? [reference, undefined] : [reference.slice(0, at), reference.slice(at + 1)];
}

function nameIn(attribute: string): string | undefined {
  if (/^(homeConfigurations|activationPackage)$|^(packages|legacyPackages|devShells|apps|checks|homeModules|(nixos|darwin)Configurations)\.|\.activationPackage\.|^\.|\.$/.test(attribute)) {
    return undefined;
  }
  const name = attribute.replace(/^homeConfigurations\./, '').replace(/(^|(\.config\.home)?\.)activationPackage$/, '');
  const bare = name.replace(/^"(.*)"$/, '$1');
  return bare === '' ? undefined : bare;
}
