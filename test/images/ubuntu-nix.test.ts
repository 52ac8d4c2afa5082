import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { NixImageKind } from '../../src/image/nix-image-recipe';
import { debianImage, seedImage } from '../support/images';
import { tryPodman } from '../support/podman';
import { buildImage, derivedImage, imageConfig, removeBuiltImages } from './support/build-image';
import { nixBuild, nixInstall, OFFLINE } from './support/nix-commands';
import { output, RunningContainer, runImage } from './support/run-image';
import { Volumes } from './support/volumes';

const SCRIPTS = path.resolve(__dirname, '../../scripts');
const RESTRICTED = { restricted: true, tmp: true };

let image: string;
let volumes: Volumes;

beforeAll(() => {
  // As Ubuntu 24.04 is: with a user of its own that has the id before ours.
  const ubuntu = derivedImage(debianImage(), ['RUN useradd --uid 1000 --create-home --shell /bin/bash ubuntu']);
  image = buildImage(NixImageKind.UBUNTU_NIX, { NIX_IMAGE: seedImage(), UBUNTU_IMAGE: ubuntu });
});

afterAll(removeBuiltImages);

beforeEach(() => {
  volumes = new Volumes();
});

afterEach(() => {
  volumes.remove();
});

describe('on its own', () => {
  test('runs as code, by number, at home', () => {
    expect(imageConfig(image).user).toBe('1001:1001');
    const script = 'id -u; id -g; id -un; echo "$USER"; echo "$HOME"; pwd; stat -c %u "$HOME"';
    expect(output(runImage(image, ['sh', '-c', script])).split('\n'))
      .toEqual(['1001', '1001', 'code', 'code', '/home/code', '/home/code', '1001', '']);
  });

  test('without a command and a terminal it stays up, and ends at once when told to', () => {
    expect(imageConfig(image).command).toEqual([]);
    const container = new RunningContainer(image, [], { restricted: true });
    try {
      expect(output(container.execute('1001:1001', ['nix', '--version']))).toMatch(/^nix/);
      expect(container.signal('TERM')).toBe(143);
    } finally {
      container.remove();
    }
  });

  test('without a command it is a shell for what it is given to read', () => {
    const typed = tryPodman(['run', '--rm', '--interactive', '--network', 'none', image], { input: 'echo "read by $0"; exit 3\n' });
    expect(typed).toMatchObject({ code: 3, stdout: 'read by bash\n' });
  });

  test('nixpkgs is the one of the profiles, and follows no branch', () => {
    const locked = JSON.parse(readFileSync(path.resolve(__dirname, '../../nix/flake.lock'), 'utf8')).nodes.nixpkgs.locked.rev;
    expect(output(runImage(image, ['nix', 'registry', 'list'], { environment: { NIX_CONFIG: 'flake-registry =' } })))
      .toBe(`system flake:nixpkgs github:NixOS/nixpkgs/${locked}\n`);
    const { stderr } = runImage(image, ['nix', '--offline', 'eval', '--expr', '<nixpkgs>', '--impure'], { environment: { NIX_CONFIG: 'substituters =\nflake-registry =' } });
    expect(stderr).toContain(locked);
  });

  test('starts a login shell that finds Nix and what was installed with it', () => {
    expect(output(runImage(image, ['bash', '-lc', 'echo "$PATH"']))).toMatch(/:\/nix\/var\/nix\/profiles\/default\/bin\n$/);
  });

  test('builds and installs', () => {
    expect(output(runImage(image, nixBuild('on-its-own'), { environment: OFFLINE }))).toBe('built on-its-own\n');
    expect(output(runImage(image, nixInstall('own-tool'), { environment: OFFLINE }))).toBe('own-tool runs\n');
  });

  test('runs what is installed on a read-only root without rights, and says what it cannot do', () => {
    const { code, stdout, stderr } = runImage(image, ['nix', '--version'], { restricted: true });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^nix \(Nix\)/) });
    expect(stderr).toBe('cdk8s-nix: user 1001 cannot write to /nix: installed programs run, but nothing can be built or installed\n');
  });

  test('works for the arbitrary user of the root group that OpenShift makes up', () => {
    expect(output(runImage(image, nixInstall('any-tool'), { user: '1000670000:0', environment: OFFLINE }))).toBe('any-tool runs\n');
  });
});

describe('with a volume at /nix', () => {
  // The volume hides the image's Nix. Without the entrypoint's care the command would just not find it.
  test('says that an empty volume hides Nix, and runs the command all the same', () => {
    const { code, stdout, stderr } = runImage(image, ['echo', 'still runs'], { volumes: [`${volumes.empty('nix')}:/nix`] });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'still runs\n' });
    expect(stderr).toBe('cdk8s-nix: no Nix in /nix: a volume that is mounted there hides the image\'s; '
      + 'seed it first, as the init container seed-nix-store does\n');
  });

  test.each(['true', 'yes', '1', 'YES', 'True'])('does not run the command if told to be strict by «%s»', value => {
    const { code, stdout, stderr } = runImage(image, ['echo', 'still runs'],
      { volumes: [`${volumes.empty('nix')}:/nix`], environment: { CDK8S_NIX_STRICT: value } });
    expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
    expect(stderr).toContain(`not running the command, because CDK8S_NIX_STRICT is ${value}`);
  });

  test.each(['false', 'No', '0', ''])('runs it if told not to be by «%s»', value => {
    const { code } = runImage(image, ['true'], { volumes: [`${volumes.empty('nix')}:/nix`], environment: { CDK8S_NIX_STRICT: value } });
    expect(code).toBe(0);
  });

  test('refuses to guess how strict it is to be', () => {
    const { code, stdout, stderr } = runImage(image, ['echo', 'ran'], { environment: { CDK8S_NIX_STRICT: 'maybe' } });
    expect({ code, stdout, stderr }).toEqual({ code: 69, stdout: '', stderr: 'cdk8s-nix: CDK8S_NIX_STRICT is \'maybe\'; it is true or false\n' });
  });

  test('tells a store without a profile from an empty volume', () => {
    const volume = volumes.empty('nix');
    mkdirSync(path.join(volume, 'store'));
    expect(runImage(image, ['true'], { volumes: [`${volume}:/nix`] }).stderr).toContain('it has a store, but no profile');
  });

  test('seeds an empty volume and works on it, restricted, with what it recorded when it was built', () => {
    const volume = volumes.empty('store');
    const home = volumes.empty('home');
    const seed = runImage(image, ['sh', '/opt/cdk8s-nix/seed-nix-store.sh'], {
      ...RESTRICTED,
      withoutEntrypoint: true,
      environment: { HOME: '/tmp' },
      volumes: [`${volume}:/mnt/nix-volume`, `${SCRIPTS}:/opt/cdk8s-nix:ro`],
    });
    output(seed);

    const recorded = output(runImage(image, ['cat', '/nix/.cdk8s-nix/image'], { withoutEntrypoint: true }));
    const id = /^id=(\w{64})$/m.exec(recorded)![1];
    expect(readFileSync(path.join(volume, 'nix/.cdk8s-nix/seed'), 'utf8')).toContain(id);

    const workload = { ...RESTRICTED, environment: OFFLINE, volumes: [`${volume}/nix:/nix`, `${home}:/home/code`] };
    expect(output(runImage(image, nixBuild('on-the-volume'), workload))).toBe('built on-the-volume\n');
    expect(output(runImage(image, nixInstall('volume-tool'), workload))).toBe('volume-tool runs\n');
    // Kept in both volumes, and in PATH.
    expect(output(runImage(image, ['volume-tool'], workload))).toBe('volume-tool runs\n');
  });
});

describe('the entrypoint', () => {
  test.each([0, 1, 42, 126])('passes exit code %i on', code => {
    expect(runImage(image, ['sh', '-c', `exit ${code}`]).code).toBe(code);
  });

  test('ends with 127 for a command that does not exist', () => {
    expect(runImage(image, ['no-such-command']).code).toBe(127);
  });

  test('passes arguments on as they are', () => {
    expect(output(runImage(image, ['printf', '<%s>', 'a b', '', '*', '$HOME']))).toBe('<a b><><*><$HOME>');
  });

  test('is replaced by the command, which gets the signals', () => {
    const container = new RunningContainer(image, ['sh', '-c', 'trap "echo stopped; exit 7" TERM; echo "pid $$"; while :; do sleep 0.1; done']);
    try {
      container.waitForLine('pid 1');
      expect(container.signal('TERM')).toBe(7);
      container.waitForLine('stopped');
    } finally {
      container.remove();
    }
  });

  test('finds a HOME for a user whom nobody knows and who can write only to /tmp', () => {
    const outcome = runImage(image, ['sh', '-c', 'echo "$HOME $USER"; nix eval --store dummy:// --expr 1'],
      { ...RESTRICTED, user: '1070:1070', environment: { ...OFFLINE, HOME: '' } });
    expect(output(outcome)).toBe('/tmp/home-1070 code\n1\n');
    expect(outcome.stderr).toContain('HOME is now /tmp/home-1070');
  });

  // A volume's root belongs to root. Nix does not take a HOME of somebody else's, and has no passwd entry to fall back to.
  test('lets Nix use a HOME that is another user\'s but can be written', () => {
    const home = volumes.empty('home');
    const options = { user: '1070:0', environment: { ...OFFLINE, HOME: '/volume' }, volumes: [`${home}:/volume`] };
    chmodSync(home, 0o777);
    expect(runImage(image, nixBuild('without-home'), { ...options, withoutEntrypoint: true }).stderr).toContain('home directory');
    expect(output(runImage(image, nixBuild('with-home'), options))).toBe('built with-home\n');
  });

  test('says so if no HOME can be had', () => {
    const { code, stderr } = runImage(image, ['true'], { restricted: true, user: '1070:1070', environment: { HOME: '/' } });
    expect(code).toBe(0);
    expect(stderr).toContain('no HOME for user 1070');
  });

  describe('with a home-manager profile to activate', () => {
    // In the place of the installer, which has tests of its own: what matters here is who waits for whom.
    function installer(script: string): string[] {
      const replacement = `printf '%s' '${script}' >/usr/local/lib/cdk8s-nix/install-container.sh`;
      return ['USER 0:0', `RUN ${replacement}`, 'USER 1001:1001'];
    }

    test('activates it before the command runs, without mixing it into the output of the command', () => {
      const derived = derivedImage(image, installer('echo activated $1'));
      const { code, stdout, stderr } = runImage(derived, ['echo', 'ran'], { environment: { CDK8S_NIX_HOME_MANAGER: 'minimal' } });
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'ran\n', stderr: 'activated minimal\n' });
      expect(runImage(derived, ['echo', 'ran']).stderr).toBe('');
    });

    test('runs the command without the profile if that fails, unless told to be strict', () => {
      const derived = derivedImage(image, installer('echo no network; exit 6'));
      const environment = { CDK8S_NIX_HOME_MANAGER: 'ai' };
      const loose = runImage(derived, ['echo', 'ran'], { environment });
      expect(loose).toEqual({ code: 0, stdout: 'ran\n', stderr: 'no network\ncdk8s-nix: the home-manager profile \'ai\' is not active: see above\n' });
      expect(runImage(derived, ['echo', 'ran'], { environment: { ...environment, CDK8S_NIX_STRICT: 'true' } })).toMatchObject({ code: 69, stdout: '' });
    });

    test.each([['TERM', 143], ['INT', 130]])('ends at once when %s comes while the profile is installed', (signal, code) => {
      const derived = derivedImage(image, installer('echo installing; exec sleep 600'));
      const container = new RunningContainer(derived, ['echo', 'ran'], { environment: { CDK8S_NIX_HOME_MANAGER: 'essential' } });
      try {
        container.waitForLine('installing');
        expect(container.signal(signal)).toBe(code);
      } finally {
        container.remove();
      }
    });
  });
});
