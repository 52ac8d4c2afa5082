import { spawn } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { CACHE, podman, RUN_LABEL } from '../support/podman';
import { mountsIn } from '../support/run/run-folder';

const REPOSITORY = path.join(__dirname, '../..');

/*
 * Runs of the suites that go wrong, each a jest of its own with its own folder for temporary files, and with images and containers
 * apart from those of the suites that run meanwhile.
 */

process.env.CDK8S_NIX_TEST_STORAGE = path.join(CACHE, 'podman-leftovers');

let folder: string;
let notes: string;
/** What the runs print, outside of what they may leave something in. */
let log: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'leftovers-'));
  notes = path.join(folder, 'notes');
  log = `${folder}.log`;
});

afterEach(() => {
  fs.rmSync(log);
  fs.rmSync(folder, { recursive: true });
});

/** The configurations of jest, by what they run. */
const SUITES = {
  system: () => JSON.parse(fs.readFileSync(path.join(REPOSITORY, 'jest.system.json'), 'utf-8')),
  unit: () => ({ ...JSON.parse(fs.readFileSync(path.join(REPOSITORY, 'package.json'), 'utf-8')).jest, testPathIgnorePatterns: [], reporters: [] }),
};

function startRun(fixture: string, suites: keyof typeof SUITES = 'system') {
  const config = {
    ...SUITES[suites](),
    rootDir: REPOSITORY,
    // Not what other suites make and remove in .cache meanwhile, which jest would look through.
    roots: ['src', 'test'].map(name => path.join(REPOSITORY, name)),
    testMatch: [`**/fixtures/${fixture}.ts`],
    cacheDirectory: path.join(REPOSITORY, '.cache/jest'),
  };
  const output = fs.openSync(log, 'a');
  const child = spawn('node', [path.join(REPOSITORY, 'node_modules/.bin/jest'), '--config', JSON.stringify(config)], {
    env: { ...process.env, TMPDIR: folder, LEFTOVERS: notes },
    stdio: ['ignore', output, output],
  });
  fs.closeSync(output);
  return { child, ended: new Promise<number | null>(resolve => child.on('close', resolve)) };
}

/** A run that waits, having made what it can. Other suites use the machine at the same time, so one that could not make it all is followed by another. */
async function startedRun(fixture: string, suites: keyof typeof SUITES = 'system') {
  fs.writeFileSync(path.join(folder, 'wait'), '');
  for (let attempt = 1; attempt <= 3; attempt++) {
    const run = startRun(fixture, suites);
    while (!fs.existsSync(notes) && run.child.exitCode === null) {
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    if (fs.existsSync(notes)) {
      return run;
    }
    console.error(`run ${attempt} ended before it had made everything:\n${fs.readFileSync(log, 'utf-8')}`);
  }
  throw new Error('no run could make everything');
}

/** What the run that left everything had. */
function things() {
  const { folder: used, cgroups, pid } = JSON.parse(fs.readFileSync(notes, 'utf-8'));
  const containers = podman(['ps', '--all', '--quiet', '--filter', `label=${RUN_LABEL}=${pid}`]);
  return {
    folders: fs.existsSync(used) ? [used] : [],
    mounts: mountsIn(folder),
    loops: fs.readdirSync('/sys/block').filter(name => name.startsWith('loop')).map(name => `/sys/block/${name}/loop/backing_file`)
      .filter(file => fs.existsSync(file) && fs.readFileSync(file, 'utf-8').includes(folder)),
    cgroups: cgroups.filter((group: string) => fs.existsSync(group)),
    containers: containers === '' ? [] : containers.split('\n'),
    imageMounts: podman(['image', 'mount']).split('\n').filter(line => line.includes('busybox')),
  };
}

const NOTHING = { folders: [], mounts: [], loops: [], cgroups: [], containers: [], imageMounts: [] };

test('a run that failed leaves nothing on the machine', async () => {
  expect(await startRun('leaves-everything').ended).toBe(1);
  expect(things()).toEqual(NOTHING);
});

test('an interrupted run leaves nothing on the machine', async () => {
  const { child, ended } = await startedRun('leaves-everything');
  expect(things().containers).toHaveLength(2);
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(things()).toEqual(NOTHING);
});

test('a run of the unit tests that failed leaves no folder', async () => {
  expect(await startRun('leaves-a-folder', 'unit').ended).toBe(1);
  expect(fs.readdirSync(folder)).toEqual(['notes']);
});

test.each([['SIGINT', 130], ['SIGTERM', 143]] as const)('a run of the unit tests that %s ends leaves no folder', async (signal, code) => {
  const { child, ended } = await startedRun('leaves-a-folder', 'unit');
  child.kill(signal);
  expect(await ended).toBe(code);
  expect(fs.readdirSync(folder).sort()).toEqual(['notes', 'wait']);
});

test('what a killed run left goes with the next one', async () => {
  const { child, ended } = await startedRun('leaves-everything');
  child.kill('SIGKILL');
  await ended;
  const left = things();
  expect(left).toMatchObject({ folders: [expect.anything()], mounts: expect.arrayContaining([expect.anything()]), imageMounts: [expect.anything()] });
  expect(left.loops).toHaveLength(2);
  expect(left.containers).toHaveLength(2);
  expect(await startRun('does-nothing').ended).toBe(0);
  expect(things()).toEqual(NOTHING);
});
