import { App, Chart, Size, Testing, Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import * as fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { NixDeployment, NixDeploymentProps, NixHome, NixImage, NixStore, NixUser, PodSecurity } from '../src';
import { filesOf } from './support/synth';

/**
 * Whatever strings go in: either synth refuses them with a code, or what comes out is valid, restricted, and parses back to
 * the same objects. Nothing in between.
 *
 * The seed is fixed, so that a failure comes from the change that is tested. To look for more:
 * `PROPERTY_SEED=$RANDOM PROPERTY_RUNS=5000 npx jest test/properties.test.ts`
 */
const { PROPERTY_SEED = '20261125', PROPERTY_RUNS = '150' } = process.env;
const parameters = { seed: Number(PROPERTY_SEED), numRuns: Number(PROPERTY_RUNS) };

/** Ours, or what constructs itself says of ids it cannot have (`__proto__` is always taken). */
const REFUSAL = /CDK8SNIX\d{4} |Only root constructs may have an empty ID|There is already a Construct with name '\w+' in /;

/** What breaks YAML, shells, variable expansion and names. */
const NASTY = [
  '', ' ', '\n', 'a\nb: c', '"', "'", '`id`', '$(id)', '$(HOME)', '$$', '${HOME}', '\\', 'yes', 'no', 'null', '~', '0555', '1e3', '0x10', '-', '---', '- a', ': ',
  '#', '&a', '*a', '!!str x', '%', '@', '|', '>', '[a', '{a', 'a, b', '日本語', '🚀', 'é', '\u202e', '\u0000', '\u0007', '\t', '\r\n', '\u2028', '; rm -rf /',
  '../..', '/', '//', 'a'.repeat(64), 'a'.repeat(254), 'A', '-a', 'a-', 'a.b', 'a/b', 'a/b/c', 'x'.repeat(5000), '2026-11-22', 'true', '1.0', '.inf', '=',
];
const nasty = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...NASTY) }, { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) });
/** Mostly fine, so that most inputs get past the checks and reach the YAML. */
const mostly = (fine: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof({ weight: 12, arbitrary: fine }, { weight: 1, arbitrary: nasty });
const word = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/);
const dictionary = (key: fc.Arbitrary<string>, value: fc.Arbitrary<string>) => fc.dictionary(key, value, { maxKeys: 2, noNullPrototype: true });
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 1 });

const input = fc.record({
  chart: mostly(word),
  id: mostly(word),
  namespace: optional(mostly(word)),
  image: optional(mostly(word.map(name => `registry.example.org/${name}:1.0`))),
  container: mostly(word),
  command: fc.array(nasty, { minLength: 1, maxLength: 3 }),
  variables: dictionary(mostly(fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/)), nasty),
  annotations: dictionary(mostly(word), nasty),
  labels: dictionary(mostly(word), mostly(word)),
  mountPath: mostly(word.map(name => `/srv/${name}`)),
  size: fc.integer({ min: 0, max: 4096 }),
  user: optional(fc.record({ uid: fc.integer({ min: -1, max: 2 ** 31 }), name: mostly(word) })),
  prompt: mostly(nasty.filter(text => !/[\r\n\0]/.test(text))),
  line: mostly(word.map(name => `# ${name}`)),
  path: mostly(word.map(name => `/opt/${name}`)),
  ephemeralHome: fc.boolean(),
  port: fc.integer({ min: -1, max: 70000 }),
});
type Input = typeof input extends fc.Arbitrary<infer T> ? T : never;

function build(it: Input): Chart {
  const chart = new Chart(new App({ outdir: Testing.app().outdir }), it.chart, { namespace: it.namespace });
  const volume = kplus.Volume.fromEmptyDir(chart, 'Extra', 'extra');
  const props: NixDeploymentProps = {
    image: it.image === undefined ? undefined : NixImage.of(it.image),
    user: it.user && NixUser.of(it.user),
    store: NixStore.persistent({ size: Size.gibibytes(it.size), labels: it.labels, annotations: it.annotations }),
    home: it.ephemeralHome ? NixHome.ephemeral() : undefined,
    config: { settings: { 'bash-prompt': it.prompt }, extraLines: [it.line] },
    path: [it.path],
    podMetadata: { labels: it.labels, annotations: it.annotations },
    containers: [{
      name: it.container,
      image: 'example/app:1',
      command: it.command,
      envVariables: Object.fromEntries(Object.entries(it.variables).map(([name, value]) => [name, kplus.EnvValue.fromValue(value)])),
      volumeMounts: [{ path: it.mountPath, volume }],
      ports: [{ number: it.port }],
    }],
  };
  new NixDeployment(chart, it.id, props);
  return chart;
}

test('what is accepted is valid, restricted, and parses back to the same objects', () => {
  let accepted = 0;
  fc.assert(fc.property(input, it => {
    let chart: Chart;
    let manifests: any[];
    try {
      chart = build(it);
      manifests = Testing.synth(chart);
    } catch (error) {
      expect((error as Error).message).toMatch(REFUSAL);
      return;
    }
    accepted++;
    expect(manifests).toBeValidKubernetes();
    expect(PodSecurity.check(chart)).toEqual([]);
    const parsed = parseAllDocuments(Yaml.stringify(...manifests)).map(document => document.toJS());
    expect(parsed).toEqual(JSON.parse(JSON.stringify(manifests)));
    const [container] = manifests.find(manifest => manifest.kind === 'Deployment').spec.template.spec.containers;
    expect(container.command).toEqual(it.command);
    for (const [name, value] of Object.entries(it.variables)) {
      expect(container.env).toContainEqual(expect.objectContaining({ name, value }));
    }
  }), parameters);
  // Not vacuous: a good part got through.
  expect(accepted).toBeGreaterThan(parameters.numRuns / 5);
});

test('no text of the user becomes part of a script', () => {
  fc.assert(fc.property(input, it => {
    try {
      const marked = { ...it, command: ['true'], prompt: 'plain' };
      const scripts = Testing.synth(build(marked)).filter(manifest => manifest.kind === 'ConfigMap').flatMap(manifest => Object.entries(filesOf(manifest)));
      const shared = scripts.filter(([file]) => file.endsWith('.sh') && file !== 'profile.sh').map(([, content]) => content);
      expect(new Set([...shared, ...PLAIN_SCRIPTS]).size).toBe(PLAIN_SCRIPTS.size);
      const profile = scripts.find(([file]) => file === 'profile.sh')![1];
      // Only folders of plain characters reach the one file that is made of props.
      expect(profile.replace(/\/[A-Za-z0-9._+/-]+/g, 'F')).toMatch(/^[\x20-\x7e\n]*$/);
    } catch (error) {
      expect((error as Error).message).not.toContain('expect(');
    }
  }), parameters);
});

const PLAIN_SCRIPTS: ReadonlySet<string> = new Set((() => {
  const chart = Testing.chart();
  new NixDeployment(chart, 'plain');
  return Testing.synth(chart).filter(manifest => manifest.kind === 'ConfigMap')
    .flatMap(manifest => Object.entries(filesOf(manifest))).filter(([file]) => file.endsWith('.sh') && file !== 'profile.sh').map(([, content]) => content);
})());
