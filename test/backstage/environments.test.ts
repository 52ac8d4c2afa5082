import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { App, Lazy, Size, Testing, Yaml } from 'cdk8s';
import { Applications } from '../../examples/backstage/applications';
import { portals } from '../../examples/backstage/portals';
import { BackstageEnvironments, BackstageImages, BackstagePortalOptions, BackstagePreset, NixImage } from '../../src';
import { only, testChart, withoutScriptHash } from '../support/synth';
import { appConfig, existing } from './support/portal';

const IMAGES = join(__dirname, '..', '..', 'examples', 'backstage', 'images.json');
const NAMES = ['development', 'staging', 'production'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cdk8s-nix-images-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function imagesFile(content: unknown): string {
  const file = join(folder, 'images.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

/** The manifests of the example by environment. */
function synthesize(images: string = IMAGES): Map<string, any[]> {
  const environments = portals(Testing.app(), images);
  return new Map(environments.names.map(name => [name, Testing.synth(environments.chart(name))]));
}

describe('examples/backstage', () => {
  const all = synthesize();
  const container = (name: string): any => only(all.get(name)!, 'Deployment').spec.template.spec.containers[0];

  test('has three environments, each valid, restricted and in its own namespace', () => {
    expect([...all.keys()]).toEqual(NAMES);
    for (const [name, manifests] of all) {
      expect(manifests).toBeValidKubernetes({ external: ['*'] });
      expect(manifests).toBeRestricted();
      expect(only(manifests, 'Deployment').metadata.namespace).toBe(name);
    }
  });

  test('which differ in image, preset, host and database', () => {
    const of = (read: (manifests: any[], name: string) => unknown) => NAMES.map(name => read(all.get(name)!, name));
    expect(of((_, name) => container(name).image)).toEqual(['1.2.0-rc.3', '1.1.0', '1.0.0'].map(tag => `registry.example.org/team/portal:${tag}`));
    expect(of((_, name) => container(name).resources.requests.memory)).toEqual(['512Mi', '512Mi', '1024Mi']);
    expect(of(manifests => only(manifests, 'Ingress').spec.rules[0].host)).toEqual(['portal.dev.example.org', 'portal.staging.example.org', 'portal.example.org']);
    expect(of(manifests => manifests.some(m => m.kind === 'StatefulSet'))).toEqual([true, false, false]);
  });

  test('and share the rest of the configuration', () => {
    const config = appConfig(all.get('development')!);
    expect(config.app.title).toBe('Portal (development)');
    expect(config.integrations).toEqual(appConfig(all.get('production')!).integrations);
  });

  test.each(NAMES)('%s is as it was', name => {
    const manifests = all.get(name)!.filter(m => !/nix-(scripts|home-manager)-/.test(m.metadata.name));
    const stable = JSON.stringify(manifests.map(withoutScriptHash)).replace(/nix-home-manager-[0-9a-f]{12}/g, 'nix-home-manager-(hash)');
    expect(JSON.parse(stable)).toMatchSnapshot();
  });

  test('is applied by an Argo CD Application for each, production by hand', () => {
    const applications = Testing.synth(new Applications(Testing.app(), 'applications', NAMES));
    const seen = applications.map(({ spec: { destination, source, syncPolicy } }: any) =>
      [destination.namespace, source.directory.include, syncPolicy.automated !== undefined]);
    expect(seen).toEqual([
      ['development', 'development.k8s.yaml', true], ['staging', 'staging.k8s.yaml', true], ['production', 'production.k8s.yaml', false],
    ]);
    expect(applications[0].spec.ignoreDifferences).toContainEqual(expect.objectContaining({ kind: 'PersistentVolumeClaim' }));
  });

  test('writes the files that the Applications name', () => {
    const app = Testing.app();
    portals(app, IMAGES);
    app.synth();
    expect(readFileSync(join(app.outdir, 'production.k8s.yaml'), 'utf-8')).toContain('registry.example.org/team/portal:1.0.0');
  });
});

test('a promotion changes lines with images only', () => {
  const before = { development: 'registry.example.org/portal:3', staging: 'registry.example.org/portal:2', production: 'registry.example.org/portal:1' };
  const lines = (images: object) => Yaml.stringify(...synthesize(imagesFile(images)).get('production')!).split('\n');
  const [old, promoted] = [lines(before), lines({ ...before, production: before.staging })];
  expect(promoted).toHaveLength(old.length);
  const changed = old.flatMap((line, i) => line === promoted[i] ? [] : [[line, promoted[i]]]);
  expect(changed.length).toBeGreaterThan(1);
  for (const [was, is] of changed) {
    expect(is).toBe(was.replace('registry.example.org/portal:1', 'registry.example.org/portal:2'));
    expect(was).toMatch(/^ +-? ?(image|value): registry\.example\.org\/portal:1$/);
  }
});

describe('images by environment', () => {
  const DIGEST = `sha256:${'0'.repeat(64)}`;
  const images = (content: unknown, backstageNix?: boolean) => BackstageImages.fromFile(imagesFile(content), { backstageNix });

  test('are read as text and by their parts', () => {
    const read = images({ a: 'example.org/portal:1', b: { image: 'example.org/portal', tag: '2', digest: DIGEST, promotedBy: 'somebody' } });
    expect(read.environments).toEqual(['a', 'b']);
    expect([read.image('a').reference, read.image('b').reference]).toEqual(['example.org/portal:1', `example.org/portal:2@${DIGEST}`]);
    expect(read.image('a').kind).toBe(NixImage.of('x:1').kind);
  });

  test('are read from a file that begins with a mark of its encoding', () => {
    expect(images('\uFEFF{ "a": "example.org/portal:1" }').image('a').reference).toBe('example.org/portal:1');
  });

  test('are builds of images/backstage-nix where that is said', () => {
    expect(images({ a: 'example.org/portal:1' }, true).image('a').kind).toBe(NixImage.backstageNix({ repository: 'x' }).kind);
  });

  test.each<[string, unknown, string]>([
    ['no JSON', '{', 'It cannot be read as JSON'],
    ['a list', [], 'It holds no object'],
    ['a number', { a: 1 }, 'The entry "a" is no image'],
    ['a tag that is a number', { a: { image: 'x', tag: 1 } }, 'The entry "a" is no image'],
    ['a mistyped digest', { a: { image: 'x', tag: '1', digset: DIGEST } }, 'The entry "a" has "digset". Did you mean "digest"?'],
    ['a tag in upper case', { a: { image: 'x', Tag: '1' } }, 'The entry "a" has "Tag". Did you mean "tag"?'],
  ])('refused: %s', (_, content, why) => {
    expect(() => images(content)).toThrow(`CDK8SNIX0911 images: got "${join(folder, 'images.json')}". ${why}`);
  });

  test('refused: no such file, no such environment', () => {
    expect(() => BackstageImages.fromFile(join(folder, 'none.json'))).toThrow('CDK8SNIX0911 images: got');
    expect(() => images({ a: 'x:1', b: 'x:2' }).image('c')).toThrow('It has no image for "c", only for: a, b. Write for example');
  });
});

describe('environments', () => {
  const build = (
    environments: string[], baseUrl: (name: string) => string = name => `https://${name}.example.org`, common: BackstagePortalOptions = {}, own: BackstagePortalOptions = {},
  ) => {
    const chart = testChart();
    const props = Object.fromEntries(environments.map(name => [name, { baseUrl: baseUrl(name), database: existing(chart), ...own }]));
    const app = new App({ outdir: Testing.app().outdir });
    const images = BackstageImages.fromFile(imagesFile(Object.fromEntries(environments.map(name => [name, 'example.org/portal:1']))));
    return { app, it: new BackstageEnvironments(app, 'portal', { images, environments: props, portal: { preset: undefined, ...common } }) };
  };

  test('of another name than a preset are as production', () => {
    const { it } = build(['canary']);
    expect(only(Testing.synth(it.chart('canary')), 'PersistentVolumeClaim').spec.resources.requests.storage).toBe('40Gi');
    expect(Object.values(BackstagePreset)).not.toContain('canary');
  });

  test('to work in are as development, whatever their name', () => {
    const { it } = build(['ann'], undefined, {}, { development: {} });
    expect(only(Testing.synth(it.chart('ann')), 'PersistentVolumeClaim').spec.resources.requests.storage).toBe('10Gi');
  });

  test('that leave their preset to what is common, or to their name, may say so', () => {
    const size = (common: BackstagePortalOptions) => {
      const { it } = build(['development'], undefined, common, { preset: undefined });
      return only(Testing.synth(it.chart('development')), 'PersistentVolumeClaim').spec.resources.requests.storage;
    };
    expect(size({})).toBe('10Gi');
    expect(size({ preset: BackstagePreset.STAGING })).toBe('20Gi');
  });

  test('are refused where there is none', () => {
    expect(() => build([]).app.synthYaml()).toThrow('CDK8SNIX0912 environments: got {}. There would be no portal. Name at least one.');
  });

  test('of one address are refused', () => {
    expect(() => build(['a', 'b'], () => 'https://portal.example.org').app.synthYaml())
      .toThrow('CDK8SNIX0912 environments.b.baseUrl: got "https://portal.example.org". It is that of a too. Give each environment a host of its own.');
  });

  test('of one address are refused however it is written', () => {
    expect(() => build(['a', 'b'], name => name === 'a' ? 'https://portal.example.org' : 'https://Portal.example.org/').app.synthYaml())
      .toThrow('CDK8SNIX0912 environments.b.baseUrl');
  });

  const lazy = (value: unknown) => Lazy.any({ produce: () => value });
  const COMMON = { app: { title: 'Portal', support: { url: 'https://help.example.org' } }, tools: ['a', 'b'] };

  test.each<[string, any, any]>([
    ['plain', COMMON, { app: { title: 'Own' }, tools: ['c'] }],
    ['Lazy as a whole', lazy(COMMON), lazy({ app: { title: 'Own' }, tools: ['c'] })],
    ['Lazy in parts', { ...COMMON, app: lazy(COMMON.app) }, { app: lazy({ title: lazy('Own') }), tools: lazy(['c']) }],
    ['Lazy on one side', COMMON, { app: lazy({ title: 'Own' }), tools: ['c'] }],
  ])('have the common configuration with their own merged over it: %s', (_, common, own) => {
    const { it } = build(['a'], undefined, { appConfig: common }, { appConfig: own });
    expect(appConfig(Testing.synth(it.chart('a')))).toMatchObject({
      app: { title: 'Own', support: { url: 'https://help.example.org' }, baseUrl: 'https://a.example.org' }, tools: ['c'],
    });
  });

  test('are told of a value in either of the two that no file can hold', () => {
    expect(() => build(['a'], undefined, { appConfig: { app: { size: Size.gibibytes(1) } } }, { appConfig: lazy('text') }).app.synthYaml())
      .toThrow(/0905 appConfig\.app\.size: got "Size"[^]*0905 appConfig: got "text"/);
  });

  test('that are not there are told', () => {
    expect(() => build(['a']).it.portal('b')).toThrow('CDK8SNIX0912 portal: there is no environment "b". Use one of: a.');
  });
});
