import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { Finished, host, REPOSITORY, run, sleep, USER_ID } from '../seed/support/container';
import { Image } from '../seed/support/image';
import { seedWell, Shell, SHELLS } from '../seed/support/seeder';
import { Volume } from '../seed/support/volume';
import { inWorkload } from '../store-care/support/care';

/* The start of a pod that has been there before, where the programs come at the end of the seed. */

/** One whose program is in it, and one whose program is a link to that, over another. */
const MAKE = `nix-build --quiet --no-out-link - <<'END'
  let
    make = name: script: derivation {
      inherit name; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-ec" script ]; PATH = "/usr/bin:/bin";
    };
    plain = make "plain" "mkdir -p $out/bin; echo '#!/bin/sh' >$out/bin/serve; chmod +x $out/bin/serve";
    between = make "between" "mkdir -p $out; ln -s \${plain}/bin $out/bin";
  in [ plain (make "linked" "mkdir -p $out/bin; ln -s \${between}/bin/serve $out/bin/serve") ]
END`;

/** Runs a command, and says how many processes it was, with all that it started: the numbers of a namespace are given one after the other. */
const COUNT = `
  read -r _ _ _ _ before </proc/loadavg
  "$@"; code=$?
  read -r _ _ _ _ after </proc/loadavg
  echo "$((after - before))" >/mnt/results/count; exit $code`;

const SET = 'var/nix/gcroots/cdk8s-nix-programs/default';

let image: Image;
let seeded: Volume;
let volume: Volume;
let plain: string;
let linked: string;
let results: string;

beforeAll(async () => {
  image = await Image.build({ version: '1', release: '2.26', recorded: true });
  seeded = await Volume.create();
  await seedWell(image, seeded);
  [plain, linked] = await inWorkload(image, seeded, MAKE);
});
afterAll(async () => seeded.dispose());
beforeEach(async () => {
  volume = await seeded.clone();
  results = fs.mkdtempSync(path.join(os.tmpdir(), 'warm-start-'));
  fs.chownSync(results, USER_ID, USER_ID);
});
afterEach(async () => {
  await volume.dispose();
  await host('rm', '-rf', results);
});

interface Start extends Finished {
  readonly processes: number;
  readonly lastWords: string;
}

/** What the init container does in a pod with these programs, `container: store path`. */
async function start(shell: Shell, programs: { [container: string]: string }, environment: { [name: string]: string } = {},
  standIns: { [program: string]: string } = {}): Promise<Start> {
  for (const [program, script] of Object.entries(standIns)) {
    fs.writeFileSync(path.join(results, program), script, { mode: 0o755 });
  }
  for (const file of ['count', 'last-words']) {
    fs.writeFileSync(path.join(results, file), '');
    fs.chownSync(path.join(results, file), USER_ID, USER_ID);
  }
  const finished = await run({
    rootfs: image.rootfs,
    mounts: {
      [image.nix]: '/nix:ro',
      [volume.root]: '/mnt/nix-volume',
      [volume.nix]: '/mnt/nix-store',
      [results]: '/mnt/results',
      [__filename]: '/etc/ssl/certs/ca-certificates.crt:ro',
      [path.join(REPOSITORY, 'scripts')]: '/opt/cdk8s-nix:ro',
    },
    environment: {
      NIX_FOLDER: '/mnt/nix-store',
      PROGRAMS_SCRIPT: '/opt/cdk8s-nix/bring-programs.sh',
      CARE_TERMINATION_LOG: '/mnt/results/last-words',
      HOME: '/tmp',
      SEED_TERMINATION_LOG: '/mnt/results/last-words',
      NIX_CONFIG: 'substituters =',
      ...environment,
    },
    command: ['sh', '-c', COUNT, 'sh', ...shell.split(' '), '/opt/cdk8s-nix/seed-nix-store.sh',
      ...Object.entries(programs).flatMap(([container, program]) => [container, 'k', 'package', program])],
  });
  const read = (file: string) => fs.readFileSync(path.join(results, file), 'utf-8').trimEnd();
  return { ...finished, processes: Number(read('count')), lastWords: read('last-words') };
}

/** As a start that finds all there: it needs no script to bring it. */
const startAgain = async (shell: Shell, programs: { [container: string]: string }) => start(shell, programs, { PROGRAMS_SCRIPT: '/nowhere' });

describe.each(SHELLS)('under %s', shell => {
  test('programs that are there cost a start no process, and are told as by the script that brings them', async () => {
    const programs = { plain: `${plain}/bin/serve`, linked: `${linked}/bin/serve`, whole: plain };
    expect(await start(shell, programs)).toMatchObject({ code: 0, stdout: expect.stringMatching(/(bring-programs: (\w+): bringing .*\nbring-programs: \2 is \S+ \(.*\), brought\n){3}/) });
    // The first to follow the links remembers which they are.
    for (const some of [programs, {}]) {
      expect(await startAgain(shell, some)).toMatchObject({ code: 0, stderr: '' });
    }
    const without = await startAgain(shell, {});
    expect(without).toMatchObject({ code: 0, stderr: '', lastWords: '' });
    // The shell, what reads the database of the image, and what compares its certificates with those of the volume.
    expect(without.processes).toBe(3);

    const warm = await startAgain(shell, programs);
    const lines = Object.entries(programs).map(([name, program]) => `${name} is ${program.replace('/bin/serve', '')} (${program}), there already`);
    const summary = `bring-programs: ${lines.map(line => line.replace(/ \(.*\)/, '')).join('; ')}; T s`;
    const withoutTimes = (text: string) => text.replace(/\d+(\.\d\d)? s(?=\)?$)/gm, 'T s');
    expect(warm).toMatchObject({ code: 0, stderr: '' });
    expect(withoutTimes(warm.lastWords)).toBe(summary);
    expect(withoutTimes(warm.stdout)).toBe(`${withoutTimes(without.stdout)}${lines.map(line => `bring-programs: ${line}\n`).join('')}${summary}\n`);
    expect(warm.processes).toBe(without.processes);
  });

  test('two workloads on one volume remember their links side by side', async () => {
    const startOne = async () => start(shell, { a: `${linked}/bin/serve` }, { PROGRAMS_SET: 'one' });
    const startOther = async () => start(shell, { b: `${plain}/bin/serve` }, { PROGRAMS_SET: 'other' });
    for (let round = 0; round < 3; round++) {
      expect([(await startOne()).code, (await startOther()).code]).toEqual([0, 0]);
    }
    const { processes } = await start(shell, {});
    expect([(await startOne()).processes, (await startOther()).processes]).toEqual([processes, processes]);
  });

  test('where links led before is not believed', async () => {
    const memory = () => fs.readFileSync(path.join(volume.nix, '.cdk8s-nix/links'), 'utf-8').trim().split('\n').sort();
    const defaultProfile = path.join(volume.nix, 'var/nix/profiles/default');
    for (let round = 0; round < 2; round++) {
      expect(await startAgain(shell, {})).toMatchObject({ code: 0 });
    }
    const remembered = memory();
    expect(remembered).toContain(`var/nix/profiles/default\t${fs.readlinkSync(defaultProfile)}`);

    for (const lie of ['', plain, `${plain}/bin/serve`, 'nowhere', '/nix/nowhere']) {
      fs.writeFileSync(path.join(volume.nix, '.cdk8s-nix/links'), remembered.map(line => `${line.split('\t')[0]}\t${lie}\n`).join(''));
      expect(await startAgain(shell, {})).toMatchObject({ code: 0, stderr: '' });
      expect(memory()).toEqual(remembered);
    }

    // A profile that leads elsewhere: to what only the volume has, and where there is no Nix.
    await host('ln', '-sfn', plain, defaultProfile);
    expect(await startAgain(shell, {})).toMatchObject({ code: 62, stderr: expect.stringMatching(/the default profile leads to no Nix/) });
    await host('ln', '-sfn', '/nix/nowhere', defaultProfile);
    expect(await startAgain(shell, {})).toMatchObject({ code: 62 });
  });

  test('what is not in the image is believed only as long as it is there', async () => {
    const memory = path.join(volume.nix, '.cdk8s-nix/links');
    const programs = { linked: `${linked}/bin/serve` };
    expect(await start(shell, programs)).toMatchObject({ code: 0 });
    expect(await startAgain(shell, programs)).toMatchObject({ code: 0 });
    const remembered = fs.readFileSync(memory, 'utf-8');
    const inStore = new RegExp(`^(${linked.slice('/nix/'.length)}\\S*)\t.*$`, 'm');
    expect(remembered).toMatch(inStore);

    for (const lie of ['/nix/store/nowhere', 'nowhere']) {
      fs.writeFileSync(memory, remembered.replace(inStore, `$1\t${lie}`));
      expect(await startAgain(shell, programs)).toMatchObject({ code: 0, stderr: '' });
      expect(fs.readFileSync(memory, 'utf-8').split('\n').sort()).toEqual(remembered.split('\n').sort());
    }
    await host('rm', '-rf', path.join(volume.root, plain));
    expect(await start(shell, programs)).toMatchObject({ code: 56 });
  });

  test('each start is noted, and what has to be brought, forgotten or told is left to the script that does', async () => {
    const age = (file: string) => fs.statSync(path.join(volume.nix, SET, '.starts', file)).mtimeMs;
    await start(shell, { app: plain });
    const [noted] = fs.readdirSync(path.join(volume.nix, SET, '.starts'));
    await host('touch', '-d', '@1000000', path.join(volume.nix, SET, '.starts', noted));
    expect(await startAgain(shell, { app: plain })).toMatchObject({ code: 0 });
    expect(age(noted)).toBeGreaterThan(1e12);

    expect(await startAgain(shell, { app: plain, more: linked })).not.toMatchObject({ code: 0 });
    expect(await start(shell, { app: plain, more: linked })).toMatchObject({ code: 0, stdout: expect.stringMatching(/app is .*, there already\n(.*\n)?.*more is .*, brought\n/) });
    // A rollback, after which the others are former ones.
    expect(await startAgain(shell, { app: plain })).not.toMatchObject({ code: 0 });
    expect(await start(shell, { app: plain }, { PROGRAMS_KEEP: '0' })).toMatchObject({ code: 0 });
    expect(fs.readdirSync(path.join(volume.nix, SET)).filter(name => !name.startsWith('.'))).toEqual(['app']);

    await host('rm', '-rf', path.join(volume.root, plain));
    const lost = await start(shell, { app: plain });
    expect(lost).toMatchObject({ code: 53, stderr: expect.stringMatching(/^bring-programs: error: app: the store has lost /) });
    expect(lost.lastWords).toBe(lost.stderr.trimEnd());
  });

  test('former ones that stay for a while cost a start nothing until they may go', async () => {
    const keepOne = { PROGRAMS_KEEP: '1' };
    const startLast = async () => start(shell, { app: plain }, { ...keepOne, PROGRAMS_SCRIPT: '/nowhere' });
    for (const name of ['a', 'b', 'c', 'app']) {
      expect(await start(shell, { [name]: plain }, keepOne)).toMatchObject({ code: 0 });
      // Some shell compares times by the second.
      await sleep(1000);
    }
    expect(await startLast()).toMatchObject({ code: 0, stderr: '' });
    await host('find', path.join(volume.nix, SET), '-exec', 'touch', '-h', '-d', '@1000000000', '{}', '+');
    expect(await startLast()).not.toMatchObject({ code: 0 });
    expect(await start(shell, { app: plain }, keepOne)).toMatchObject({ code: 0 });
    expect(fs.readdirSync(path.join(volume.nix, SET, '.starts'))).toHaveLength(2);
    expect(await startLast()).toMatchObject({ code: 0, stderr: '' });
  });

  test.each<[string, { [name: string]: string }, RegExp]>([
    ['PROGRAMS_SET', { PROGRAMS_SET: '../x' }, /PROGRAMS_SET is '..\/x'; it must be letters/],
    ['PROGRAMS_KEEP', { PROGRAMS_KEEP: 'all' }, /PROGRAMS_KEEP is 'all'; it must be a whole number/],
    ['CARE_TIMEOUT', { CARE_TIMEOUT: 'long' }, /CARE_TIMEOUT is 'long'; it must be a whole number/],
    ['CARE_ON_FAILURE', { CARE_ON_FAILURE: 'sleep' }, /CARE_ON_FAILURE is 'sleep'; it must be one of/],
    ['PROGRAMS_BUILD', { PROGRAMS_BUILD: 'yes' }, /nothing can be built while the store is at/],
  ])('a wrong %s is told, also where all is there', async (_, environment, words) => {
    expect(await start(shell, { app: plain })).toMatchObject({ code: 0 });
    const refused = await start(shell, { app: plain }, environment);
    expect(refused).toMatchObject({ code: 10, stderr: expect.stringMatching(/^bring-programs: error: /) });
    expect(refused.stderr).toMatch(words);
  });
});

// The shell of a busybox has a sha256sum of its own.
test.each(SHELLS.slice(0, 2))('an image whose database cannot be read is told, under %s', async shell => {
  const finished = await start(shell, {}, { PATH: '/mnt/results:/usr/sbin:/usr/bin:/bin' }, { sha256sum: '#!/bin/sh\nexit 1\n' });
  expect(finished).toMatchObject({ code: 20, stderr: "seed-nix-store: error: cannot read the image's Nix database\n" });
});
