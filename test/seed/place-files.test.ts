import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { Finished, host, modeOf, REPOSITORY, run, USER_ID } from './support/container';
import { Shell, SHELLS } from './support/seeder';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'place-files-'));
  // As the kubelet lays a Secret out: links into a folder that it swaps as a whole.
  for (const [number, files] of Object.entries({ 0: { '.netrc': 'machine example.org' }, 1: { 'id_ed25519': 'key', '.hidden': 'also', 'with space': '' } })) {
    fs.mkdirSync(path.join(folder, 'from', number, '..2026'), { recursive: true });
    fs.symlinkSync('..2026', path.join(folder, 'from', number, '..data'));
    for (const [name, content] of Object.entries(files)) {
      fs.writeFileSync(path.join(folder, 'from', number, '..2026', name), content, { mode: 0o444 });
      fs.symlinkSync(`..data/${name}`, path.join(folder, 'from', number, name));
    }
  }
  fs.mkdirSync(path.join(folder, 'to'));
  fs.chownSync(path.join(folder, 'to'), 0, USER_ID);
  fs.chmodSync(path.join(folder, 'to'), 0o2775);
});
afterEach(async () => { await host('rm', '-rf', folder); });

async function place(shell: Shell, ...modes: string[]): Promise<Finished> {
  return run({
    mounts: { [path.join(folder, 'from')]: '/mnt/from:ro', [path.join(folder, 'to')]: '/mnt/to', [path.join(REPOSITORY, 'scripts')]: '/opt/cdk8s-nix:ro' },
    command: [...shell.split(' '), '/opt/cdk8s-nix/place-files.sh', '/mnt/from', '/mnt/to', ...modes],
  });
}

describe.each(SHELLS)('in %s', shell => {
  test('files belong to the user and have the modes asked for', async () => {
    expect(await place(shell, '0600', '0444')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const to = path.join(folder, 'to');
    expect(fs.readdirSync(path.join(to, '0'))).toEqual(['.netrc']);
    expect(fs.readdirSync(path.join(to, '1')).sort()).toEqual(['.hidden', 'id_ed25519', 'with space']);
    expect(fs.readFileSync(path.join(to, '0/.netrc'), 'utf-8')).toBe('machine example.org');
    expect(fs.statSync(path.join(to, '0/.netrc')).uid).toBe(USER_ID);
    expect(modeOf(path.join(to, '0/.netrc'))).toBe('600');
    expect(modeOf(path.join(to, '1/id_ed25519'))).toBe('444');
    expect(modeOf(path.join(to, '1'))).toBe('700');
  });

  test('a second run, as after a kill, brings what the Secret holds now', async () => {
    await place(shell, '0400', '0400');
    fs.chmodSync(path.join(folder, 'from/0/..2026/.netrc'), 0o644);
    fs.writeFileSync(path.join(folder, 'from/0/..2026/.netrc'), 'machine example.net');
    expect(await place(shell, '0400', '0400')).toMatchObject({ code: 0, stderr: '' });
    expect(fs.readFileSync(path.join(folder, 'to/0/.netrc'), 'utf-8')).toBe('machine example.net');
  });
});
