import * as fs from 'fs';
import * as path from 'path';
import { care, CareOptions, Cared, HOME, inWorkload, startCaring, startWorkload } from './support/care';
import { host, Running, sleep, USER_ID } from '../seed/support/container';
import { Image } from '../seed/support/image';
import { seedWell, SHELLS } from '../seed/support/seeder';
import { expectSound } from '../seed/support/soundness';
import { Volume } from '../seed/support/volume';

const THING = 'thing() { nix-build --quiet --no-out-link /support/thing.nix --argstr name "$1"; }\n';

let image: Image;
let seeded: Volume;
let volume: Volume;
beforeAll(async () => {
  image = await Image.build({ version: '1', release: '2.26' });
  seeded = await Volume.create();
  await seedWell(image, seeded);
});
afterAll(async () => seeded.dispose());
beforeEach(async () => { volume = await seeded.clone(); });
afterEach(async () => volume.dispose());

const collect = async (options: CareOptions = {}): Promise<Cared> => care('collect-garbage', image, volume, options);

/** Collects garbage, which must succeed; the last words. */
async function collectWell(environment: { [name: string]: string } = {}, options: CareOptions = {}): Promise<string> {
  const { code, stdout, stderr, lastWords } = await collect({ ...options, environment });
  expect(stderr).toBe('');
  expect({ code, stdout }).toMatchObject({ code: 0 });
  expect(stdout.endsWith(`${lastWords}\n`)).toBe(true);
  return lastWords;
}

/** A store path that a user has built, rooted by what the script does with it. */
async function build(name: string, script = '', options = {}): Promise<string> {
  return (await inWorkload(image, volume, `${THING} path=$(thing ${name}); ${script}\necho "$path"`, options)).pop()!;
}

/** A derivation of a file of that size. */
const megabytes = (name: string, size: number) =>
  `derivation { name = "${name}"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "head -c ${size}M /dev/zero >$out" ]; PATH = "/usr/bin:/bin"; }`;

const exists = (storePath: string) => volume.exists(storePath.slice('/nix/'.length));

/** A folder of user 1001 on the machine, beside the volume. */
function folder(name: string): string {
  const made = path.join(path.dirname(volume.root), name);
  fs.mkdirSync(made);
  fs.chownSync(made, USER_ID, USER_ID);
  return made;
}

describe.each(['2.8', '2.26'] as const)('with Nix %s', release => {
  let own: Image;
  beforeEach(async () => {
    own = await Image.build({ version: '1', release });
    if (release !== '2.26') {
      await volume.dispose();
      volume = await Volume.create();
      await seedWell(own, volume);
    }
  });

  test.each(SHELLS)('under %s what the user installed, the image and Nix itself stay, the rest goes', async shell => {
    const [installed, profiled, result] = await inWorkload(own, volume, `${THING}
      nix-env --quiet --install --from-expression '_: (import /support/thing.nix) { name = "installed"; }' >&2
      nix profile install --profile "$HOME/other-profile" "$(thing profiled)" >&2
      mkdir "$HOME/project"
      thing installed; thing profiled
      nix-build --quiet --out-link "$HOME/project/result" /support/thing.nix --argstr name result
      thing garbage >"$HOME/garbage"`);
    const garbage = fs.readFileSync(path.join(volume.root, 'home/garbage'), 'utf-8').trim();
    expect(exists(garbage)).toBe(true);

    const { code, stderr, lastWords } = await care('collect-garbage', own, volume, { shell });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(lastWords).toMatch(/^collect-garbage: \d+ store paths deleted, [\d.]+ [KM]iB freed; \d+ MiB free, \d+ MiB before; \d+ s$/);
    expect(exists(garbage)).toBe(false);
    await expectSound(volume, own, { paths: [installed, profiled, result], links: {} });
    expect(await inWorkload(own, volume, 'nix-env --query; nix profile list --profile "$HOME/other-profile" >/dev/null; cat "$HOME/project/result"'))
      .toEqual(['thing-installed', 'result']);
  });
});

describe('roots that cannot be seen from here', () => {
  test('a home that is not mounted: refused, since all packages of the user would be deleted', async () => {
    const installed = await build('installed', 'nix profile install "$path"');

    const refused = await collect({ home: false });
    expect(refused.code).toBe(62);
    expect(refused.lastWords).toMatch(/^collect-garbage: error: \/home\/code\/\S+ is a root of the garbage collector in a folder that is not mounted here \(\S+\)\. Mount it, /);
    expect(exists(installed)).toBe(true);

    // What would happen without that check.
    await collectWell({ GC_FORGET_UNSEEN: 'yes' }, { home: false });
    expect(exists(installed)).toBe(false);
  });

  test('a home that is mounted and empty, as another pod has it: refused, unless it is new by design', async () => {
    const installed = await build('installed', 'nix profile install "$path"');
    const mounts = { [folder('empty-home')]: HOME };

    expect(await collect({ home: false, mounts })).toMatchObject({ code: 62 });
    expect(exists(installed)).toBe(true);

    await collectWell({ GC_HOME_IS_NEW: 'yes' }, { home: false, mounts });
    expect(exists(installed)).toBe(false);
  });

  test.each(['/workspace', `${HOME}/workspace`])('a volume at %s: refused, unless it is mounted here too', async place => {
    const mounts = { [folder('workspace')]: place };
    const result = await build('result', `nix-store --realise --add-root ${place}/deep/result "$path" >&2`, { mounts });

    const refused = await collect();
    expect(refused).toMatchObject({ code: 62, lastWords: expect.stringContaining(`${place}/deep/result`) });
    expect(exists(result)).toBe(true);

    await collectWell({}, { mounts });
    expect(exists(result)).toBe(true);
  });

  test('a project that was deleted is no reason to refuse', async () => {
    const result = await build('result', 'nix-store --realise --add-root "$HOME/project/deep/result" "$path" >&2; touch "$HOME/file"; rm -r "$HOME/project"');
    await collectWell();
    expect(exists(result)).toBe(false);
  });
});

describe('what protects the store itself', () => {
  test('without the roots of the seed image nothing is collected', async () => {
    await host('rm', '-rf', path.join(volume.nix, 'var/nix/gcroots/cdk8s-nix'));
    expect(await collect()).toMatchObject({ code: 61, lastWords: expect.stringContaining('restart the workload') });
    await expectSound(volume, image);
  });

  test('without the profile that holds Nix nothing is collected', async () => {
    fs.unlinkSync(path.join(volume.nix, 'var/nix/profiles/default'));
    expect(await collect()).toMatchObject({ code: 61, lastWords: expect.stringContaining('profiles/default') });
  });

  test('no store is no store to collect in', async () => {
    expect(await collect({ environment: { NIX_FOLDER: '/tmp' } })).toMatchObject({ code: 60 });
  });
});

describe('with others at work', () => {
  test('a build that runs meanwhile, and what it needs, are spared', async () => {
    // The input is rooted by nothing but the build.
    const expression = `with builtins; let input = derivation { name = "input"; system = currentSystem; builder = "/bin/sh"; args = [ "-c" "echo input >$out" ]; }; in
      derivation { name = "slow"; system = currentSystem; inherit input; builder = "/bin/sh"; args = [ "-c" "echo started >&2; sleep 6; cat $input >$out" ]; PATH = "/usr/bin:/bin"; }`;
    const building = startWorkload(image, volume, 'cat "$(nix-build --no-out-link --expr "$EXPRESSION")"', { environment: { EXPRESSION: expression } });
    await building.until(/started/);
    const garbage = await build('garbage');

    await collectWell();

    expect(building.alive).toBe(true);
    expect(await building.finished).toMatchObject({ code: 0, stdout: 'input\n' });
    expect(exists(garbage)).toBe(false);
  });

  const lock = () => path.join(volume.nix, '.cdk8s-nix/lock');
  function seederHolds(lastSign: Date) {
    fs.mkdirSync(lock());
    fs.writeFileSync(path.join(lock(), 'owner.1'), 'flock=no\n');
    fs.utimesSync(path.join(lock(), 'owner.1'), lastSign, lastSign);
    [lock(), path.join(lock(), 'owner.1')].forEach(file => fs.chownSync(file, USER_ID, USER_ID));
  }

  test('a seeder at work is waited for', async () => {
    seederHolds(new Date());
    const garbage = await build('garbage');
    const collecting = startCaring('collect-garbage', image, volume);
    await collecting.until(/waiting for the seeder/);
    await sleep(1500);
    expect(exists(garbage)).toBe(true);
    fs.rmSync(lock(), { recursive: true });
    expect(await collecting.finished).toMatchObject({ code: 0 });
    expect(exists(garbage)).toBe(false);
  });

  test('a seeder that does not end is reported', async () => {
    seederHolds(new Date());
    expect(await collect({ environment: { CARE_TIMEOUT: '2' } })).toMatchObject({ code: 40 });
    expect(fs.readdirSync(lock())).toEqual(['owner.1']);
  });

  test('the lock of a dead seeder is taken over', async () => {
    seederHolds(new Date(Date.now() - 100000));
    await collectWell();
    expect(fs.existsSync(lock())).toBe(false);
  });

  test('it gives up at the deadline, when it has not even begun, and leaves no lock behind', async () => {
    const holding = new Running({
      mounts: { [volume.nix]: '/nix' },
      command: ['sh', '-c',
        'exec 9>>/nix/var/nix/gc.lock; flock 9; trap exit TERM; echo held; sleep 600 & wait'],
    });
    try {
      await holding.until(/held/);
      const stopped = await collect({ environment: { CARE_TIMEOUT: '2' } });
      expect(stopped).toMatchObject({ code: 43, lastWords: expect.stringContaining('stopped at the deadline of 2 s') });
      expect(stopped.milliseconds).toBeLessThan(120000);
      expect(fs.existsSync(lock())).toBe(false);
    } finally {
      await holding.signal('SIGTERM');
      await holding.finished;
    }
  });

  test('a signal ends it, and it leaves no lock behind', async () => {
    seederHolds(new Date());
    const collecting = startCaring('collect-garbage', image, volume);
    await collecting.until(/waiting/);
    fs.rmSync(lock(), { recursive: true });
    await collecting.signal('SIGTERM');
    expect((await collecting.finished).code).toBe(143);
    expect(fs.existsSync(lock())).toBe(false);
  });

  test('where a pod is to start all the same, what went wrong is only said', async () => {
    fs.unlinkSync(path.join(volume.nix, 'var/nix/profiles/default'));
    expect(await collect({ environment: { CARE_ON_FAILURE: 'go-on' } })).toMatchObject({
      code: 0, lastWords: expect.stringMatching(/^collect-garbage: warning: .*profiles\/default.*\(going on; code 61\)$/),
    });
  });
});

describe('choices', () => {
  test('generations older than so many days go, and what only they rooted', async () => {
    const paths: string[] = [];
    for (const name of ['first', 'second', 'third']) {
      paths.push(await build(name, 'nix-env --profile "$HOME/.local/state/nix/profiles/profile" --set "$path"'));
    }
    const profiles = path.join(volume.root, 'home/.local/state/nix/profiles');
    await host('touch', '-h', '-d', '60 days ago', path.join(profiles, 'profile-1-link'));
    await host('touch', '-h', '-d', '40 days ago', path.join(profiles, 'profile-2-link'));

    await collectWell();
    expect(paths.map(exists)).toEqual([true, true, true]);

    await collectWell({ GC_OLDER_THAN_DAYS: '30' });
    // The second one was the current one 30 days ago.
    expect(paths.map(exists)).toEqual([false, true, true]);
    await expectSound(volume, image, { paths: paths.slice(1), links: {} });
  });

  test('what came a short while ago can be spared', async () => {
    const young = await build('young');
    await collectWell({ GC_KEEP_RECENT: '3600' });
    expect(exists(young)).toBe(true);
    await sleep(2100);
    await collectWell({ GC_KEEP_RECENT: '1' });
    expect(exists(young)).toBe(false);
    expect(volume.exists('var/nix/gcroots/cdk8s-nix-recent')).toBe(false);
  });

  test.each([
    ['GC_WHEN_FREE_BELOW_MIB', '1', '100000'],
    ['GC_WHEN_STORE_ABOVE_MIB', '100000', '0'],
  ])('%s decides whether there is anything to do', async (variable, notYet, now) => {
    const [garbage] = await inWorkload(image, volume, `nix-build --no-out-link --expr '${megabytes('garbage', 3)}'`);
    expect(await collectWell({ [variable]: notYet })).toMatch(/^collect-garbage: nothing to do: \d+ MiB free(, due below 1 MiB|; \d+ MiB in the store, due above 100000 MiB)$/);
    expect(exists(garbage)).toBe(true);
    await collectWell({ [variable]: now });
    expect(exists(garbage)).toBe(false);
  });

  test('equal files become one', async () => {
    const paths = await inWorkload(image, volume, ['a', 'b'].map(name => `nix-build --expr '${megabytes(name, 3)}' --out-link "$HOME/${name}"`).join('\n'));
    expect(await collectWell({ GC_OPTIMISE: 'yes' })).toMatch(/; [\d.]+ MiB freed by hard-linking \d+ files/);
    const inodes = paths.map(file => fs.statSync(path.join(volume.nix, file.slice('/nix/'.length))).ino);
    expect(inodes[0]).toBe(inodes[1]);
    await expectSound(volume, image, { paths, links: {} });
  });

  test.each([
    ['GC_OLDER_THAN_DAYS', '30d; rm -rf /nix'], ['GC_KEEP_RECENT', '-1'], ['GC_WHEN_FREE_BELOW_MIB', '$(id)'], ['GC_OPTIMISE', 'maybe'],
    ['CARE_TIMEOUT', '1h'], ['CARE_ON_FAILURE', 'panic'],
  ])('%s=%s is refused', async (variable, value) => {
    expect(await collect({ environment: { [variable]: value } })).toMatchObject({ code: 10, stderr: expect.stringContaining(`${variable} is '${value}'`) });
  });
});
