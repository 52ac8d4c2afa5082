import { Chart, Cron, Duration, Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  AiAssistant, HomeManager, HomeManagerProfile, NixCronJob, NixDeployment, NixEnvironment, NixGarbageCollection, NixGarbageCollectionOptions,
  NixGarbageCollectionProps, NixHome, NixProgram, NixSeedSource, NixStatefulSet, NixStore, PersistentStoreOptions,
} from '../../src';
import { mountAt, only, podSpec, testChart, variable, withoutScriptHash } from '../support/synth';
import { synthError } from '../support/synth-error';

const { READ_WRITE_MANY, READ_WRITE_ONCE_POD } = kplus.PersistentVolumeAccessMode;

/** A workspace and a collection of its garbage. */
function collected(options: NixGarbageCollectionOptions & { readonly schedule?: Cron; readonly timeZone?: string } = {}) {
  const chart = testChart();
  const workspace = new NixDeployment(chart, 'workspace');
  const collection = new NixGarbageCollection(chart, 'gc', { environment: workspace.environment, ...options });
  return { chart, workspace, collection };
}

describe('by a CronJob', () => {
  test('it sees the store, the home and the settings at the places where the workload has them', () => {
    const { chart, workspace } = collected();
    expect(chart).toBeValidKubernetes();
    expect(chart).toBeRestricted();
    const pod = podSpec(chart, 'CronJob');
    const [container] = pod.containers;
    const theirs = podSpec(chart).containers[0];
    for (const path of ['/nix', '/home/code', '/etc/cdk8s-nix']) {
      expect(mountAt(container, path)).toEqual(mountAt(theirs, path));
    }
    expect(mountAt(container, '/home/code')).toEqual({ name: 'nix-store', mountPath: '/home/code', subPath: 'home' });
    expect(pod.volumes).toContainEqual({ name: 'nix-store', persistentVolumeClaim: { claimName: workspace.environment.claim!.name } });
    for (const name of ['HOME', 'USER', 'NIX_CONF_DIR']) {
      expect(variable(container, name)).toBe(variable(theirs, name));
    }
    expect(container.command).toEqual(['sh', '/opt/cdk8s-nix-care/collect-garbage.sh']);
    expect(mountAt(container, '/opt/cdk8s-nix-care')).toEqual({ name: 'nix-care-scripts', mountPath: '/opt/cdk8s-nix-care', readOnly: true });
    expect(withoutScriptHash(only(Testing.synth(chart), 'CronJob').spec)).toMatchSnapshot();
  });

  test('its pods run where the workload is, for that is where a ReadWriteOnce volume can be mounted', () => {
    const { chart } = collected();
    const deployment = only(Testing.synth(chart), 'Deployment');
    const [term] = podSpec(chart, 'CronJob').affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    expect(term.topologyKey).toBe('kubernetes.io/hostname');
    expect(deployment.spec.template.metadata.labels).toMatchObject(term.labelSelector.matchLabels);
    expect(Object.keys(term.labelSelector.matchLabels)).toEqual(['cdk8s-nix/environment']);
  });

  test('the workload may be enabled later, and what the user asked for stays', () => {
    const chart = testChart();
    const environment = new NixEnvironment(chart, 'nix');
    const { cronJob } = new NixGarbageCollection(chart, 'gc', { environment });
    cronJob.scheduling.colocate(kplus.Pods.select(chart, 'Others', { labels: { app: 'other' } }));
    environment.enable(new kplus.Deployment(chart, 'app', { containers: [{ image: 'example/app:1' }] }));
    const terms = podSpec(chart, 'CronJob').affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    // Beside it, one of ours would leave the pod without a node.
    expect(terms).toEqual([expect.objectContaining({ labelSelector: { matchLabels: { app: 'other' } } })]);
  });

  test('nothing holds its pods to a node where the volume is everywhere, or nobody has it mounted', () => {
    const shared = testChart();
    const store = NixStore.persistent({ accessModes: [READ_WRITE_MANY], shared: true });
    const environment = new NixEnvironment(shared, 'nix', { store, home: NixHome.onStoreVolume() });
    environment.enable(new kplus.Deployment(shared, 'app', { containers: [{ image: 'example/app:1' }] }));
    new NixGarbageCollection(shared, 'gc', { environment });
    expect(podSpec(shared, 'CronJob').affinity).toBeUndefined();

    const alone = testChart();
    new NixGarbageCollection(alone, 'gc', { environment: new NixEnvironment(alone, 'nix') });
    expect(podSpec(alone, 'CronJob').affinity).toBeUndefined();
  });

  test('weekly, an hour at most, without overlap, and sparing what came within a day', () => {
    const { chart } = collected();
    const { spec } = only(Testing.synth(chart), 'CronJob');
    expect(spec).toMatchObject({ schedule: '0 0 * * 0', concurrencyPolicy: 'Forbid', startingDeadlineSeconds: 600 });
    expect(spec.jobTemplate.spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 3600 + 900 });
    const [container] = podSpec(chart, 'CronJob').containers;
    expect(variable(container, 'CARE_TIMEOUT')).toBe('3600');
    expect(variable(container, 'GC_KEEP_RECENT')).toBe('86400');
    expect(container.env.filter((entry: { name: string }) => /^(GC|CARE)_/.test(entry.name))).toHaveLength(2);
  });

  test('every option reaches the script', () => {
    const { chart } = collected({
      schedule: Cron.daily(),
      timeZone: 'Europe/Berlin',
      deleteOlderThan: Duration.days(30),
      keepRecent: Duration.hours(2),
      whenFreeBelow: Size.gibibytes(5),
      whenStoreAbove: Size.gibibytes(15),
      optimise: true,
      forgetUnseenRoots: true,
      forgetProgramsAfter: Duration.days(90),
      deadline: Duration.minutes(20),
      resources: { memory: { limit: Size.mebibytes(300) } },
    });
    expect(only(Testing.synth(chart), 'CronJob').spec).toMatchObject({ schedule: '0 0 * * *', timeZone: 'Europe/Berlin' });
    const [container] = podSpec(chart, 'CronJob').containers;
    expect(Object.fromEntries(container.env.map(({ name, value }: { name: string; value: string }) => [name, value]))).toMatchObject({
      CARE_TIMEOUT: '1200',
      GC_OLDER_THAN_DAYS: '30',
      GC_KEEP_RECENT: '7200',
      GC_WHEN_FREE_BELOW_MIB: '5120',
      GC_WHEN_STORE_ABOVE_MIB: '15360',
      GC_OPTIMISE: 'yes',
      GC_FORGET_UNSEEN: 'yes',
      GC_FORGET_PROGRAMS_DAYS: '90',
    });
    expect(container.resources).toEqual({ limits: { memory: '300Mi' } });
  });

  test('programs of its own environment are not forgotten, however long ago its pod has started', () => {
    const chart = testChart();
    const { environment } = new NixDeployment(chart, 'echo', { programs: [NixProgram.flake('github:owner/echo/v1.2.3')] });
    environment.collectGarbage({ forgetProgramsAfter: Duration.days(90) });
    new NixGarbageCollection(chart, 'gc', { environment, forgetProgramsAfter: Duration.days(90) });
    const { initContainers } = podSpec(chart);
    const set = variable(initContainers.find(({ name }: { name: string }) => name === 'seed-nix-store'), 'PROGRAMS_SET');
    expect(set).toBeDefined();
    expect(variable(initContainers.find(({ name }: { name: string }) => name === 'collect-garbage'), 'PROGRAMS_SET')).toBe(set);
    expect(variable(podSpec(chart, 'CronJob').containers[0], 'PROGRAMS_SET')).toBe(set);
  });

  test('its pods activate no home and see no keys', () => {
    const chart = testChart();
    const secret = kplus.Secret.fromSecretName(chart, 'Keys', 'keys');
    const workspace = new NixDeployment(chart, 'workspace', {
      homeManager: HomeManager.profile(HomeManagerProfile.ESSENTIAL),
      assistants: [AiAssistant.claude({ apiKey: kplus.EnvValue.fromSecretValue({ secret, key: 'key' }) })],
    });
    workspace.environment.prefetch({ packages: ['nixpkgs#hello'] });
    new NixGarbageCollection(chart, 'gc', { environment: workspace.environment });
    const pod = podSpec(chart, 'CronJob');
    expect(pod.initContainers.map((container: { name: string }) => container.name)).toEqual(['seed-nix-store']);
    expect(pod.volumes.map((volume: { name: string }) => volume.name)).toEqual(['nix-care-scripts', 'nix-store', 'nix-scripts', 'nix-config', 'nix-tmp']);
    expect(JSON.stringify(pod)).not.toContain('ANTHROPIC');
    expect(JSON.stringify(podSpec(chart))).toContain('ANTHROPIC');
    expect(chart).toBeValidKubernetes({ external: ['Secret/keys'] });
  });

  test('volumes with roots of projects can be mounted', () => {
    const { chart, collection } = collected();
    const claim = kplus.PersistentVolumeClaim.fromClaimName(chart, 'Code', 'code');
    collection.container.mount('/workspace', kplus.Volume.fromPersistentVolumeClaim(chart, 'CodeVolume', claim, { name: 'code' }));
    expect(mountAt(podSpec(chart, 'CronJob').containers[0], '/workspace')).toEqual({ name: 'code', mountPath: '/workspace' });
  });

  test('the image of the shell runs it where the seed image is only mounted', () => {
    const chart = testChart();
    const { environment } = new NixDeployment(chart, 'workspace', { seed: { source: NixSeedSource.imageVolume('example/debian:13') } });
    new NixGarbageCollection(chart, 'gc', { environment });
    expect(podSpec(chart, 'CronJob').containers[0].image).toBe('example/debian:13');
  });
});

describe('at the start of a pod', () => {
  test('after the home is activated and before the init containers of the user, seeing what the workload sees', () => {
    const chart = testChart();
    const workspace = new NixDeployment(chart, 'workspace', {
      store: NixStore.persistent({ accessModes: [READ_WRITE_ONCE_POD] }),
      homeManager: HomeManager.profile(HomeManagerProfile.MINIMAL),
      initContainers: [{ name: 'mine', image: 'example/app:1' }],
    });
    workspace.environment.collectGarbage({ deleteOlderThan: Duration.days(14), whenFreeBelow: Size.gibibytes(2) });
    expect(chart).toBeValidKubernetes();
    expect(chart).toBeRestricted();
    const pod = podSpec(chart);
    expect(pod.initContainers.map((container: { name: string }) => container.name))
      .toEqual(['seed-nix-store', 'activate-home', 'collect-garbage', 'mine']);
    const step = pod.initContainers[2];
    expect(mountAt(step, '/nix')).toEqual(mountAt(pod.containers[0], '/nix'));
    expect(mountAt(step, '/home/code')).toEqual({ name: 'nix-store', mountPath: '/home/code', subPath: 'home' });
    expect(variable(step, 'CARE_ON_FAILURE')).toBe('go-on');
    expect(variable(step, 'CARE_TIMEOUT')).toBe('600');
    expect(variable(step, 'GC_KEEP_RECENT')).toBeUndefined();
    expect(variable(step, 'GC_HOME_IS_NEW')).toBeUndefined();
    expect(variable(step, 'GC_OLDER_THAN_DAYS')).toBe('14');
    expect(withoutScriptHash(step)).toMatchSnapshot();
  });

  test('an ephemeral home holds no roots yet', () => {
    const chart = testChart();
    new NixDeployment(chart, 'workspace', { home: NixHome.ephemeral() }).environment.collectGarbage();
    expect(variable(podSpec(chart).initContainers[1], 'GC_HOME_IS_NEW')).toBe('yes');
  });

  test('a home on a claim of its own holds those of before', () => {
    const chart = testChart();
    const { environment } = new NixDeployment(chart, 'workspace', { home: NixHome.persistent() });
    environment.collectGarbage();
    expect(variable(podSpec(chart).initContainers[1], 'GC_HOME_IS_NEW')).toBeUndefined();
    // A CronJob of the environment mounts that claim too, and sees what is in it.
    new NixGarbageCollection(chart, 'gc', { environment });
    const [container] = podSpec(chart, 'CronJob').containers;
    expect(mountAt(container, '/home/code')).toEqual(mountAt(podSpec(chart).containers[0], '/home/code'));
  });

  test('each replica cares for its own store', () => {
    const chart = testChart();
    new NixStatefulSet(chart, 'workspace', { replicas: 3, home: NixHome.ephemeral(), containers: [{ image: 'example/app:1' }] }).environment.collectGarbage();
    expect(podSpec(chart, 'StatefulSet').initContainers.map((container: { name: string }) => container.name)).toContain('collect-garbage');
    expect(chart).toBeValidKubernetes();
  });

  test('twice is an error', () => {
    const { environment } = new NixDeployment(testChart(), 'workspace');
    environment.collectGarbage();
    expect(() => environment.collectGarbage()).toThrow(/CDK8SNIX0707 test\/workspace\/Nix: collect-garbage is asked for twice/);
  });
});

describe('what is refused', () => {
  type Build = (chart: Chart) => void;
  const cron = (props: Partial<NixGarbageCollectionProps>): Build => chart => {
    new NixGarbageCollection(chart, 'gc', { environment: new NixDeployment(chart, 'workspace').environment, ...props });
  };
  const cronOn = (store: NixStore, home?: NixHome): Build => chart => {
    const environment = new NixEnvironment(chart, 'nix', { store, home });
    environment.enable(new kplus.Deployment(chart, 'app', { containers: [{ image: 'example/app:1' }] }));
    new NixGarbageCollection(chart, 'gc', { environment });
  };
  const startOn = (store: NixStore, home?: NixHome): Build => chart => {
    const environment = new NixEnvironment(chart, 'nix', { store, home });
    environment.enable(new kplus.Deployment(chart, 'app', { containers: [{ image: 'example/app:1' }] }));
    environment.collectGarbage();
  };
  const persistent = (options: PersistentStoreOptions) => NixStore.persistent(options);

  test.each<[string, Build, string, string]>([
    ['a CronJob for a volume of one pod', cronOn(persistent({ accessModes: [READ_WRITE_ONCE_POD] })), 'CDK8SNIX0701 environment: got "test/nix"',
      'The store is ReadWriteOncePod: as long as test/app runs, the pod of the garbage collection would wait for the volume for ever. Use environment.collectGarbage()'],
    ['a CronJob for a store of each pod', cronOn(NixStore.ephemeral()), 'CDK8SNIX0701', 'Each pod has a store of its own'],
    ['a CronJob for an emptyDir', cronOn(NixStore.emptyDir()), 'CDK8SNIX0701', 'Use environment.collectGarbage()'],
    ['a CronJob that would not see the homes', cronOn(persistent({}), NixHome.ephemeral()), 'CDK8SNIX0702 environment.home: got "ephemeral"',
      'packages installed there would look like garbage and be deleted. Use NixHome.onStoreVolume(), or environment.collectGarbage()'],
    ['a CronJob for a shared store, where homes are ephemeral', cronOn(persistent({ accessModes: [READ_WRITE_MANY], shared: true })), 'CDK8SNIX0702', 'onStoreVolume'],
    ['a CronJob for a store of a driver', cronOn(NixStore.csi({ driver: 'nix.csi' })), 'CDK8SNIX0703 environment.store: got "csi"', 'Leave it to the driver'],
    ['another environment on the claim has homes elsewhere', chart => {
      const environment = new NixEnvironment(chart, 'mine', { store: NixStore.existing('claim') });
      new NixEnvironment(chart, 'other', { store: NixStore.existing('claim'), home: NixHome.persistent() });
      new NixGarbageCollection(chart, 'gc', { environment });
    }, 'CDK8SNIX0702 environment.home: got "on a volume of its own"', 'The pods of test/other have homes that are not mounted here'],
    ['another environment on the claim has ephemeral homes', chart => {
      const environment = new NixEnvironment(chart, 'mine', { store: NixStore.existing('claim') });
      new NixEnvironment(chart, 'other', { store: NixStore.existing('claim'), home: NixHome.ephemeral() });
      new NixGarbageCollection(chart, 'gc', { environment });
    }, 'CDK8SNIX0702', 'The pods of test/other have homes'],
    ['at the start of a store that begins anew', startOn(NixStore.emptyDir()), 'CDK8SNIX0706', 'Leave it out, or use NixStore.persistent()'],
    ['at the start, with a store of a driver', startOn(NixStore.csi({ driver: 'nix.csi' })), 'CDK8SNIX0703', 'Leave it to the driver'],
    ['at the start of one of several pods with ephemeral homes', startOn(persistent({ accessModes: [READ_WRITE_MANY], shared: true })), 'CDK8SNIX0702', 'onStoreVolume'],
    ['at the start, when another workload of the node has an ephemeral home', chart => {
      const environment = new NixEnvironment(chart, 'nix', { home: NixHome.ephemeral() });
      environment.enable(new kplus.Deployment(chart, 'app', { containers: [{ image: 'example/app:1' }] }));
      environment.enable(new kplus.Deployment(chart, 'app2', { containers: [{ image: 'example/app:1' }] }));
      environment.collectGarbage();
    }, 'CDK8SNIX0702', 'onStoreVolume'],
    ['half a day', cron({ deleteOlderThan: Duration.hours(12) }), 'CDK8SNIX0704 deleteOlderThan: got "12 hours"', 'Duration.days(30)'],
    ['half a day without a start', cron({ forgetProgramsAfter: Duration.hours(12) }), 'CDK8SNIX0704 forgetProgramsAfter: got "12 hours"', 'Duration.days(30)'],
    ['no day', cron({ deleteOlderThan: Duration.days(0) }), 'CDK8SNIX0704 deleteOlderThan', 'one at least'],
    ['half a second', cron({ deadline: Duration.millis(500) }), 'CDK8SNIX0704 deadline', 'Duration.minutes(30)'],
    ['no time at all', cron({ deadline: Duration.seconds(0) }), 'CDK8SNIX0704 deadline', 'one second or more'],
    ['parts of a second', cron({ keepRecent: Duration.millis(1500) }), 'CDK8SNIX0704 keepRecent', 'whole seconds'],
    ['no space', cron({ whenFreeBelow: Size.mebibytes(0) }), 'CDK8SNIX0704 whenFreeBelow: got "0Mi"', 'Size.gibibytes(2)'],
    ['parts of a MiB', cron({ whenStoreAbove: Size.kibibytes(1500) }), 'CDK8SNIX0704 whenStoreAbove: got "1500Ki"', 'whole MiB'],
  ])('%s', (_, build, code, text) => {
    const message = synthError(build);
    expect(message).toContain(code);
    expect(message).toContain(text);
  });

  test('but not a collection for jobs that follow one another on a volume of one pod', () => {
    const chart = testChart();
    const { environment } = new NixCronJob(chart, 'nightly', {
      schedule: Cron.daily(), store: persistent({ accessModes: [READ_WRITE_ONCE_POD] }), containers: [{ image: 'example/app:1' }],
    });
    new NixGarbageCollection(chart, 'gc', { environment });
    expect(Testing.synth(chart).filter(object => object.kind === 'CronJob')).toHaveLength(2);
  });
});
