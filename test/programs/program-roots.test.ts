import * as fs from 'fs';
import * as path from 'path';
import { host, sleep } from '../seed/support/container';
import { Image } from '../seed/support/image';
import { seedWell, SHELLS } from '../seed/support/seeder';
import { Volume } from '../seed/support/volume';
import { care, CareOptions, inWorkload, startCaring } from '../store-care/support/care';

const PROGRAMS = 'var/nix/gcroots/cdk8s-nix-programs';
const DAY = 86400;

/** What pods ask for: a container, and the version of its program. */
type Version = readonly [container: string, version: number];

let image: Image;
let seeded: Volume;
let volume: Volume;
let paths: string[];

beforeAll(async () => {
  image = await Image.build({ version: '1', release: '2.26' });
  seeded = await Volume.create();
  await seedWell(image, seeded);
  // Rooted by nothing but what is asked of them.
  paths = await inWorkload(image, seeded, 'for n in 0 1 2 3 4; do nix-build --quiet --no-out-link /support/thing.nix --argstr name "program-$n"; done');
});
afterAll(async () => seeded.dispose());
beforeEach(async () => { volume = await seeded.clone(); });
afterEach(async () => volume.dispose());

const args = (versions: Version[]) => versions.flatMap(([container, version]) => [container, `k${version}`, 'package', paths[version]]);

/** Former versions go as soon as there are too many of them. */
const AT_ONCE = { PROGRAMS_GRACE: '0' };

/** What a pod does that starts with these programs: it must succeed. */
async function start(versions: Version[], environment: { [name: string]: string } = {}, options: CareOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await care('bring-programs', image, volume, { ...options, args: args(versions), environment: { ...AT_ONCE, ...environment } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  if (options.shell?.startsWith('busybox')) {
    // Its ls knows no parts of seconds.
    await sleep(1000);
  }
  return stdout;
}

async function collect(environment: { [name: string]: string } = {}): Promise<string> {
  const { code, stdout, stderr } = await care('collect-garbage', image, volume, { environment });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** What stays rooted, as container/key. */
function rooted(set = 'default'): string[] {
  const folder = path.join(volume.nix, PROGRAMS, set);
  return fs.existsSync(folder) ? fs.readdirSync(folder).filter(name => !name.startsWith('.'))
    .flatMap(name => fs.readdirSync(path.join(folder, name)).map(key => `${name}/${key}`)).sort() : [];
}

const inStore = () => paths.map((made, version) => volume.exists(made.slice('/nix/'.length)) ? version : undefined).filter(version => version !== undefined);

/** Makes the last start with a program one that was that long ago. */
async function startedAgo(days: number, [container, version]: Version): Promise<void> {
  const folder = path.join(volume.nix, PROGRAMS, 'default/.starts');
  const notes = fs.readdirSync(folder).map(name => path.join(folder, name)).filter(note => fs.readFileSync(note, 'utf-8').includes(` ${container}/k${version} `));
  expect(notes).toHaveLength(1);
  await host('touch', '-d', `@${Math.round(Date.now() / 1000 - days * DAY)}`, ...notes);
}

/** Makes a workload one whose last start was that long ago. */
async function lastStarted(days: number, set = 'default'): Promise<void> {
  await host('find', path.join(volume.nix, PROGRAMS, set), '-exec', 'touch', '-h', '-d', `@${Math.round(Date.now() / 1000) - days * DAY}`, '{}', '+');
}

describe.each(SHELLS)('under %s', shell => {
  const KEEP_ONE = { PROGRAMS_KEEP: '1' };

  test('a renamed container is a former one: a rollback starts warm, and one version later it is garbage', async () => {
    await start([['old', 0]], KEEP_ONE, { shell });
    await start([['new', 1]], KEEP_ONE, { shell });
    expect(await start([['old', 0]], KEEP_ONE, { shell })).toContain(', there already\n');
    await start([['new', 1]], KEEP_ONE, { shell });
    await start([['new', 2]], KEEP_ONE, { shell });
    expect(rooted()).toEqual(['new/k1', 'new/k2']);
    await collect();
    expect(inStore()).toEqual([1, 2]);
  });

  test('so is one that is gone, with all others of its version', async () => {
    await start([['app', 0], ['proxy', 1], ['log', 2]], KEEP_ONE, { shell });
    await start([['app', 3]], KEEP_ONE, { shell });
    expect(rooted()).toEqual(['app/k0', 'app/k3', 'log/k2', 'proxy/k1']);
    expect(await start([['app', 0], ['proxy', 1], ['log', 2]], KEEP_ONE, { shell })).not.toContain(', brought');
    await start([['app', 3]], KEEP_ONE, { shell });
    await start([['app', 4]], KEEP_ONE, { shell });
    expect(rooted()).toEqual(['app/k3', 'app/k4']);
  });

  test('whoever keeps fewer of them than before needs no other program for that', async () => {
    for (const version of [0, 1, 2]) {
      await start([['app', version]], { PROGRAMS_KEEP: '2' }, { shell });
    }
    await start([['app', 2]], { PROGRAMS_KEEP: '2' }, { shell });
    expect(rooted()).toEqual(['app/k0', 'app/k1', 'app/k2']);
    await start([['app', 2]], { PROGRAMS_KEEP: '0' }, { shell });
    expect(rooted()).toEqual(['app/k2']);
  });
});

describe.each(SHELLS)('a version that may still run, under %s', shell => {
  const SPARING = { PROGRAMS_KEEP: '1', PROGRAMS_GRACE: String(DAY) };

  test('stays through rollouts that come whole and never become ready, and its container can be restarted', async () => {
    await start([['app', 0]], SPARING, { shell });
    await startedAgo(7, ['app', 0]);
    for (const version of [1, 2, 3, 4]) {
      await start([['app', version]], SPARING, { shell });
    }
    await collect();
    expect(rooted()).toEqual(['app/k0', 'app/k1', 'app/k2', 'app/k3', 'app/k4']);
    expect(inStore()).toEqual([0, 1, 2, 3, 4]);
  });

  test('goes when others have been the latest for as long as it was', async () => {
    for (const version of [0, 1]) {
      await start([['app', version]], SPARING, { shell });
    }
    await startedAgo(20, ['app', 0]);
    await startedAgo(11, ['app', 1]);
    await start([['app', 2]], SPARING, { shell });
    expect(rooted()).toEqual(['app/k1', 'app/k2']);
  });

  test('goes after a day if it was the latest for a moment, and after thirty whatever it was', async () => {
    for (const version of [0, 1, 2]) {
      await start([['app', version]], SPARING, { shell });
    }
    await startedAgo(400, ['app', 0]);
    await startedAgo(31, ['app', 1]);
    await startedAgo(30.9, ['app', 2]);
    await start([['app', 3]], SPARING, { shell });
    expect(rooted()).toEqual(['app/k2', 'app/k3']);
  });

  test('is not spared where no former one is kept', async () => {
    for (const version of [0, 1]) {
      await start([['app', version]], { ...SPARING, PROGRAMS_KEEP: '0' }, { shell });
    }
    expect(rooted()).toEqual(['app/k1']);
  });
});

describe.each(SHELLS)('what is brought ahead, under %s', shell => {
  const KEEP_ONE = { PROGRAMS_KEEP: '1' };
  const AHEAD = { ...KEEP_ONE, PROGRAMS_AHEAD: 'yes' };

  test.each(['0', '1'])('takes the place of nothing that a pod has started with, and of more than %s of itself the last is kept', async keep => {
    await start([['app', 0]], { PROGRAMS_KEEP: keep }, { shell });
    for (const version of [1, 2, 3]) {
      await start([['app', version]], { ...AHEAD, PROGRAMS_KEEP: keep }, { shell });
    }
    await collect();
    expect(rooted()).toEqual(['app/k0', 'app/k3']);
    expect(inStore()).toEqual([0, 3]);
  });

  test('stays while pods of former versions start, and is a version as any when one starts with it', async () => {
    await start([['app', 0]], KEEP_ONE, { shell });
    await start([['app', 1]], AHEAD, { shell });
    await start([['app', 2]], KEEP_ONE, { shell });
    await start([['app', 0]], KEEP_ONE, { shell });
    expect(rooted()).toEqual(['app/k0', 'app/k1', 'app/k2']);
    expect(await start([['app', 1]], KEEP_ONE, { shell })).toContain(', there already\n');
    expect(rooted()).toEqual(['app/k0', 'app/k1']);
    await start([['app', 3]], KEEP_ONE, { shell });
    expect(rooted()).toEqual(['app/k1', 'app/k3']);
  });
});

test('what was brought ahead goes with a workload that is gone, and not before', async () => {
  await start([['app', 0]], { PROGRAMS_AHEAD: 'yes' });
  await collect({ GC_FORGET_PROGRAMS_DAYS: '30' });
  expect(rooted()).toEqual(['app/k0']);
  await lastStarted(31);
  await collect({ GC_FORGET_PROGRAMS_DAYS: '30' });
  expect(volume.exists(`${PROGRAMS}/default`)).toBe(false);
});

test('a version that never came takes the place of none that did', async () => {
  await start([['app', 0]], { PROGRAMS_KEEP: '1' });
  for (const missing of ['x', 'y']) {
    const failed = await care('bring-programs', image, volume, {
      args: ['app', missing, 'package', `/nix/store/00000000000000000000000000000000-${missing}`], environment: { PROGRAMS_KEEP: '1' },
    });
    expect(failed).toMatchObject({ code: 55 });
  }
  await start([['app', 1]], { PROGRAMS_KEEP: '1' });
  expect(rooted()).toEqual(['app/k0', 'app/k1']);
});

test('of two workloads on one claim, none forgets what the other runs, however often it changes', async () => {
  await start([['app', 0]], { PROGRAMS_SET: 'other' });
  for (const version of [1, 2, 3, 4]) {
    await start([['app', version]], { PROGRAMS_KEEP: '0' });
  }
  expect(rooted('other')).toEqual(['app/k0']);
  await collect();
  expect(inStore()).toEqual([0, 4]);
});

test('two pods of one version that start at once keep what they run, and later ones do not take them for two', async () => {
  await Promise.all([start([['app', 0]]), start([['app', 0]])]);
  await start([['app', 1]], { PROGRAMS_KEEP: '1' });
  await start([['app', 2]], { PROGRAMS_KEEP: '1' });
  expect(rooted()).toEqual(['app/k1', 'app/k2']);
});

describe('workloads that are gone', () => {
  test('stay rooted, unless somebody says for how long', async () => {
    await start([['app', 0]]);
    await lastStarted(4000);
    await collect();
    expect(rooted()).toEqual(['app/k0']);
  });

  test('are forgotten when no pod has started for so long, and only they', async () => {
    await start([['app', 0]], { PROGRAMS_SET: 'gone' });
    await start([['app', 1]], { PROGRAMS_SET: 'rare' });
    await start([['app', 2]], { PROGRAMS_SET: 'own' });
    await lastStarted(31, 'gone');
    await lastStarted(29, 'rare');
    await lastStarted(31, 'own');
    const log = await collect({ GC_FORGET_PROGRAMS_DAYS: '30', PROGRAMS_SET: 'own' });
    expect(log).toContain('collect-garbage: no pod has run the programs of gone for long; they are rooted no more\n');
    expect(['gone', 'rare', 'own'].map(rooted)).toEqual([[], ['app/k1'], ['app/k2']]);
    expect(volume.exists(`${PROGRAMS}/gone`)).toBe(false);
    expect(inStore()).toEqual([1, 2]);
  });

  test('and are new ones when they come back', async () => {
    await start([['app', 0]]);
    await lastStarted(31);
    await start([['app', 0]]);
    await collect({ GC_FORGET_PROGRAMS_DAYS: '30' });
    expect(await start([['app', 0]])).toContain(', there already\n');
  });
});

describe('a pod that starts while its programs are forgotten', () => {
  const forgetting = () => path.join(volume.nix, PROGRAMS, 'default/.forgetting');

  test('waits, and brings again what it would have found', async () => {
    await start([['app', 0]]);
    fs.mkdirSync(forgetting());
    const starting = startCaring('bring-programs', image, volume, { args: args([['app', 0]]) });
    await sleep(1500);
    expect(starting.alive).toBe(true);
    for (const part of ['app', '.starts']) {
      fs.rmSync(path.join(volume.nix, PROGRAMS, 'default', part), { recursive: true });
    }
    fs.rmdirSync(forgetting());
    expect(await starting.finished).toMatchObject({ code: 0, stdout: expect.stringContaining(', brought\n') });
    expect(rooted()).toEqual(['app/k0']);
  });

  test('does not wait for one that was killed', async () => {
    await start([['app', 0]]);
    fs.mkdirSync(forgetting());
    expect(await start([['app', 0]])).toContain(', there already\n');
    expect(fs.existsSync(forgetting())).toBe(false);
  });
});
