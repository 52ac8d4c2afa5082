import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { ApiObject, Chart, Cron, Include, JsonPatch, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixEnvironment, NixStore } from '../../src';
import { synthErrorOf } from '../support/synth-error';

const LABELS = { app: 'theirs' };
const MAIN = { name: 'main', image: 'example/app:1' };
const METADATA = { name: 'theirs' };

const deployment = (pod: any = {}, spec: any = {}): any => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: METADATA,
  spec: { selector: { matchLabels: LABELS }, template: { metadata: { labels: LABELS }, spec: { containers: [MAIN], ...pod } }, ...spec },
});
const statefulSet = (spec: any): any => ({ ...deployment({}, { serviceName: 'theirs', ...spec }), kind: 'StatefulSet' });
const cronJob = (concurrencyPolicy: unknown): any => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: METADATA,
  spec: { schedule: '0 0 * * *', concurrencyPolicy, jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [MAIN] } } } } },
});
const ofMain = (more: any): any => deployment({ containers: [{ ...MAIN, ...more }] });
const bare = (restartPolicy: unknown): any => ({ apiVersion: 'v1', kind: 'Pod', metadata: METADATA, spec: { restartPolicy, containers: [MAIN] } });

const refusal = (manifest: any): string =>
  synthErrorOf(chart => new NixEnvironment(chart, 'nix', { store: NixStore.emptyDir() }).enable(new ApiObject(chart, 'theirs', manifest)));

/** What a message says should be written instead. */
function remedyIn(message: string): any {
  const [, word] = /Write (?:one of them, )?(\[.*?\]|\w+)/.exec(message)!;
  return word.startsWith('[') ? JSON.parse(word) : word;
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const nodes = (operator: unknown): any => ({ affinity: { nodeAffinity: { [REQUIRED]: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator }] }] } } } });
const pods = (operator: unknown): any =>
  ({ affinity: { podAntiAffinity: { [REQUIRED]: [{ topologyKey: 'zone', labelSelector: { matchExpressions: [{ key: 'app', operator }] } }] } } });
const claim = (spec: any): any => ({ metadata: { name: 'data' }, spec: { resources: { requests: { storage: '1Gi' } }, ...spec } });

describe('a word that Kubernetes does not know is told, and what is to be written instead is one', () => {
  test.each<[string, unknown, (value: any) => any, string]>([
    ['concurrencyPolicy', 'forbid', cronJob, 'It is Allow, Forbid or Replace. Write Forbid.'],
    ['concurrencyPolicy', 'Forbids', cronJob, 'Write Forbid.'],
    ['concurrencyPolicy', 'never', cronJob, 'Write one of them, Allow for example.'],
    ['concurrencyPolicy', true, cronJob, 'got true.'],
    ['imagePullPolicy', 'If${NOT}Present', value => ofMain({ imagePullPolicy: value }), 'Write IfNotPresent.'],
    ['imagePullPolicy', '${}', value => ofMain({ imagePullPolicy: value }), 'Write one of them, Always for example.'],
    ['imagePullPolicy', 'ifNotPresent', value => ofMain({ imagePullPolicy: value }), 'Write IfNotPresent.'],
    ['imagePullPolicy', 'IF_NOT_PRESENT', value => ofMain({ imagePullPolicy: value }), 'Write IfNotPresent.'],
    ['protocol', 'tcp', value => ofMain({ ports: [{ containerPort: 80, protocol: value }] }), 'Write TCP.'],
    ['type', 'runtime/default', value => ofMain({ securityContext: { seccompProfile: { type: value } } }), 'Write RuntimeDefault.'],
    ['type', 'runtimeDefault', value => deployment({ securityContext: { seccompProfile: { type: value } } }), 'Write RuntimeDefault.'],
    ['restartPolicy', 'always', value => deployment({ initContainers: [{ name: 'proxy', image: 'example/proxy:1', restartPolicy: value }] }), 'Write Always.'],
    ['whenUnsatisfiable', 'ScheduleAnyways', value => deployment({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: value }] }), 'Write ScheduleAnyway.'],
    ['operator', 'in', value => deployment(nodes(value)), 'Write In.'],
    ['operator', 'exists', value => deployment(pods(value)), 'Write Exists.'],
    ['whenDeleted', 'retain', value => statefulSet({ persistentVolumeClaimRetentionPolicy: { whenDeleted: value } }), 'Write Retain.'],
    ['accessModes', ['RWO'], value => statefulSet({ volumeClaimTemplates: [claim({ accessModes: value })] }), 'Write ["ReadWriteOnce"].'],
    ['accessModes', 'ReadWriteOnce', value => statefulSet({ volumeClaimTemplates: [claim({ accessModes: value })] }), 'Write ["ReadWriteOnce"].'],
    ['volumeMode', 'filesystem', value => deployment({ volumes: [{ name: 'data', ephemeral: { volumeClaimTemplate: claim({ accessModes: ['ReadWriteOnce'], volumeMode: value }) } }] }),
      'Write Filesystem.'],
  ])('%s: %p', (field, value, manifest, message) => {
    const refused = refusal(manifest(value));
    expect(refused).toMatch(new RegExp(`\\[test/theirs\\] CDK8SNIX0520 \\S+\\.${field}: got `));
    expect(refused).toContain(message);
    expect(refused.match(/CDK8SNIX/g)).toHaveLength(1);
    expect(refusal(manifest(remedyIn(refused)))).toBe('');
  });

  test('restartPolicy of a Pod', () => {
    const refused = refusal(bare('always'));
    expect(refused).toContain('CDK8SNIX0508 restartPolicy: got "always". It is Always, OnFailure or Never. Write Always.');
    expect(refusal(bare(remedyIn(refused)))).toBe('');
    expect(refusal(bare(undefined))).toBe('');
  });

  test.each<[string, any]>([
    ['an empty policy, as charts write it that leave it to Kubernetes', ofMain({ imagePullPolicy: '', ports: [{ containerPort: 80, protocol: '' }] })],
    ['one of a CronJob', cronJob('')],
    ['one of a Pod', bare('')],
    ['one of a Deployment', deployment({ restartPolicy: '' }, { strategy: { type: '' } })],
    ['the type of a strategy with numbers', deployment({}, { strategy: { type: '', rollingUpdate: { maxUnavailable: 1 } } })],
    ['the type of a StatefulSet\'s', statefulSet({ updateStrategy: { type: '' } })],
    ['ports without names', ofMain({ ports: [{ name: '', containerPort: 80 }, { name: '', containerPort: 81 }] })],
    ['what Flux replaces', ofMain({ imagePullPolicy: '${POLICY:=Always}', ports: [{ containerPort: 80, protocol: '${PROTOCOL}' }] })],
    ['nothing', ofMain({ imagePullPolicy: null, securityContext: { seccompProfile: null } })],
  ])('but for %s', (_, manifest) => {
    expect(refusal(manifest)).toBe('');
  });
});

describe('on a claim for one node an empty text asks for nothing, and what suits the claim is written', () => {
  const specOf = (manifest: any): any => {
    const chart = Testing.chart();
    new NixEnvironment(chart, 'nix').enable(new ApiObject(chart, 'theirs', manifest));
    return Testing.synth(chart).find(({ kind }) => kind === manifest.kind).spec;
  };

  test('a strategy', () => {
    expect(specOf(deployment({}, { strategy: { type: '', rollingUpdate: null } })).strategy).toEqual({ type: 'Recreate' });
  });

  test('a concurrencyPolicy', () => {
    expect(specOf(cronJob('')).concurrencyPolicy).toBe('Forbid');
  });

  test('but numbers of pods ask for a rolling update', () => {
    expect(() => specOf(deployment({}, { strategy: { type: '', rollingUpdate: { maxSurge: 1 } } }))).toThrow('CDK8SNIX0207');
    expect(specOf(deployment({}, { strategy: { type: '', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } })).strategy.type).toBe('');
  });
});

describe('whatever it comes by', () => {
  const nix = (chart: Chart): NixEnvironment => new NixEnvironment(chart, 'nix');

  test.each<[string, (chart: Chart) => void]>([
    ['an imported class', chart => nix(chart).enable(new kplus.k8s.KubeCronJob(chart, 'theirs', { metadata: METADATA, spec: cronJob('forbid').spec }))],
    ['a file', chart => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'known-words-'));
      fs.writeFileSync(path.join(folder, 'theirs.json'), JSON.stringify(cronJob('forbid')));
      nix(chart).enable(new Include(chart, 'theirs', { url: path.join(folder, 'theirs.json') }));
      fs.rmSync(folder, { recursive: true });
    }],
    ['a List', chart => nix(chart).enable(new ApiObject(chart, 'theirs', { apiVersion: 'v1', kind: 'List', items: [cronJob('forbid')] }))],
    ['a patch', chart => {
      const theirs = new ApiObject(chart, 'theirs', cronJob('Forbid'));
      nix(chart).enable(theirs);
      theirs.addJsonPatch(JsonPatch.replace('/spec/concurrencyPolicy', 'forbid'));
    }],
    ['a patch of cdk8s-plus', chart => {
      const theirs = new kplus.CronJob(chart, 'theirs', { schedule: Cron.daily(), containers: [{ image: 'example/app:1' }] });
      nix(chart).enable(theirs);
      ApiObject.of(theirs).addJsonPatch(JsonPatch.replace('/spec/concurrencyPolicy', 'forbid'));
    }],
  ])('%s', (_, build) => {
    expect(synthErrorOf(build)).toMatch(/CDK8SNIX0520 \S*\.spec\.concurrencyPolicy: got "forbid"\. It is Allow, Forbid or Replace\. Write Forbid\./);
  });
});

describe('what only a patch makes something that Kubernetes does not read', () => {
  const POD = '/spec/template/spec';
  const patched = (...patches: JsonPatch[]): string => synthErrorOf(chart => {
    const theirs = new ApiObject(chart, 'theirs', deployment());
    new NixEnvironment(chart, 'nix').enable(theirs);
    theirs.addJsonPatch(...patches);
  });

  test.each<[string, JsonPatch, string]>([
    ['an affinity that is text', JsonPatch.add(`${POD}/affinity`, 'x'), '.spec.template.spec.affinity: got "x". It is an object, with fields.'],
    ['terms that are no list', JsonPatch.add(`${POD}/affinity`, { nodeAffinity: { [REQUIRED]: [] } }),
      `.affinity.nodeAffinity.${REQUIRED}: got []. It is an object`],
    ['terms that are texts', JsonPatch.add(`${POD}/affinity`, { podAntiAffinity: { [REQUIRED]: ['x'] } }), `.affinity.podAntiAffinity.${REQUIRED}: got ["x"]. It is a list of objects.`],
    ['an operator', JsonPatch.add(`${POD}/affinity`, nodes('in').affinity), 'operator: got "in". It is In, NotIn, Exists, DoesNotExist, Gt or Lt. Write In.'],
    ['a node that is a number', JsonPatch.add(`${POD}/nodeName`, 5), '.spec.template.spec.nodeName: got 5. It is text. Put it in quotes: "5".'],
    ['a command that is one text', JsonPatch.add(`${POD}/containers/0/command`, 'serve'), '.containers[0].command: got "serve". It is a list of texts.'],
  ])('%s', (_, patch, message) => {
    const refused = patched(patch);
    expect(refused).toContain('[test/theirs] CDK8SNIX0520 ');
    expect(refused).toContain(message);
    expect(refused.match(/CDK8SNIX0520/g)).toHaveLength(1);
  });

  test('and what it says should be there is fine', () => {
    expect(patched(JsonPatch.add(`${POD}/nodeName`, '5'), JsonPatch.add(`${POD}/affinity`, nodes('Exists').affinity), JsonPatch.add(`${POD}/containers/0/command`, ['serve']))).toBe('');
    // Only the last counts.
    expect(patched(JsonPatch.add(`${POD}/affinity`, 'x'), JsonPatch.replace(`${POD}/affinity`, {}))).toBe('');
  });
});
