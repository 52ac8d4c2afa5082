import { App, Chart, Duration, Yaml } from 'cdk8s';
import { NixDeployment, NixGarbageCollection, NixImage, NixProgram, NixProgramPrefetch } from '../../src';
import { ContainerFailed } from './kubelet/container-failed';
import { Node } from './kubelet/node';
import { Pod } from './kubelet/pod';
import { busyboxImage, seedImage } from '../support/images';

const FLAKE = (version: string) => `{
  outputs = _: { packages.x86_64-linux.default = {
    meta.mainProgram = "serve";
  } // derivation {
    name = "serve-${version}";
    system = "x86_64-linux";
    builder = "/bin/sh";
    args = [ "-euc" ''
      PATH=/nix/var/nix/profiles/default/bin
      mkdir -p $out/bin
      printf '#!/bin/sh\\necho "serve ${version} $*"; trap "exit 0" TERM; while :; do sleep 1; done\\n' >$out/bin/serve
      chmod +x $out/bin/serve; :
    '' ];
  }; };
}`;

// One Deployment through its life: each test goes on where the one before it stopped. There is no network at any time.
describe('a pod that runs a flake', () => {
  const node = new Node({ 'registry.local/nix:1.0.0': seedImage(), 'registry.local/base:1.0.0': busyboxImage() });
  let objects: any[];
  let workload: NixDeployment;
  let pod: Pod;

  /** Applies the Deployment with a program, or without any. */
  function apply(program?: NixProgram, allowBuilds = true): void {
    const chart = new Chart(new App(), 'e2e');
    workload = new NixDeployment(chart, 'echo', {
      image: NixImage.of('registry.local/nix:1.0.0'),
      config: { defaultSubstituter: false },
      programs: program && [program],
      bringPrograms: { allowBuilds, keepFormer: 1 },
    });
    const { environment } = workload;
    new NixGarbageCollection(chart, 'gc', { environment, keepRecent: Duration.seconds(0) });
    if (program) {
      new NixProgramPrefetch(chart, 'ahead', { environment });
    }
    objects = chart.toJson();
    node.apply(Yaml.stringify(...objects));
  }

  const rollOut = () => { [pod] = node.rollOut('Deployment', workload.name); };
  const flake = (version: string, image?: string) => NixProgram.flake(`path:/home/code/${version}`, { allowMoving: true, args: ['all'], image });
  const step = () => pod.initLogs.get('bring-programs')!;
  const nameOf = (kind: string, part: string) => objects.find(object => object.kind === kind && object.metadata.name.includes(part)).metadata.name;

  async function said(text: string): Promise<void> {
    for (const deadline = Date.now() + 240000; !pod.logs().includes(text);) {
      if (Date.now() > deadline) {
        throw new Error(`it never said ${text}, only ${pod.logs()}`);
      }
      await new Promise(resolve => setTimeout(resolve, 100));
    }
  }

  beforeAll(() => {
    apply();
    rollOut();
    for (const version of ['1', '2', '3']) {
      pod.sh(`mkdir ~/${version} && cat >~/${version}/flake.nix <<'END'\n${FLAKE(version)}\nEND`);
    }
  });

  afterAll(() => node.destroy());

  test('cold: it is brought before the container starts, and runs as process 1 without privileges', async () => {
    apply(flake('1'));
    rollOut();
    expect(step()).toMatch(/bring-programs: main is \/nix\/store\/\S+-serve-1 \(path:\/home\/code\/1\S*\), brought\n/);
    await said('serve 1 all');
    expect(pod.sh('id -u; tr "\\0" " " </proc/1/cmdline')).toMatch(/^1001\n\/bin\/sh \/nix\/store\/\S+-serve-1\/bin\/serve all/);
    expect(pod.exec(['touch', '/x']).code).not.toBe(0);
  });

  test('warm: no evaluation, since the flake is gone', async () => {
    pod.sh('mv ~/1 ~/gone');
    rollOut();
    expect(step()).toMatch(/main is \S+-serve-1 \(.*\), there already\n/);
    await said('serve 1 all');
  });

  test('update: a Job brings the next one while the former still runs, so that its pod finds it there', async () => {
    apply(flake('2'));
    const [log] = node.complete('Job', nameOf('Job', 'ahead')).values();
    expect(log).toMatch(/main is \S+-serve-2 \(.*\), brought\n/);
    expect(pod.logs()).toContain('serve 1 all');
    rollOut();
    expect(step()).toContain('there already');
    await said('serve 2 all');
  });

  test('rollback: the former one is still there, after a collection and without its flake', async () => {
    node.complete('CronJob', nameOf('CronJob', 'gc'));
    apply(flake('1'));
    rollOut();
    expect(step()).toMatch(/main is \S+-serve-1 \(.*\), there already\n/);
    await said('serve 1 all');
  });

  test('a third one lets the oldest go, which the next collection takes', async () => {
    apply(flake('3'));
    rollOut();
    await said('serve 3 all');
    node.complete('CronJob', nameOf('CronJob', 'gc'));
    expect(pod.sh('ls -d /nix/store/*-serve-? | cut -d- -f3 | sort')).toBe('1\n3');
  });

  test('in an image without Nix and almost anything else', async () => {
    apply(flake('3', 'registry.local/base:1.0.0'));
    rollOut();
    await said('serve 3 all');
    expect(pod.sh('ls /etc')).not.toContain('debian_version');
  });

  describe('without builds', () => {
    const seed = () => pod.initLogs.get('seed-nix-store')!;
    let built: string;

    test('it comes at the end of the seed, which is the only container before it', () => {
      built = pod.sh('ls -d /nix/store/*-serve-3');
      apply(NixProgram.package(`${built}/bin/serve`, { args: ['again'] }), false);
      rollOut();
      expect([...pod.initLogs.keys()]).toEqual(['seed-nix-store']);
      expect(seed()).toContain(`bring-programs: main is ${built} (${built}/bin/serve), brought\n`);
    });

    test('it runs, and the next start finds it', async () => {
      await said('serve 3 again');
      rollOut();
      expect(seed()).toMatch(/check-nix-store: .* holds a store\nbring-programs: main is \S+-serve-3 \(.*\), there already\n/);
      await said('serve 3 again');
    });

    test('what no cache has keeps the pod from starting, and the status of the seed says so', () => {
      apply(NixProgram.package('/nix/store/00000000000000000000000000000000-x/bin/x'), false);
      expect(rollOut).toThrow(expect.objectContaining({ container: 'seed-nix-store', code: 53, terminationMessage: expect.stringMatching(/cannot be brought/) }));
    });
  });

  test.each([
    ['an attribute that is not there', NixProgram.flake('path:/home/code/2', { attribute: 'missing', allowMoving: true }), 53,
      /main: path:\/home\/code\/2#missing cannot be evaluated: error: .*missing/],
    ['a place that cannot be reached', NixProgram.flake('github:owner/echo/v1.2.3'), 53, /github:owner\/echo\/v1.2.3 cannot be evaluated/],
    ['a store path that no cache has', NixProgram.package('/nix/store/00000000000000000000000000000000-x/bin/x'), 53, /cannot be brought/],
  ])('%s keeps the pod from starting, and says so', (_, program, code, words) => {
    apply(program);
    try {
      rollOut();
      throw new Error('it started');
    } catch (error) {
      expect(error).toBeInstanceOf(ContainerFailed);
      expect(error).toMatchObject({ container: 'bring-programs', code, terminationMessage: expect.stringMatching(words) });
    }
  });
});
