import { App, Chart, Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Node } from './kubelet/node';
import { BackstageDatabase, BackstageNix, BackstagePreset, NixImage } from '../../src';
import { derivedImage, removeBuiltImages } from '../images/support/build-image';
import { postgresImage } from '../support/images';

/** Stands in for that of the official images: it sets up a folder without data, and lets everybody in who has the password. */
const ENTRYPOINT = [
  '#!/bin/sh -eu',
  'if [ ! -s "$PGDATA/PG_VERSION" ]; then',
  '  mkdir -p "$PGDATA"; chmod 700 "$PGDATA"; umask 077; printf %s "$POSTGRES_PASSWORD" >/tmp/password',
  '  initdb --username="$POSTGRES_USER" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256',
  '  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"',
  'fi',
  'exec "$@" -c listen_addresses="*"',
];

/** What the official images have at /var/lib/postgresql, by their version: a volume, a volume with a link in it, a volume above. */
const LAYOUTS = {
  'postgres:17.1': ['RUN mkdir /var/lib/postgresql/data && chmod 1777 /var/lib/postgresql/data', 'ENV PGDATA=/var/lib/postgresql/data', 'VOLUME /var/lib/postgresql/data'],
  'postgres:18.0': ['RUN ln -s . /var/lib/postgresql/data', 'ENV PGDATA=/var/lib/postgresql/18/docker', 'VOLUME /var/lib/postgresql'],
  'postgres:18.6': ['ENV PGDATA=/var/lib/postgresql/18/docker', 'VOLUME /var/lib/postgresql'],
};

const LINES = ENTRYPOINT.map(line => `'${line}'`).join(' ');

function image(layout: string[]): string {
  return derivedImage(postgresImage(), [`RUN printf '%s\\n' ${LINES} >/entrypoint.sh`, ...layout, 'ENTRYPOINT ["sh", "/entrypoint.sh"]', 'CMD ["postgres"]']);
}

/** The manifests of a portal with this server. */
function manifests(reference: string): { yaml: string; name: string } {
  const chart = new Chart(new App(), 'e2e');
  const secret = new kplus.Secret(chart, 'Secret', { metadata: { name: 'credentials' }, stringData: { postgres: 'secret' } });
  const { databaseStatefulSet } = new BackstageNix(chart, 'portal', {
    preset: BackstagePreset.DEVELOPMENT,
    image: NixImage.of('registry.local/portal:1.0.0'),
    baseUrl: 'http://localhost:7007',
    database: BackstageDatabase.bundled({ image: reference, password: { secret, key: 'postgres' } }),
    clusterAccess: false,
  });
  return { yaml: Yaml.stringify(...chart.toJson()), name: databaseStatefulSet!.name };
}

let node: Node;
afterAll(() => {
  node.destroy();
  removeBuiltImages();
});

test('a bundled server is ready, takes the password, and keeps its data whatever its image has in its place', () => {
  node = new Node(Object.fromEntries(Object.entries(LAYOUTS).map(([reference, layout]) => [reference, image(layout)])));
  const psql = (sql: string) => `PGPASSWORD=secret psql -h 127.0.0.1 -U backstage -d postgres -tAc '${sql}'`;
  for (const [i, reference] of Object.keys(LAYOUTS).entries()) {
    const { yaml, name } = manifests(reference);
    node.apply(yaml);
    const [pod] = node.rollOut('StatefulSet', name);
    expect(pod.sh(psql(i === 0 ? 'CREATE TABLE kept AS SELECT 42 AS answer; SELECT 1' : 'SELECT 1'))).toContain('1');
    expect(pod.sh(psql('SELECT answer FROM kept'))).toBe('42');
    expect(pod.exec(['psql', '-h', '127.0.0.1', '-U', 'backstage', '-w', '-c', 'SELECT 1']).code).not.toBe(0);
  }
});
