import { spawnSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';

/* The script in a repository of its own, with a builder that does what the real one does on a bad day. */

const SCRIPT = path.join(__dirname, '../support/debian-rootfs.sh');

let repository: string;
let cache: string;

beforeEach(() => {
  repository = fs.mkdtempSync(path.join(os.tmpdir(), 'debian-rootfs-'));
  cache = path.join(repository, '.cache/rootfs');
  fs.mkdirSync(path.join(repository, 'test/support'), { recursive: true });
  fs.mkdirSync(path.join(repository, 'bin'));
  fs.copyFileSync(SCRIPT, path.join(repository, 'test/support/debian-rootfs.sh'));
});

afterEach(() => {
  mounts().forEach(place => spawnSync('umount', ['--lazy', place]));
  fs.rmSync(repository, { recursive: true });
});

/** What is mounted below the repository, as this machine sees it. */
function mounts(): string[] {
  return fs.readFileSync('/proc/self/mountinfo', 'utf-8').split('\n').map(line => line.split(' ')[4]).filter(place => place?.startsWith(repository));
}

/** The builder gets the folder to fill as $root. */
function rootfs(builder: string) {
  const program = path.join(repository, 'bin/mmdebstrap');
  fs.writeFileSync(program, `#!/bin/sh\nset -e\nfor root in "$@"; do case $root in *.part) break ;; esac; done\n${builder}\n`, { mode: 0o755 });
  const { status, stdout, stderr } = spawnSync('sh', [path.join(repository, 'test/support/debian-rootfs.sh'), 'trixie', 'system', 'hello'], {
    env: { PATH: `${repository}/bin:${process.env.PATH}`, DEBIAN_MIRROR: 'http://mirror.example.org' },
    encoding: 'utf-8',
  });
  return { status, folder: stdout.trim(), stderr };
}

const FILL = 'mkdir -p "$root/proc" "$root/dev"; echo made >"$root/file"';

test('what the builder left mounted is not in the root, nor seen by anybody', () => {
  const { status, folder, stderr } = rootfs(`${FILL}; mount -t proc proc "$root/proc"; mount -t tmpfs tmpfs "$root/dev"; touch "$root/dev/null"`);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(mounts()).toEqual([]);
  expect(fs.readFileSync(path.join(folder, 'file'), 'utf-8')).toBe('made\n');
  expect([...fs.readdirSync(path.join(folder, 'proc')), ...fs.readdirSync(path.join(folder, 'dev'))]).toEqual([]);
});

test('a builder that fails leaves nothing, and the next one makes it whole', () => {
  expect(rootfs(`${FILL}; mount -t proc proc "$root/proc"; exit 25`).status).toBe(25);
  expect(fs.readdirSync(cache)).toEqual(['system.lock']);
  expect(rootfs(FILL).status).toBe(0);
  expect(fs.readdirSync(cache).sort()).toEqual(['system', 'system.lock']);
});

test('what a killed one left goes first, and what is mounted in it is only let go', () => {
  const theirs = path.join(repository, 'theirs');
  const left = path.join(cache, 'system.part/dev');
  [theirs, left].forEach(folder => fs.mkdirSync(folder, { recursive: true }));
  fs.writeFileSync(path.join(theirs, 'file'), '');
  spawnSync('mount', ['--bind', theirs, left]);
  expect(rootfs(FILL).status).toBe(0);
  expect(mounts()).toEqual([]);
  expect(fs.readdirSync(theirs)).toEqual(['file']);
  expect(fs.readdirSync(cache).sort()).toEqual(['system', 'system.lock']);
});

test('a root of old in which something is still mounted is a clean one again', () => {
  const { folder } = rootfs(FILL);
  spawnSync('mount', ['-t', 'proc', 'proc', path.join(folder, 'proc')]);
  expect(rootfs('exit 1')).toEqual({ status: 0, folder, stderr: '' });
  expect(fs.readdirSync(path.join(folder, 'proc'))).toEqual([]);
});

test('without room for it nothing begins', () => {
  fs.mkdirSync(cache, { recursive: true });
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=20M', 'tmpfs', cache]);
  const { status, stderr } = rootfs(FILL);
  expect(status).toBe(1);
  expect(stderr).toContain(`${cache} has 20 MiB left, and a root file system needs 2048`);
  expect(fs.readdirSync(cache)).toEqual(['system.lock']);
});
