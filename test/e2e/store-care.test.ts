import { App, Chart, Duration, Yaml } from 'cdk8s';
import { NixDeployment, NixGarbageCollection, NixImage, NixStorePrefetch, NixStoreVerification } from '../../src';
import { ContainerFailed } from './kubelet/container-failed';
import { Node } from './kubelet/node';
import { Pod } from './kubelet/pod';
import { seedImage } from '../support/images';
import { Manifest } from '../support/kubernetes/manifest';

/** A package of one program, as an expression. */
const program = (name: string) => `derivation {
  name = "${name}";
  system = builtins.currentSystem;
  builder = "/bin/sh";
  args = [ "-eu" (builtins.toFile "builder.sh" ''
    PATH=/nix/var/nix/profiles/default/bin
    mkdir -p $out/bin
    printf '#!/bin/sh\necho ${name}\n' >$out/bin/${name}
    chmod +x $out/bin/${name}
  '') ];
}`;

const FLAKE = `{ outputs = _: { packages.x86_64-linux.default = ${program('wanted').replace('builtins.currentSystem', '"x86_64-linux"')}; }; }`;

// One workspace on a ReadWriteOnce volume, and what cares for its store while it runs: each test goes on where the one before it stopped.
describe('a workspace whose store is cared for', () => {
  const node = new Node({ 'registry.local/nix:1.0.0': seedImage(1), 'registry.local/nix:2.0.0': seedImage(2) });
  let workspace: NixDeployment;
  let objects: Manifest[];
  let pod: Pod;

  function apply(tag: string, atStart: boolean = false): void {
    const chart = new Chart(new App(), 'e2e');
    workspace = new NixDeployment(chart, 'workspace', { image: NixImage.of(`registry.local/nix:${tag}`), config: { defaultSubstituter: false } });
    const { environment } = workspace;
    if (atStart) {
      environment.prefetch({ packages: ['path:/home/code/flake#default'] });
      environment.collectGarbage();
    }
    new NixGarbageCollection(chart, 'gc', { environment, keepRecent: Duration.seconds(0), deleteOlderThan: Duration.days(30) });
    new NixStorePrefetch(chart, 'tools', { environment, packages: ['path:/home/code/flake#default'] });
    new NixStoreVerification(chart, 'verify', { environment });
    objects = chart.toJson();
    node.apply(Yaml.stringify(...objects));
  }

  /** Runs the only one of its kind whose name has this beginning. */
  function complete(kind: 'Job' | 'CronJob', name: string): string {
    const [object] = objects.filter(candidate => candidate.kind === kind && candidate.metadata.name.startsWith(`e2e-${name}`));
    return [...node.complete(kind, object.metadata.name).values()].join('\n');
  }

  const garbage = (): string => pod.run(['nix-build', '--no-out-link', '--expr', program('garbage')]);
  const works = (file: string) => pod.exec(['sh', '-c', file]).code === 0;

  beforeAll(() => {
    apply('1.0.0');
    [pod] = node.rollOut('Deployment', workspace.name);
    pod.run(['nix-env', '--install', '--from-expression', `_: ${program('greet')}`]);
    pod.sh(`mkdir ~/flake && cat >~/flake/flake.nix <<'END'\n${FLAKE}\nEND`);
  });

  afterAll(() => node.destroy());

  test('a CronJob collects garbage beside the running pod, and spares what the user has installed', () => {
    const unused = garbage();
    expect(works(`${unused}/bin/garbage`)).toBe(true);

    expect(complete('CronJob', 'gc')).toMatch(/collect-garbage: \d+ store paths deleted, [\d.]+ [KM]iB freed; \d+ MiB free, \d+ MiB before; \d+ s\n$/);

    expect(works(`${unused}/bin/garbage`)).toBe(false);
    expect(pod.sh('greet; nix --version')).toMatch(/^greet\nnix \(Nix\) 2/);
    expect(pod.exec(['nix-store', '--verify', '--check-contents'])).toMatchObject({ code: 0 });
  });

  test('a Job brings a package that stays', () => {
    expect(complete('Job', 'tools')).toContain('prefetch-store: 1 brought, 1 roots');
    complete('CronJob', 'gc');
    expect(pod.sh('/nix/var/nix/gcroots/cdk8s-nix-prefetch/*/1/bin/wanted')).toBe('wanted');
  });

  test('the paths of an old image go once a new one is in place', () => {
    const old = pod.sh('readlink -f "$(command -v nix)"');
    apply('2.0.0');
    [pod] = node.rollOut('Deployment', workspace.name);
    expect(works(`test -e ${old}`)).toBe(true);
    complete('CronJob', 'gc');
    expect(works(`test -e ${old}`)).toBe(false);
    expect(pod.sh('addition; greet')).toBe('added in release 2\ngreet');
  });

  test('at the start of a pod: what is to be there is there, garbage is gone', () => {
    const unused = garbage();
    apply('2.0.0', true);
    [pod] = node.rollOut('Deployment', workspace.name);
    expect(pod.initLogs.get('prefetch-store')).toContain('prefetch-store: 1 brought');
    expect(pod.initLogs.get('collect-garbage')).toMatch(/store paths deleted/);
    expect(works(`test -e ${unused}`)).toBe(false);
    expect(pod.sh('greet')).toBe('greet');
  });

  test('a Job finds damage and fails with its last words', () => {
    expect(complete('Job', 'verify')).toContain('verify-store: no damaged paths');
    const damaged = pod.sh('dirname "$(dirname "$(readlink -f "$(command -v greet)")")"');
    pod.sh(`chmod u+w ${damaged}/bin/greet && echo damaged >>${damaged}/bin/greet`);
    expect(() => complete('Job', 'verify')).toThrow(ContainerFailed);
    try {
      complete('Job', 'verify');
    } catch (error) {
      expect((error as ContainerFailed).terminationMessage).toMatch(/^verify-store: error: 1 damaged paths, 0 repaired; \d+ s\n$/);
    }
  });
});
