import { App, Chart, Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Node } from './kubelet/node';
import { Pod } from './kubelet/pod';
import { BackstageDatabase, BackstageNix, BackstageNixProps, NixImage } from '../../src';
import { derivedImage, removeBuiltImages } from '../images/support/build-image';
import { busyboxImage, seedImage } from '../support/images';

const SEED = 'registry.local/nix:1.0.0';
const PORTAL = 'registry.local/portal:1.0.0';

/** Stands in for `node packages/backend`: it reads its configuration, says which, and answers how it is. */
const BACKEND = [
  '#!/bin/sh -eu',
  'echo "$@"',
  '[ "$1" = packages/backend ]; shift',
  'while [ $# -gt 0 ]; do cat "$2" >/dev/null; shift 2; done',
  'folder=/tmp/www/.backstage/health/v1; mkdir -p "$folder"; echo ok >"$folder/readiness"; echo ok >"$folder/liveness"',
  'exec httpd -f -p 7007 -h /tmp/www',
];

const LINES = BACKEND.map(line => `'${line}'`).join(' ');

/** An image of a portal as most are: without Nix, its source in a folder of root. */
function portalImage(): string {
  return derivedImage(busyboxImage(), [
    `RUN printf '%s\\n' ${LINES} >/bin/node && chmod 755 /bin/node && mkdir /app && touch /app/app-config.yaml /app/app-config.production.yaml`,
    'WORKDIR /app',
  ]);
}

/** A chart with a portal, on a node that has its images. */
function rollOut(props: Partial<BackstageNixProps>): { node: Node; name: string; pod: Pod } {
  const node = new Node({ [SEED]: seedImage(), [PORTAL]: portalImage() });
  const chart = new Chart(new App(), 'e2e');
  const { deployment: { name } } = new BackstageNix(chart, 'portal', {
    image: NixImage.of(PORTAL),
    seedImage: NixImage.of(SEED),
    baseUrl: 'https://portal.example.org',
    database: BackstageDatabase.existing({
      host: 'postgres.databases.svc', password: { secret: kplus.Secret.fromSecretName(chart, 'Credentials', 'credentials'), key: 'postgres' },
    }),
    clusterAccess: false,
    config: { defaultSubstituter: false },
    ...props,
  });
  new kplus.Secret(chart, 'Secret', { metadata: { name: 'credentials' }, stringData: { postgres: 'secret' } });
  node.apply(Yaml.stringify(...chart.toJson()));
  return { node, name, pod: node.rollOut('Deployment', name)[0] };
}

let portal: ReturnType<typeof rollOut>;

afterEach(() => {
  portal.node.destroy();
  removeBuiltImages();
});

test('a portal in an image without Nix is ready, and has the Nix of the seed image', () => {
  portal = rollOut({
    deployment: { containers: [{ name: 'sidecar', image: PORTAL, command: ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait'] }] },
  });
  const { pod } = portal;
  expect(pod.logs()).toContain('packages/backend --config app-config.yaml --config app-config.production.yaml --config /etc/backstage/app-config.cdk8s-nix.yaml');
  expect(pod.sh('nix --version')).toMatch(/^nix \(Nix\) 2/);
  expect(pod.sh('stat -c %u "$HOME"')).toBe('1001');
  const expression = 'derivation { name = "x"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo built >$out" ]; }';
  expect(pod.sh(`cat $(nix-build --no-out-link --expr '${expression}')`)).toBe('built');
});

test('a portal to work on sleeps beside a folder of its user, which lasts', () => {
  portal = rollOut({ development: {} });
  const { node, name, pod } = portal;
  const folder = '/home/code/workspace';
  expect(pod.logs()).toBe('');
  expect(pod.sh(`stat -c %u:%g ${folder}`)).toBe('1001:1001');
  expect(pod.exec(['touch', '/app/new']).code).not.toBe(0);
  // As tools do that synchronize files: a tar in, and git in it, which trusts only what belongs to its user.
  pod.sh(`mkdir -p /tmp/in/packages && echo source >/tmp/in/packages/a.ts && tar -C /tmp/in -cf - . | tar -C ${folder} -xf -`);
  const [next] = node.rollOut('Deployment', name);
  expect(next.sh(`cat ${folder}/packages/a.ts`)).toBe('source');
});
