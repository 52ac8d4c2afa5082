import { App, Chart, Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Node } from './kubelet/node';
import { Pod } from './kubelet/pod';
import { BackstageDatabase, BackstageNix, NixImage } from '../../src';
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

describe('a portal in an image without Nix', () => {
  const lines = BACKEND.map(line => `'${line}'`).join(' ');
  let node: Node;
  let pod: Pod;

  beforeAll(() => {
    const portal = derivedImage(busyboxImage(), [
      `RUN printf '%s\\n' ${lines} >/bin/node && chmod 755 /bin/node && mkdir /app && touch /app/app-config.yaml /app/app-config.production.yaml`,
      'WORKDIR /app',
    ]);
    node = new Node({ [SEED]: seedImage(), [PORTAL]: portal });
    const chart = new Chart(new App(), 'e2e');
    const { deployment } = new BackstageNix(chart, 'portal', {
      image: NixImage.of(PORTAL),
      seedImage: NixImage.of(SEED),
      baseUrl: 'https://portal.example.org',
      database: BackstageDatabase.existing({
        host: 'postgres.databases.svc', password: { secret: kplus.Secret.fromSecretName(chart, 'Credentials', 'credentials'), key: 'postgres' },
      }),
      clusterAccess: false,
      config: { defaultSubstituter: false },
      deployment: { containers: [{ name: 'sidecar', image: PORTAL, command: ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait'] }] },
    });
    new kplus.Secret(chart, 'Secret', { metadata: { name: 'credentials' }, stringData: { postgres: 'secret' } });
    node.apply(Yaml.stringify(...chart.toJson()));
    [pod] = node.rollOut('Deployment', deployment.name);
  });

  afterAll(() => {
    node.destroy();
    removeBuiltImages();
  });

  test('is ready, with our configuration read last', () => {
    expect(pod.logs()).toContain('packages/backend --config app-config.yaml --config app-config.production.yaml --config /etc/backstage/app-config.cdk8s-nix.yaml');
  });

  test('has the Nix of the seed image, and a home of its own', () => {
    expect(pod.sh('nix --version')).toMatch(/^nix \(Nix\) 2/);
    expect(pod.sh('stat -c %u "$HOME"')).toBe('1001');
    const expression = 'derivation { name = "x"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo built >$out" ]; }';
    expect(pod.sh(`cat $(nix-build --no-out-link --expr '${expression}')`)).toBe('built');
  });
});
