import { ApiObject, JsonPatch, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { HomeManager, HomeManagerProfile, NixDeployment, NixEnvironment, NixStore } from '../../src';
import { only, podSpec, testChart } from '../support/synth';
import { synthErrorOf } from '../support/synth-error';

const POD = '/spec/template/spec';
const CONTAINER = { name: 'main', image: 'example/app:1', volumeMounts: [{ name: 'data', mountPath: '/data' }], env: [{ name: 'LOG_LEVEL', value: 'debug' }] };
const RESTRICTED = {
  allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, privileged: false, readOnlyRootFilesystem: true, runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' },
};
const EXTRA = { name: 'extra', emptyDir: {} };

const deployment = (): any => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'theirs' },
  spec: {
    selector: { matchLabels: { app: 'theirs' } },
    template: { metadata: { labels: { app: 'theirs' } }, spec: { containers: [CONTAINER, { name: 'sidecar', image: 'example/app:1' }], volumes: [{ name: 'data', emptyDir: {} }] } },
  },
});

/** A workload with Nix that is patched, by what means it ever came. */
function patched(...patches: JsonPatch[]): string {
  return synthErrorOf(chart => {
    const theirs = new ApiObject(chart, 'theirs', deployment());
    new NixEnvironment(chart, 'nix').enable(theirs, { containers: ['main'] });
    theirs.addJsonPatch(...patches);
  });
}

describe('what a patch takes away with a whole list or object is told', () => {
  test.each<[string, JsonPatch, string, string]>([
    ['volumes', JsonPatch.replace(`${POD}/volumes`, [EXTRA]), `${POD}/volumes: got "replace"`, `volume nix-store, volume nix-scripts, volume nix-config, volume nix-tmp. Add to the list instead: JsonPatch.add("${POD}/volumes/-", …).`],
    ['volumes, by add', JsonPatch.add(`${POD}/volumes`, [EXTRA]), `${POD}/volumes: got "add"`, 'JsonPatch.add('],
    ['all init containers', JsonPatch.remove(`${POD}/initContainers`), `${POD}/initContainers: got "remove"`, 'and 13 more. Leave the patch out: nothing in the list is yours.'],
    ['all volumes', JsonPatch.remove(`${POD}/volumes`), `${POD}/volumes: got "remove"`, `Remove one by one what is yours: JsonPatch.remove("${POD}/volumes/0").`],
    ['all variables', JsonPatch.remove(`${POD}/containers/0/env`), `${POD}/containers/0/env: got "remove"`, `Remove one by one what is yours: JsonPatch.remove("${POD}/containers/0/env/5").`],
    ['the security context of a container', JsonPatch.add(`${POD}/containers/0/securityContext`, { runAsUser: 5 }), `${POD}/containers/0/securityContext: got "add"`, 'securityContext.allowPrivilegeEscalation of main, securityContext.privileged of main, securityContext.readOnlyRootFilesystem of main, securityContext.runAsNonRoot of main, and 2 more. Patch the fields in it'],
    ['that of what seeds', JsonPatch.remove(`${POD}/initContainers/0/securityContext`), `${POD}/initContainers/0/securityContext: got "remove"`, 'Leave the patch out, or remove the fields in it one by one.'],
    ['its capabilities', JsonPatch.replace(`${POD}/containers/0/securityContext/capabilities`, { add: ['NET_BIND_SERVICE'] }), `${POD}/containers/0/securityContext/capabilities: got "replace"`, 'drop ALL of main. Patch'],
    ['volumes, by a move', JsonPatch.move(`${POD}/volumes`, `${POD}/volumesOfOld`), `${POD}/volumesOfOld: got "move"`, 'volume nix-store'],
    ['variables, by a move', JsonPatch.move(`${POD}/containers/0/env`, `${POD}/containers/0/envOfOld`), `${POD}/containers/0/envOfOld: got "move"`, 'Add a copy of what is yours instead, and leave the rest where it is.'],
    ['the template, by a move', JsonPatch.move('/spec/template', '/spec/templateOfOld'), '/spec/templateOfOld: got "move"', 'volume nix-store'],
    ['mounts', JsonPatch.replace(`${POD}/containers/0/volumeMounts`, []), `${POD}/containers/0/volumeMounts: got "replace"`, 'mount /nix of main'],
    ['variables', JsonPatch.replace(`${POD}/containers/0/env`, CONTAINER.env), `${POD}/containers/0/env: got "replace"`, 'variable HOME of main, variable USER of main, variable PATH of main, variable NIX_CONF_DIR of main, and 1 more.'],
    ['a container', JsonPatch.replace(`${POD}/containers/0`, CONTAINER), `${POD}/containers/0: got "replace"`, 'mount /nix of main'],
    ['what seeds', JsonPatch.replace(`${POD}/initContainers/0`, CONTAINER), `${POD}/initContainers/0: got "replace"`, 'init container seed-nix-store'],
    ['all containers', JsonPatch.replace(`${POD}/containers`, [CONTAINER]), `${POD}/containers: got "replace"`, 'mount /nix of main'],
    ['the security context of the pod', JsonPatch.replace(`${POD}/securityContext`, { runAsUser: 1001 }), `${POD}/securityContext: got "replace"`, 'Patch the fields in it one by one'],
    ['the pod', JsonPatch.replace(POD, deployment().spec.template.spec), `${POD}: got "replace"`, 'and 46 more. Patch the fields in it one by one, and add to lists'],
    ['the template', JsonPatch.replace('/spec/template', deployment().spec.template), '/spec/template: got "replace"', 'volume nix-store'],
    ['all of it', JsonPatch.replace('', deployment()), ': got "replace"', 'volume nix-store'],
  ])('%s', (_, patch, place, words) => {
    const message = patched(patch);
    expect(message).toContain(`[test/theirs] CDK8SNIX0524 ${place}. The JSON patch takes away what the environment has put there:`);
    expect(message).toContain(words);
  });

  test('of one workload in a List, and of one of cdk8s-plus', () => {
    expect(synthErrorOf(chart => {
      const list = new ApiObject(chart, 'theirs', { apiVersion: 'v1', kind: 'List', items: [deployment()] });
      new NixEnvironment(chart, 'nix').enable(list);
      list.addJsonPatch(JsonPatch.replace(`/items/0${POD}/volumes`, [EXTRA]));
    })).toContain(`CDK8SNIX0524 /items/0${POD}/volumes`);
    expect(synthErrorOf(chart => {
      ApiObject.of(new NixDeployment(chart, 'workspace')).addJsonPatch(JsonPatch.replace(`${POD}/volumes`, [EXTRA]));
    })).toContain(`CDK8SNIX0524 ${POD}/volumes`);
  });

  test('of all that is in a List', () => {
    const other = { ...deployment(), metadata: { name: 'other' } };
    const replaced = (...items: unknown[]): string => synthErrorOf(chart => {
      const list = new ApiObject(chart, 'theirs', { apiVersion: 'v1', kind: 'List', items: [deployment(), other] });
      new NixEnvironment(chart, 'nix', { store: NixStore.emptyDir() }).enable(list);
      list.addJsonPatch(JsonPatch.replace('/items', items));
    });
    for (const items of [[deployment(), other], [deployment()], [other], []]) {
      expect(replaced(...items)).toContain('CDK8SNIX0524 /items: got "replace". The JSON patch takes away what the environment has put there: volume nix-store');
    }
  });

  describe('of a command, which begins with the variables of the home', () => {
    const START = '"sh", "/etc/cdk8s-nix/session.sh"';
    const withHome = (command: string[] | undefined, ...patches: JsonPatch[]): string => synthErrorOf(chart => {
      const manifest = deployment();
      manifest.spec.template.spec.containers = [{ ...CONTAINER, command }, { name: 'sidecar', image: 'example/app:1' }];
      const theirs = new ApiObject(chart, 'theirs', manifest);
      new NixEnvironment(chart, 'nix', { homeManager: HomeManager.profile(HomeManagerProfile.MINIMAL) }).enable(theirs, { containers: ['main'] });
      theirs.addJsonPatch(...patches);
    });

    test.each<[string, string[] | undefined, JsonPatch]>([
      ['by replace', ['serve'], JsonPatch.replace(`${POD}/containers/0/command`, ['other'])],
      ['by add', ['serve'], JsonPatch.add(`${POD}/containers/0/command`, ['other'])],
      ['where there was none', undefined, JsonPatch.add(`${POD}/containers/0/command`, ['other'])],
      ['by its first word', ['serve'], JsonPatch.replace(`${POD}/containers/0/command/0`, 'bash')],
    ])('%s', (_, command, patch) => {
      expect(withHome(command, patch)).toContain(`start of the command of main. Begin the command with what the environment sets first: ${START}.`);
    });

    test.each<[string, string[] | undefined, JsonPatch]>([
      ['which begins so', ['serve'], JsonPatch.replace(`${POD}/containers/0/command`, [...JSON.parse(`[${START}]`), 'other'])],
      ['of what comes after that', ['serve'], JsonPatch.replace(`${POD}/containers/0/command/2`, 'other')],
      ['which leaves it to the image', ['serve'], JsonPatch.remove(`${POD}/containers/0/command`)],
      ['of a container without Nix', ['serve'], JsonPatch.add(`${POD}/containers/1/command`, ['other'])],
    ])('but not %s', (_, command, patch) => {
      expect(withHome(command, patch)).toBe('');
    });
  });

  test('beside what else is wrong', () => {
    expect(synthErrorOf(chart => {
      const workload = new kplus.Deployment(chart, 'theirs', { replicas: 2, containers: [{ image: 'example/app:1' }] });
      new NixEnvironment(chart, 'nix').enable(workload);
      ApiObject.of(workload).addJsonPatch(JsonPatch.replace(`${POD}/volumes`, []));
    })).toMatch(/CDK8SNIX0524[^]*CDK8SNIX0206/);
  });
});

describe('a patch holds', () => {
  const store = { name: 'nix-store', emptyDir: {} };

  test.each<[string, JsonPatch[]]>([
    ['which adds to a list', [JsonPatch.add(`${POD}/volumes/-`, EXTRA), JsonPatch.add(`${POD}/containers/0/env/0`, { name: 'TZ', value: 'UTC' })]],
    ['which removes something by itself', [JsonPatch.remove(`${POD}/initContainers/0`), JsonPatch.remove(`${POD}/securityContext/fsGroup`)]],
    ['which sets one volume anew', [JsonPatch.replace(`${POD}/volumes/1`, store)]],
    ['whose list has ours too', [JsonPatch.replace(`${POD}/volumes`, ['data', 'nix-store', 'nix-scripts', 'nix-config', 'nix-tmp'].map(name => ({ name, emptyDir: {} })))]],
    ['of a container that uses no Nix, and is as restricted', [JsonPatch.replace(`${POD}/containers/1`, {
      name: 'sidecar', image: 'example/app:2', volumeMounts: [{ name: 'nix-tmp', mountPath: '/tmp' }], securityContext: RESTRICTED,
    })]],
    ['of something else', [JsonPatch.add('/spec/replicas', 1), JsonPatch.add(`${POD}/affinity`, {})]],
  ])('%s', (_, patches) => {
    expect(patched(...patches)).toBe('');
  });
});

test.each<[string, JsonPatch]>([
  ['labels', JsonPatch.replace('/spec/template/metadata/labels', { app: 'theirs', team: 'tools' })],
  ['metadata', JsonPatch.add('/spec/template/metadata', { labels: { app: 'theirs', team: 'tools' } })],
])('%s that a patch sets anew have ours too: policies find the pods by them, and a change of nix.conf rolls them', (_, patch) => {
  const chart = testChart();
  const theirs = new ApiObject(chart, 'theirs', deployment());
  const environment = new NixEnvironment(chart, 'nix', { store: NixStore.emptyDir() });
  environment.enable(theirs);
  const policy = environment.restrictNetwork();
  theirs.addJsonPatch(patch);
  const manifests = Testing.synth(chart);
  const { labels, annotations } = only(manifests, 'Deployment').spec.template.metadata;
  expect(labels).toMatchObject({ team: 'tools', ...only(manifests, policy.kind).spec.podSelector.matchLabels });
  expect(Object.keys(annotations)).toContain('cdk8s-nix/config-checksum');
  // What is removed by itself is meant.
  theirs.addJsonPatch(JsonPatch.remove('/spec/template/metadata/labels/team'));
  expect(only(Testing.synth(chart), 'Deployment').spec.template.metadata.labels).not.toHaveProperty('team');
  expect(podSpec(chart).initContainers).toHaveLength(1);
});
