import { App, Chart, Duration, Lazy, ResolutionContext, Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { BackstageNixProps, BackstagePreset } from '../../src';
import { ERROR_CODES } from '../../src/base/error-code';
import { only, testChart } from '../support/synth';
import { synthError } from '../support/synth-error';
import { appConfig, portal, secretOf } from './support/portal';

/** The configuration that comes of this. */
function config(extra: { [key: string]: any }, without?: string[]): any {
  const chart = testChart('portal');
  portal(chart, { preset: BackstagePreset.STAGING, appConfig: extra, appConfigWithout: without });
  return appConfig(Testing.synth(chart));
}

test.each<[string, { [key: string]: any }, string, string]>([
  ['another port', { listen: { port: 9000 } }, 'CDK8SNIX0914 appConfig.backend.listen.port: got 9000', 'container.portNumber: 9000'],
  ['another port, as text', { listen: ':9000' }, 'CDK8SNIX0914 appConfig.backend.listen.port: got "9000"', 'container.portNumber: 9000'],
  ['an address that no probe reaches', { listen: { host: '127.0.0.1' } }, 'CDK8SNIX0914 appConfig.backend.listen.host: got "127.0.0.1"', 'Leave it out'],
  ['TLS that no probe speaks', { https: true }, 'CDK8SNIX0914 appConfig.backend.https: got true', 'probes.scheme: kplus.ConnectionScheme.HTTPS'],
  ['TLS by a certificate', { https: { certificate: { key: { $file: '/tls/tls.key' }, cert: { $file: '/tls/tls.crt' } } } },
    'CDK8SNIX0914 appConfig.backend.https: got "(not shown)"', 'TLS to end at the Ingress'],
  ['a certificate that is not checked', { database: { connection: { ssl: { rejectUnauthorized: false } } } },
    'CDK8SNIX0902 appConfig.backend.database.connection.ssl', 'database.caBundle'],
])('what the portal stands on cannot be undone by %s', (_, backend, what, remedy) => {
  const message = synthError(chart => portal(chart, { appConfig: { backend } }));
  expect(message).toContain(what);
  expect(message).toContain(remedy);
});

describe('a secret in plain text', () => {
  const told = (written: { [key: string]: any }, preset?: BackstagePreset) => synthError(chart => portal(chart, { appConfig: written, preset }));
  const GITHUB = `ghp_${'a'.repeat(36)}`;

  test.each<[string, any, string, string]>([
    ['by its name', { auth: { session: { secret: 'hunter2' } } }, 'appConfig.auth.session.secret', '${SECRET}'],
    ['by its name in a list', { auth: { providers: { github: [{ clientSecret: 'hunter2' }] } } }, 'appConfig.auth.providers.github[0].clientSecret', '${CLIENT_SECRET}'],
    ['by what it is', { integrations: { github: [{ host: 'github.com', auth: GITHUB }] } }, 'appConfig.integrations.github[0].auth', '${AUTH}'],
    ['in a URL', { proxy: { endpoints: { '/x': { target: 'https://me:hunter2@example.org' } } } }, 'appConfig.proxy.endpoints./x.target', '${TARGET}'],
    ['in what a Lazy makes', { auth: Lazy.any({ produce: () => ({ password: 'hunter2' }) }) }, 'appConfig.auth.password', '${PASSWORD}'],
  ])('is refused and not shown: %s', (_, written, path, variable) => {
    const message = told(written);
    expect(message).toContain(`CDK8SNIX0905 ${path}: got "(not shown)". It holds a secret`);
    expect(message).toContain(variable);
    expect(message).not.toMatch(/hunter2|ghp_a/);
  });

  test('may be one that everybody knows in development, but no key of somebody', () => {
    const chart = testChart('portal');
    portal(chart, { preset: BackstagePreset.DEVELOPMENT, appConfig: { auth: { session: { secret: 'development' } } } });
    expect(appConfig(Testing.synth(chart)).auth.session.secret).toBe('development');
    expect(told({ integrations: { github: [{ token: GITHUB }] } }, BackstagePreset.DEVELOPMENT)).toContain('CDK8SNIX0905 appConfig.integrations.github[0].token');
  });

  test('is not what a variable or a file holds', () => {
    const auth = { session: { secret: '${SESSION}' }, headers: { Authorization: 'Bearer ${TOKEN}' }, token: 'a-${TOKEN}', password: { $file: '/run/secrets/password' }, tokenUrl: 'https://id.example.org' };
    expect(config({ auth }).auth).toEqual(auth);
  });
});

test.each<[string, (chart: Chart, volume: kplus.Volume) => void]>([
  ['of the pod', (chart, volume) => { portal(chart, { deployment: { volumes: [volume] } }); }],
  ['of the container', (chart, volume) => { portal(chart, { container: { volumeMounts: [{ path: '/data', volume }] } }); }],
  ['of a sidecar', (chart, volume) => { portal(chart, { deployment: { containers: [{ name: 'x', image: 'example/x:1', volumeMounts: [{ path: '/data', volume }] }] } }); }],
  ['of an init container', (chart, volume) => { portal(chart, { deployment: { initContainers: [{ name: 'x', image: 'example/x:1', volumeMounts: [{ path: '/data', volume }] }] } }); }],
  ['added later', (chart, volume) => { portal(chart).deployment.addVolume(volume); }],
])('no other volume has the name of that of the configuration: one %s', (_, build) => {
  expect(synthError(chart => build(chart, kplus.Volume.fromEmptyDir(chart, 'Other', 'backstage-config'))))
    .toContain('CDK8SNIX0504 volumes: got "backstage-config". The volume with the portal\'s configuration has this name. Give yours another name.');
});

test('a portal may listen where it does, and on a port that a variable names', () => {
  expect(config({ backend: { listen: '0.0.0.0:7007' } }).backend.listen).toBe('0.0.0.0:7007');
  expect(config({ backend: { listen: { port: '${PORT}' } } }).backend.listen).toEqual({ port: '${PORT}' });
});

describe('a portal that speaks TLS itself', () => {
  const { HTTPS } = kplus.ConnectionScheme;
  const asked = kplus.Probe.fromCommand(['true']);
  const https = { backend: { https: true } };

  test('is asked by HTTPS', () => {
    const chart = testChart('portal');
    portal(chart, { appConfig: https, probes: { scheme: HTTPS } });
    const [container] = only(Testing.synth(chart), 'Deployment').spec.template.spec.containers;
    expect(['startupProbe', 'readinessProbe', 'livenessProbe'].map(probe => container[probe].httpGet.scheme)).toEqual(['HTTPS', 'HTTPS', 'HTTPS']);
  });

  test.each<[string, Partial<BackstageNixProps>]>([
    ['without probes', { probes: { enabled: false } }],
    ['with probes of its own', { container: { startup: asked, readiness: asked, liveness: asked } }],
    ['under development', { preset: BackstagePreset.DEVELOPMENT, development: {} }],
    ['as a variable says', { appConfig: { backend: { https: '${TLS}' } } }],
  ])('may do so %s', (_, props) => {
    const chart = testChart('portal');
    portal(chart, { appConfig: https, ...props });
    expect(() => Testing.synth(chart)).not.toThrow();
  });

  test('is not one that says it does not', () => {
    expect(synthError(chart => portal(chart, { probes: { scheme: HTTPS }, appConfig: { backend: { https: false } } })))
      .toContain('CDK8SNIX0914 appConfig.backend.https: got false. The probes ask by HTTPS. Leave out probes.scheme.');
  });
});

describe('values of appConfig', () => {
  test('are resolved at synth: Lazy, lists of them, and tokens', () => {
    let title = 'too early';
    const chart = testChart('portal');
    portal(chart, {
      appConfig: {
        app: { title: Lazy.any({ produce: () => title }), support: { items: [Lazy.any({ produce: () => ({ title: 'Help' }) })] } },
        organization: { name: { resolve: () => 'Example' } },
      },
    });
    title = 'Portal';
    expect(appConfig(Testing.synth(chart))).toMatchObject({
      app: { title: 'Portal', support: { items: [{ title: 'Help' }] }, baseUrl: 'https://portal.example.org' },
      organization: { name: 'Example' },
    });
  });

  test('are resolved by the resolvers of the app', () => {
    class Vault {
      public resolve(context: ResolutionContext): void {
        if (context.value === 'vault:title') {
          context.replaceValue('Portal');
        }
      }
    }
    const chart = new Chart(new App({ outdir: Testing.app().outdir, resolvers: [new Vault()] }), 'test', { namespace: 'portal' });
    portal(chart, { appConfig: { app: { title: 'vault:title' } } });
    expect(appConfig(Testing.synth(chart)).app.title).toBe('Portal');
  });

  test('that come late roll the pods', () => {
    const checksum = (title: string) => {
      const chart = testChart('portal');
      portal(chart, { appConfig: { app: { title: Lazy.any({ produce: () => title }) } } });
      return only(Testing.synth(chart), 'Deployment').spec.template.metadata.annotations['cdk8s-nix/backstage-config-checksum'];
    };
    expect(checksum('Portal')).toBe(checksum('Portal'));
    expect(checksum('Portal')).not.toBe(checksum('Other'));
  });

  test('that are not there are left out, and null stays null', () => {
    expect(config({ app: { title: undefined, subtitle: null, late: Lazy.any({ produce: () => undefined }) } }).app)
      .toEqual({ baseUrl: 'https://portal.example.org', subtitle: null });
  });

  test('that are not there are left out of lists too, as are their holes', () => {
    // eslint-disable-next-line no-sparse-arrays
    expect(config({ hosts: ['a', undefined, 'b', , Lazy.any({ produce: () => undefined }), null] }).hosts).toEqual(['a', 'b', null]);
  });

  test('may be named like what JavaScript has already, and appear twice', () => {
    const shared = { host: 'github.com' };
    const own = { constructor: 1, integrations: { value: shared, other: shared } };
    expect(config(own)).toMatchObject(own);
  });
});

const itself: { [key: string]: any } = {};
itself.itself = itself;

test.each<[string, (chart: Chart) => { [key: string]: any }, string, string]>([
  ['a Size', () => ({ cache: { size: Size.gibibytes(1) } }), 'appConfig.cache.size: got "Size"', 'instance of a class'],
  ['a Duration in a list', () => ({ catalog: { rules: [1, { every: Duration.minutes(1) }] } }), 'appConfig.catalog.rules[1].every: got "Duration"', 'instance of a class'],
  ['a value of a variable', () => ({ title: kplus.EnvValue.fromValue('x') }), 'appConfig.title: got "EnvValue"', 'instance of a class'],
  ['a Secret', chart => ({ auth: secretOf(chart) }), 'appConfig.auth: got "ImportedSecret"', 'instance of a class'],
  ['a function', () => ({ app: { title: () => 'Portal' } }), 'appConfig.app.title: got "() =>', 'It is a function'],
  ['what a Lazy makes', () => ({ app: Lazy.any({ produce: () => ({ size: Size.gibibytes(1) }) }) }), 'appConfig.app.size: got "Size"', 'instance of a class'],
  ['a symbol', () => ({ app: { title: Symbol('title') } }), 'appConfig.app.title: got "Symbol(title)"', 'It is a symbol'],
  ['a large integer', () => ({ limit: 10n }), 'appConfig.limit: got "10"', 'It is a bigint'],
  ['no number', () => ({ limit: NaN }), 'appConfig.limit: got NaN', 'no number'],
  ['a date', () => ({ since: new Date(0) }), 'appConfig.since: got "Date"', 'instance of a class'],
  ['a circle', () => itself, 'appConfig.itself: got "(circular)"', 'holds itself'],
])('refused: %s', (_, build, what, why) => {
  const message = synthError(chart => portal(chart, { appConfig: build(chart) }));
  expect(message).toContain(`CDK8SNIX0905 ${what}`);
  expect(message).toContain(why);
  expect(message).toContain('as in app-config.yaml');
  expect(ERROR_CODES).toHaveProperty('CDK8SNIX0905');
});

test('refused: a text with a Lazy in it, of which JavaScript makes no text', () => {
  const message = synthError(chart => portal(chart, { appConfig: { app: { title: `Portal of ${Lazy.any({ produce: () => 'Ann' })}` } } }));
  expect(message).toContain('CDK8SNIX0905 appConfig.app.title: got "Portal of [object Object]"');
  expect(message).toContain('Lazy.any({ produce: () => `…` })');
});

test('all values that are refused are named at once', () => {
  const message = synthError(chart => portal(chart, { appConfig: { a: () => 1, b: [Size.gibibytes(1)] } }));
  expect(message).toContain('appConfig.a:');
  expect(message).toContain('appConfig.b[0]:');
});

describe('a default', () => {
  test('is left out where it is asked for, with all below it', () => {
    const { backend } = config({}, ['backend.cors', 'backend.database.connection.ssl']);
    expect(backend.cors).toBeUndefined();
    expect(backend.database.connection).toEqual({ host: 'postgres.databases.svc', port: 5432, user: 'backstage', password: '${POSTGRES_PASSWORD}' });
    expect(backend.listen).toEqual({ port: 7007 });
  });

  test('that is left out can be given anew, as a whole', () => {
    expect(config({ backend: { database: { client: 'better-sqlite3' } } }, ['backend.database']).backend.database).toEqual({ client: 'better-sqlite3' });
  });

  test('that does not exist is no default', () => {
    const message = synthError(chart => portal(chart, { appConfigWithout: ['backend.csp'] }));
    expect(message).toContain('CDK8SNIX0905 appConfigWithout[0]: got "backend.csp"');
    expect(message).toContain('backend.cors.origin');
  });
});
