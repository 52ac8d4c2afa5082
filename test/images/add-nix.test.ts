import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import * as path from 'node:path';
import { NixImageKind } from '../../src/image/nix-image-recipe';
import { cachedImage } from '../support/image-cache';
import { busyboxImage, debianImage, seedImage } from '../support/images';
import { buildImage, derivedImage, ImageConfig, imageConfig, removeBuiltImages } from './support/build-image';
import { nixBuild, nixInstall, OFFLINE } from './support/nix-commands';
import { output, RunningContainer, runImage } from './support/run-image';

const NIX_PATH = '/nix/var/nix/profiles/default/bin';

function addNix(base: string): string {
  return buildImage(NixImageKind.ADD_NIX, { NIX_IMAGE: seedImage(), BASE_IMAGE: base });
}

/** An image as those of Go and Rust programs: one static file. */
function staticImage(): string {
  const program = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
  return cachedImage({
    name: 'static',
    sources: [program],
    config: ['ENTRYPOINT ["/busybox", "echo"]', 'CMD ["hello"]'],
    fill: folder => copyFileSync(program, path.join(folder, 'busybox')),
  });
}

/** What must be as it was in the base, whatever that is. */
function kept({ user, entrypoint, command, workingDirectory, environment, labels }: ImageConfig): object {
  const { PATH: _path, ...variables } = environment;
  const { 'team': team } = labels;
  return { user, entrypoint, command, workingDirectory, variables, team };
}

afterAll(removeBuiltImages);

describe('on a Debian base that runs as a user of its own', () => {
  let base: string;
  let image: string;

  beforeAll(() => {
    base = derivedImage(debianImage(), [
      'RUN useradd --uid 4242 --create-home app',
      'USER app',
      'WORKDIR /home/app',
      'ENV COLOR=green PATH=/opt/app/bin:/usr/bin:/bin',
      'LABEL team=portal',
      'ENTRYPOINT ["/usr/bin/printf", "%s-%s\\\\n"]',
      'CMD ["hello", "world"]',
    ]);
    image = addNix(base);
  });

  test('keeps user, entrypoint, command, working directory, environment and labels', () => {
    expect(kept(imageConfig(image))).toEqual(kept(imageConfig(base)));
    expect(output(runImage(image, []))).toBe('hello-world\n');
  });

  test('finds commands of the base first and Nix last', () => {
    expect(imageConfig(image).environment.PATH).toBe(`/opt/app/bin:/usr/bin:/bin:${NIX_PATH}`);
    const found = runImage(image, ['sh', '-c', 'command -v nix-store; command -v ls'], { withoutEntrypoint: true });
    expect(found.stdout).toBe(`${NIX_PATH}/nix-store\n/usr/bin/ls\n`);
  });

  test('finds Nix in a login shell, which forgets the PATH of the image', () => {
    const found = runImage(image, ['bash', '-lc', 'command -v nix-store; command -v ls'], { withoutEntrypoint: true });
    expect(output(found)).toBe(`${NIX_PATH}/nix-store\n/usr/bin/ls\n`);
  });

  test('lets a user who does not own the store run what is in it', () => {
    expect(output(runImage(image, ['nix', '--version'], { withoutEntrypoint: true }))).toMatch(/^nix \(Nix\) \d/);
  });

  // Nix makes its locks, logs and folders for nobody but the user who comes first. Root went first, and user 1001 got
  // "opening lock file '/nix/var/nix/temproots/…': Permission denied".
  test('lets root, user 1001 and an arbitrary user of the root group use one store in turns', () => {
    const container = new RunningContainer(image, ['sleep', '600'], { withoutEntrypoint: true });
    try {
      const users = ['0:0', '1001:1001', '0:0', '1070:0', '1001:1001'];
      users.forEach((user, turn) => {
        const environment = { ...OFFLINE, HOME: `/tmp/home-${user.split(':')[0]}` };
        expect(output(container.execute(user, nixBuild(`turn-${turn}`), environment))).toBe(`built turn-${turn}\n`);
        expect(output(container.execute(user, nixInstall(`tool-${turn}`), environment))).toBe(`tool-${turn} runs\n`);
        output(container.execute(user, ['nix-store', '--quiet', '--gc'], environment));
      });
    } finally {
      container.remove();
    }
  });

  test('lets root use Nix without any capability', () => {
    const container = new RunningContainer(image, ['sleep', '600'], { user: '0:0', withoutEntrypoint: true });
    try {
      const dropped = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', ...nixBuild('powerless')];
      expect(output(container.execute('0:0', dropped, OFFLINE))).toBe('built powerless\n');
    } finally {
      container.remove();
    }
  });

  test('belongs to user 1001 and has every store path registered and intact', () => {
    const owners = runImage(image, ['find', '/nix', '(', '!', '-uid', '1001', '-o', '!', '-gid', '0', ')'], { withoutEntrypoint: true });
    expect(output(owners)).toBe('');
    const verified = runImage(image, ['nix-store', '--verify', '--check-contents'], { user: '1001:1001', environment: { ...OFFLINE, HOME: '/tmp/home' }, withoutEntrypoint: true });
    expect(verified.code).toBe(0);
    expect(verified.stderr).not.toMatch(/error|differs|missing/i);
  });

  test('ships the closure of Nix and nothing else', () => {
    const script = `nix-store --query --requisites ${path.dirname(NIX_PATH)} | sort; echo; ls -d /nix/store/*`;
    const { stdout } = runImage(image, ['sh', '-c', script], { user: '1001:1001', environment: { HOME: '/tmp/home' }, withoutEntrypoint: true });
    const [closure, present] = stdout.trim().split('\n\n');
    expect(closure).toMatch(/-nix-/);
    expect(present).toBe(closure);
  });

  test('carries the recording that spares seeding the reckoning', () => {
    const { stdout } = runImage(image, ['cat', '/nix/.cdk8s-nix/image'], { withoutEntrypoint: true });
    expect(stdout).toMatch(/^id=[0-9a-f]{64}$/m);
    expect(Number(/^bytes=(\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(10_000_000);
    const fresh = runImage(image, ['sh', '-c', '[ ! /nix/var/nix/db/db.sqlite -nt /nix/.cdk8s-nix/image ]'], { withoutEntrypoint: true });
    expect(fresh.code).toBe(0);
  });
});

describe('on a busybox base without a package manager, PATH or users', () => {
  let image: string;

  beforeAll(() => {
    image = addNix(busyboxImage());
  });

  test('builds as user 1001', () => {
    const outcome = runImage(image, nixBuild('on-busybox'), { user: '1001:1001', environment: { ...OFFLINE, HOME: '/tmp/home' } });
    expect(output(outcome)).toBe('built on-busybox\n');
  });

  test('starts a command through the entrypoint, for who wants it', () => {
    const outcome = runImage(image, ['sh', '/usr/local/lib/cdk8s-nix/entrypoint.sh', ...nixBuild('by-entrypoint')],
      { user: '1070:0', environment: OFFLINE });
    expect(output(outcome)).toBe('built by-entrypoint\n');
    expect(outcome.stderr).toContain('HOME is now /tmp/home-1070');
  });
});

describe('on a base that is one static program, with no shell at all', () => {
  let base: string;
  let image: string;

  beforeAll(() => {
    base = staticImage();
    image = addNix(base);
  });

  test('keeps what the base runs, and gives a PATH without an empty entry', () => {
    expect(kept(imageConfig(image))).toEqual(kept(imageConfig(base)));
    expect(imageConfig(image).environment.PATH).toMatch(new RegExp(`^/[^:]+(:/[^:]+)+:${NIX_PATH}$`));
    expect(output(runImage(image, ['still here']))).toBe('still here\n');
  });

  test('brings a Nix that needs nothing of the base', () => {
    const outcome = runImage(image, nixBuild('on-nothing'),
      { user: '1001:1001', environment: { ...OFFLINE, HOME: '/tmp/home' }, tmp: true, withoutEntrypoint: true });
    expect(output(outcome)).toBe('built on-nothing\n');
  });
});

test('a Nix image that has no Nix where it should stops the build with a reason', () => {
  expect(() => buildImage(NixImageKind.ADD_NIX, { NIX_IMAGE: debianImage(), BASE_IMAGE: busyboxImage() }))
    .toThrow('this image has no Nix in /nix/var/nix/profiles/default; name one that has with --build-arg NIX_IMAGE=');
});
