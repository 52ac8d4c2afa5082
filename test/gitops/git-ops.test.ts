import { ApiObject, Chart, Cron, JsonPatch, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  GitOps, NixConfigProps, NixDeployment, NixEnvironment, NixGarbageCollection, NixStore, NixStorePrefetch, PodSecurityLevel, RestrictedNamespace,
} from '../../src';
import { only, testChart } from '../support/synth';
import { synthError } from '../support/synth-error';

const WAVE = 'argocd.argoproj.io/sync-wave';
const OPTIONS = 'argocd.argoproj.io/sync-options';
const claimOf = (deployment: NixDeployment): ApiObject => ApiObject.of(deployment.environment.claim!);

describe('Argo CD', () => {
  test('claim, workload and all else come in one wave, also what is added after the call', () => {
    const chart = testChart();
    GitOps.argoCd(chart, { syncWave: 2 });
    new NixDeployment(chart, 'workspace');
    const manifests = Testing.synth(chart);
    expect(manifests.map((m: any) => [m.kind, m.metadata.annotations[WAVE]])).toEqual([
      ['PersistentVolumeClaim', '2'], ['ConfigMap', '2'], ['ConfigMap', '2'], ['Deployment', '2'],
    ]);
    expect(manifests).toBeValidKubernetes();
  });

  test('a claim is not pruned, and nothing else is kept', () => {
    const chart = testChart();
    new NixDeployment(chart, 'workspace');
    GitOps.argoCd(chart);
    const manifests = Testing.synth(chart);
    expect(only(manifests, 'PersistentVolumeClaim').metadata.annotations).toEqual({ [OPTIONS]: 'Prune=false,Delete=false' });
    expect(only(manifests, 'Deployment').metadata.annotations).toBeUndefined();
  });

  test('a claim may be given up', () => {
    const chart = testChart();
    new NixDeployment(chart, 'workspace');
    GitOps.argoCd(chart, { keepClaims: false });
    expect(only(Testing.synth(chart), 'PersistentVolumeClaim').metadata.annotations).toBeUndefined();
  });

  test('what an object says itself has precedence', () => {
    const chart = testChart();
    new NixDeployment(chart, 'workspace', { store: NixStore.persistent({ annotations: { [OPTIONS]: 'Prune=confirm' } }) });
    GitOps.argoCd(chart);
    expect(only(Testing.synth(chart), 'PersistentVolumeClaim').metadata.annotations[OPTIONS]).toBe('Prune=confirm');
  });

  test('the differences to ignore are those the cluster makes', () => {
    expect(GitOps.argoCdIgnoreDifferences()).toContainEqual({
      group: '', kind: 'PersistentVolumeClaim', jsonPointers: ['/spec/volumeName', '/spec/storageClassName', '/spec/dataSourceRef'],
    });
  });
});

test('Flux does not prune a claim', () => {
  const chart = testChart();
  new NixDeployment(chart, 'workspace');
  GitOps.flux(chart);
  expect(only(Testing.synth(chart), 'PersistentVolumeClaim').metadata.annotations).toEqual({ 'kustomize.toolkit.fluxcd.io/prune': 'disabled' });
});

test.each<[string, (chart: Chart) => void, string, string]>([
  ['half a wave', chart => GitOps.argoCd(chart, { syncWave: 0.5 }), 'CDK8SNIX1001 syncWave: got 0.5', 'whole number'],
  ['a claim in an earlier wave', chart => {
    claimOf(new NixDeployment(chart, 'workspace')).metadata.addAnnotation(WAVE, '-1');
    GitOps.argoCd(chart);
  }, 'CDK8SNIX1002 PersistentVolumeClaim test-workspace-nix-store-c8a89d03', 'first consumer'],
  ['a claim in a later wave', chart => {
    claimOf(new NixDeployment(chart, 'workspace')).metadata.addAnnotation(WAVE, '1');
    GitOps.argoCd(chart);
  }, 'CDK8SNIX1002', 'cannot start without it'],
  ['a ConfigMap in a later wave', chart => {
    new NixDeployment(chart, 'workspace').environment.config.apiObject.metadata.addAnnotation(WAVE, '3');
    GitOps.argoCd(chart);
  }, 'CDK8SNIX1002 ConfigMap', 'cannot start without it'],
  ['a claim that is replaced', chart => {
    new NixDeployment(chart, 'workspace', { store: NixStore.persistent({ annotations: { [OPTIONS]: 'Replace=true' } }) });
    GitOps.argoCd(chart);
  }, 'CDK8SNIX1003', 'empty volume'],
  ['a claim that is forced', chart => {
    new NixDeployment(chart, 'workspace', { store: NixStore.persistent({ annotations: { 'kustomize.toolkit.fluxcd.io/force': 'Enabled' } }) });
    GitOps.flux(chart);
  }, 'CDK8SNIX1003', 'empty volume'],
  ['a namespace of no version', chart => { new RestrictedNamespace(chart, 'namespace', { version: '1.28' }); }, 'CDK8SNIX1004 version: got "1.28"', 'v1.28'],
  ['a namespace in upper case', chart => { new RestrictedNamespace(chart, 'namespace', { metadata: { name: 'Dev' } }); }, 'CDK8SNIX1004 metadata.name: got "Dev"', 'development'],
])('refused: %s', (_, build, what, why) => {
  const message = synthError(build);
  expect(message).toContain(what);
  expect(message).toContain(why);
});

test('a ConfigMap in an earlier wave is fine', () => {
  const chart = testChart();
  new NixDeployment(chart, 'workspace').environment.config.apiObject.metadata.addAnnotation(WAVE, '-3');
  GitOps.argoCd(chart);
  expect(chart).toBeValidKubernetes();
});

describe('a namespace', () => {
  test('enforces restricted in all three modes', () => {
    const chart = testChart();
    new RestrictedNamespace(chart, 'namespace', { metadata: { name: 'development', labels: { team: 'platform' } }, version: 'v1.28' });
    expect(only(Testing.synth(chart), 'Namespace')).toMatchObject({
      metadata: {
        name: 'development',
        labels: {
          'team': 'platform',
          'pod-security.kubernetes.io/enforce': 'restricted',
          'pod-security.kubernetes.io/enforce-version': 'v1.28',
          'pod-security.kubernetes.io/audit': 'restricted',
          'pod-security.kubernetes.io/warn': 'restricted',
        },
      },
    });
    expect(chart).toBeValidKubernetes();
  });

  test('of another level', () => {
    const chart = testChart();
    new RestrictedNamespace(chart, 'namespace', { level: PodSecurityLevel.BASELINE });
    expect(only(Testing.synth(chart), 'Namespace').metadata.labels['pod-security.kubernetes.io/enforce']).toBe('baseline');
  });
});

describe('a changed prop changes only the lines it must', () => {
  const lines = (config: NixConfigProps, extra?: kplus.EnvValue): string[] => {
    const chart = testChart();
    new NixDeployment(chart, 'workspace', { config, containers: [{ image: 'example/app:1', envVariables: extra ? { EXTRA: extra } : {} }] });
    new NixDeployment(chart, 'other');
    return JSON.stringify(Testing.synth(chart), undefined, 1).split('\n');
  };
  const changed = (a: string[], b: string[]): string[] => b.filter(line => !a.includes(line)).map(line => line.trim());

  test('nix.conf: its text, and the checksum that rolls the pods', () => {
    const difference = changed(lines({ cores: 1 }), lines({ cores: 2 }));
    expect(difference).toHaveLength(2);
    expect(difference[0]).toContain('nix.conf');
    expect(difference[1]).toContain('cdk8s-nix/config-checksum');
  });

  test('a variable of a container: that variable', () => {
    expect(changed(lines({}), lines({}, kplus.EnvValue.fromValue('42')))).toEqual(['"name": "EXTRA",', '"value": "42"']);
  });
});

describe('a workload that names its wave', () => {
  const wavesIn = (build: (chart: Chart) => void): Array<[kind: string, wave: string | undefined]> => {
    const chart = testChart();
    build(chart);
    return Testing.synth(chart).map(({ kind, metadata }) => [kind, metadata.annotations?.[WAVE]]);
  };
  const workspace = (chart: Chart, wave: string, id = 'workspace'): NixDeployment => new NixDeployment(chart, id, { metadata: { annotations: { [WAVE]: wave } } });

  test.each<[string, string, (chart: Chart) => void]>([
    ['without a word to GitOps', '5', () => {}],
    ['before all others', '-1', () => {}],
    ['with GitOps.argoCd', '5', chart => GitOps.argoCd(chart)],
    ['other than that of the rest', '5', chart => GitOps.argoCd(chart, { syncWave: 2 })],
  ])('has its claim and its ConfigMaps in it, which would wait for their first consumer, or be waited for: %s', (_, wave, say) => {
    expect(wavesIn(chart => {
      workspace(chart, wave);
      say(chart);
    })).toEqual([['PersistentVolumeClaim', wave], ['ConfigMap', wave], ['ConfigMap', wave], ['Deployment', wave]]);
  });

  test('by a JSON patch', () => {
    expect(wavesIn(chart => ApiObject.of(new NixDeployment(chart, 'workspace')).addJsonPatch(JsonPatch.add('/metadata/annotations', { [WAVE]: '3' }))))
      .toContainEqual(['PersistentVolumeClaim', '3']);
  });

  test('what several need comes with the first of them, and another synth changes nothing', () => {
    const chart = testChart();
    workspace(chart, '5', 'first');
    workspace(chart, '3', 'second');
    const manifests = Testing.synth(chart);
    expect(manifests.map(({ kind, metadata }) => [kind, metadata.annotations[WAVE]])).toEqual([
      ['PersistentVolumeClaim', '5'], ['ConfigMap', '5'], ['ConfigMap', '3'], ['Deployment', '5'],
      ['PersistentVolumeClaim', '3'], ['ConfigMap', '3'], ['Deployment', '3'],
    ]);
    expect(Testing.synth(chart)).toEqual(manifests);
  });

  test('a CronJob that cares for the store binds no claim at the time of the sync, and a Job does', () => {
    const claimBeside = (care: (environment: NixEnvironment, chart: Chart) => void): unknown => wavesIn(chart => {
      care(workspace(chart, '5').environment, chart);
      GitOps.argoCd(chart);
    }).find(([kind]) => kind === 'PersistentVolumeClaim')![1];
    expect(claimBeside((environment, chart) => new NixGarbageCollection(chart, 'garbage', { environment, schedule: Cron.weekly() }))).toBe('5');
    expect(claimBeside((environment, chart) => new NixStorePrefetch(chart, 'prefetch', { environment, packages: ['nixpkgs#hello'] }))).toBeUndefined();
  });

  test('a hook that runs beside the others has no say in their waves', () => {
    expect(wavesIn(chart => {
      const { environment } = new NixDeployment(chart, 'workspace');
      const prefetch = new NixStorePrefetch(chart, 'prefetch', { environment, packages: ['nixpkgs#hello'] });
      ApiObject.of(prefetch.job).metadata.addAnnotation('argocd.argoproj.io/hook', 'PostSync');
      ApiObject.of(prefetch.job).metadata.addAnnotation(WAVE, '-3');
    })).toContainEqual(['PersistentVolumeClaim', undefined]);
  });

  test('what a claim says itself is its own, and told where it blocks the sync', () => {
    const build = (chart: Chart): void => {
      claimOf(workspace(chart, '5')).metadata.addAnnotation(WAVE, '1');
      GitOps.argoCd(chart);
    };
    expect(synthError(build)).toContain('CDK8SNIX1002 PersistentVolumeClaim');
  });
});
