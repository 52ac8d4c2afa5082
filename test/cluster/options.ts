import { parseArgs } from 'util';

export interface ClusterOptions {
  readonly context: string;
  readonly seedImage: string;
  readonly upgradeImage: string;
  readonly plainImage: string;
  readonly nginxImage: string;
  /** A word in the names of the scenarios to run; all for none. */
  readonly only: string;
  readonly load: 'kind' | 'k3d' | 'none';
  /** Say what would be done, and end. */
  readonly dryRun: boolean;
}

const PLAIN_IMAGE = 'docker.io/library/busybox:1.37.0';
const NGINX_IMAGE = 'docker.io/nginxinc/nginx-unprivileged:1.28.0-alpine';

export const USAGE = `usage: npm run test:cluster -- --context NAME --seed-image IMAGE --upgrade-image IMAGE 
       [--plain-image IMAGE] [--nginx-image IMAGE] [--load kind|k3d|none] [--only WORD] [--dry-run]

Runs the scenarios of test/cluster in namespaces that it makes and removes again.

  --context        the context of your kubeconfig; there is no default, since what is not named is not touched
  --seed-image     an image with a single-user Nix in /nix that user 1001 can read, for example one of this package
  --upgrade-image  another one of these, with another Nix, to upgrade to
  --plain-image    an image without Nix, of a busybox (default: ${PLAIN_IMAGE})
  --nginx-image    for the binary cache, as NixBinaryCache needs it (default: ${NGINX_IMAGE})
  --load           bring the two seed images from the local docker or podman into the nodes of kind or k3d first (default: none)
  --only           run the scenarios with this word in their names
  --dry-run        say what would be done
  --help           say this
`;

/** The options of the command line. Throws, with what is wrong, if they make no sense. */
export function parseOptions(args: readonly string[]): ClusterOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'context': { type: 'string' },
      'seed-image': { type: 'string' },
      'upgrade-image': { type: 'string' },
      'plain-image': { type: 'string', default: PLAIN_IMAGE },
      'nginx-image': { type: 'string', default: NGINX_IMAGE },
      'only': { type: 'string', default: '' },
      'load': { type: 'string', default: 'none' },
      'dry-run': { type: 'boolean', default: false },
    },
  });
  const named = (name: 'context' | 'seed-image' | 'upgrade-image'): string => {
    const value = values[name];
    if (!value) {
      throw new Error(`--${name} is missing.`);
    }
    return value;
  };
  const load = values.load;
  if (load !== 'kind' && load !== 'k3d' && load !== 'none') {
    throw new Error(`--load: got ${JSON.stringify(load)}. It is kind, k3d or none.`);
  }
  const context = named('context');
  if (load !== 'none' && !context.startsWith(`${load}-`)) {
    // What they load into is found by its name, which would be that of another cluster.
    throw new Error(`--load ${load}: the context ${JSON.stringify(context)} is none of ${load}'s, which begin with "${load}-". Use --load none.`);
  }
  return {
    context,
    seedImage: named('seed-image'),
    upgradeImage: named('upgrade-image'),
    plainImage: values['plain-image'],
    nginxImage: values['nginx-image'],
    only: values.only,
    load,
    dryRun: values['dry-run'],
  };
}
