import { urlHoldsSecret } from '../base/plain-secret';
import { Problem } from '../base/problems';
import { OWN_SETTINGS, SECRET_SETTINGS } from '../config/nix-settings';
import { isConfLine, itemsOf, writtenSettings } from '../config/written-settings';
import { fitsSetting } from '../config/written-settings-checks';
import { isAtOrBelow, plainPath } from '../pod/folders-to-make';
import { listOf } from '../pod/pod-manifest';
import { PodAdditions } from '../pod/pod-merge';

/** What the environment relies on, by the variable that would move it. */
const RELIED_ON: { readonly [name: string]: string } = {
  NIX_CONF_DIR: 'The nix.conf of the environment would not be read',
  NIX_STORE_DIR: 'The store would be another one than is seeded',
  // The name of long ago, which Nix still reads.
  NIX_STORE: 'The store would be another one than is seeded',
  NIX_STATE_DIR: 'The database and the profiles would be others than those of the store',
  NIX_LOG_DIR: 'The logs of builds would be elsewhere than the store has them',
};

/** Where these things are: to say so again changes nothing. */
const IN_PLACE: { readonly [name: string]: string } = {
  NIX_STORE_DIR: '/nix/store', NIX_STORE: '/nix/store', NIX_STATE_DIR: '/nix/var/nix', NIX_LOG_DIR: '/nix/var/log/nix',
};

/** Values of NIX_REMOTE with which Nix opens the store itself. */
const SINGLE_USER = ['', 'auto', 'local'];

/** What the environment's nix.conf says itself may be said again. */
const AS_OURS: { readonly [setting: string]: string } = {
  'sandbox': 'false', 'filter-syscalls': 'false', 'build-users-group': '', 'require-sigs': 'true', 'use-xdg-base-directories': 'false',
};

/** Whether a folder is in the home, or on a volume of the container's own. */
function isKept(folder: string, container: any, home: string = '/'): boolean {
  const places = [home, ...listOf(container.volumeMounts).map(({ mountPath = '' }) => plainPath(mountPath))];
  return places.some(place => isAtOrBelow(plainPath(folder), place));
}

/** Whether a variable has the value that the environment gives it, or stands for the same folder. */
function saysTheSame({ name, value }: any, ours: string | undefined): boolean {
  return value === ours || (typeof value === 'string' && (name === 'HOME' || Object.hasOwn(IN_PLACE, name)) && plainPath(value) === ours);
}

/** Whose caches and keys count for proxies, network policies and the cache in the cluster. */
const CACHES = ['substituters', 'trusted-public-keys'];

/** The first setting in lines of nix.conf that holds a secret, the first that the library sets, and the first that is about caches. */
function whatConfigSays(lines: string[]): { readonly secret?: string; readonly own?: string; readonly caches?: string } {
  const settings = writtenSettings({ extraLines: lines });
  return {
    secret: settings.find(({ name, value }) => (SECRET_SETTINGS.has(name) && value !== '' && !String(value).includes('$(')) || itemsOf(value).some(urlHoldsSecret))?.written,
    own: settings.find(({ name, value }) => Object.hasOwn(OWN_SETTINGS, name) && AS_OURS[name] !== value)?.name,
    caches: settings.find(({ name }) => CACHES.includes(name))?.written,
  };
}

function refuseSecret(container: any, setting: string): Problem[] {
  return [{
    code: 'CDK8SNIX0304',
    prop: `containers[${container.name}].envVariables.NIX_CONFIG`,
    value: '(not shown)',
    problem: `Its ${setting} holds a secret, which anyone who can read the manifest would see.`,
    remedy: 'Use config.accessTokens or config.netrc, or take the variable from a Secret.',
  }];
}

/** What is wrong with a NIX_CONFIG: of a line that Nix cannot read no Nix command of the container gets any further. */
function checkConfig(container: any, text: string, refuse: (problem: string, remedy: string, code?: Problem['code'], value?: unknown) => Problem[]): Problem[] {
  const lines = text.split(/\r?\n/);
  const { secret, own, caches } = whatConfigSays(lines);
  if (secret) {
    return refuseSecret(container, secret);
  }
  if (caches) {
    return refuse(`It sets ${caches}: network policies, proxies and a cache in the cluster follow the caches of the environment only.`,
      'Leave that line out, and use config.substituters.');
  }
  if (own !== undefined) {
    return refuse(`It sets ${own}, on which the environment relies: ${OWN_SETTINGS[own]}.`, 'Leave that line out.');
  }
  // What Kubernetes puts in place of $(NAME) nobody knows here.
  const plain = lines.filter(line => !line.includes('$('));
  const unreadable = plain.find(line => !isConfLine(line) || RELATIVE_INCLUDE.test(line));
  if (unreadable !== undefined) {
    return refuse('It is no line of nix.conf that Nix can read from a variable, and no Nix command would run.',
      'Write `name = value` with white space around "=", `include` with an absolute path, or a comment, one a line.', 'CDK8SNIX0307', unreadable);
  }
  const unfit = writtenSettings({ extraLines: plain }).find(setting => !fitsSetting(setting));
  return unfit === undefined ? [] : refuse(`It is no value of ${unfit.name}, and no Nix command would run.`, 'Correct it, or leave that line out.', 'CDK8SNIX0304', unfit.value);
}

const RELATIVE_INCLUDE = /^\s*!?include\s+[^/\s]/;

/** What a shell would put the value of a variable in place of, where there is no shell. */
const SHELL_VARIABLE = /\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g;
const SHELL_HOME = /(^|:)~(?=[/:]|$)/g;

/** A PATH that some shell was to complete: of the image's own there would be nothing left in it. */
function checkPath(path: string, refuse: (problem: string, remedy: string, code: Problem['code']) => Problem[]): Problem[] {
  const meant = path.replace(SHELL_VARIABLE, '$($1$2)').replace(SHELL_HOME, '$1$(HOME)');
  return meant === path ? [] : refuse('No shell reads it, so it has a folder of that very name.', `Use ${JSON.stringify(meant)}.`, 'CDK8SNIX0506');
}

/**
 * Variables of a container that uses Nix which contradict the environment: half of it would follow them, the other half would not.
 */
export function checkVariables(container: any, additions: PodAdditions): Problem[] {
  const theirs = listOf(container.env);
  if (theirs.length === 0) {
    return [];
  }
  const ours = new Map(additions.variables.map(variable => [variable.name, variable.value]));
  return theirs.flatMap((variable): Problem[] => {
    const got = variable.value ?? (variable.valueFrom && 'a reference');
    const refuse = (problem: string, remedy: string, code: Problem['code'] = 'CDK8SNIX0518', shown: unknown = got): Problem[] => [{
      code,
      prop: `containers[${container.name}].envVariables.${variable.name}`,
      value: shown,
      problem,
      remedy,
    }];
    const { name, value } = variable;
    if (variable.valueFrom === undefined && saysTheSame(variable, ours.get(name) ?? IN_PLACE[name])) {
      return [];
    }
    if (name === 'HOME') {
      const remedy = typeof value === 'string' && value.startsWith('/') ? `, or give the environment that home: NixUser.of with home ${JSON.stringify(value)}` : '';
      return refuse(`The home of the environment is ${ours.get(name)}: it is mounted there, and PATH leads there.`,
        `Leave it out${remedy}.`);
    }
    if (name === 'NIX_REMOTE' && !(typeof value === 'string' && SINGLE_USER.includes(value))) {
      return refuse('Nix runs in single-user mode: there is no daemon in the pod, and another store is none of the environment\'s.',
        'Leave it out. A remote builder is set with config.settings.builders.');
    }
    if (name === 'NIX_CONFIG' && typeof value === 'string') {
      return checkConfig(container, value, refuse);
    }
    if (name === 'PATH' && typeof value === 'string') {
      return checkPath(value, refuse);
    }
    if (name === 'XDG_STATE_HOME' && typeof value === 'string' && value.startsWith('/') && !isKept(value, container, ours.get('HOME'))) {
      return refuse('Nix keeps there what its user has installed, and nothing there lasts.', 'Leave it out, or name a folder in the home or on a volume.');
    }
    return Object.hasOwn(RELIED_ON, name) ? refuse(`${RELIED_ON[name]}.`, 'Leave it out.') : [];
  });
}
