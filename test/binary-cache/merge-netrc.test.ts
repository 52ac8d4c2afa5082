import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { Upstream } from './support/upstream';
import { inNixPod, realise, Result } from '../support/nix-pod';
import { makeBinaryCache, SignedCache } from '../support/signed-cache';

const SHELLS = ['dash', 'busybox sh', 'bash --posix'];

let folder: string;
let ours: SignedCache;
let theirs: SignedCache;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'merge-netrc-'));
  fs.chmodSync(folder, 0o755);
  fs.copyFileSync(path.join(__dirname, '../../scripts/merge-netrc.sh'), path.join(folder, 'merge-netrc.sh'));
  ours = await makeBinaryCache(folder, 'ours-1', { ours: 100 });
  theirs = await makeBinaryCache(folder, 'theirs-1', { theirs: 200 });
});

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

interface Merged extends Result {
  readonly file: string;
  readonly terminationLog: string;
}

/** Run the script as the init container does. */
async function merge(shell: string, parts: { [name: string]: string }, folderMode = 0o755, unset = 'NOTHING'): Promise<Merged> {
  const run = fs.mkdtempSync(path.join(folder, 'run-'));
  fs.mkdirSync(path.join(run, 'parts'));
  fs.mkdirSync(path.join(run, 'joined'));
  [run, path.join(run, 'parts'), path.join(run, 'joined')].forEach(made => fs.chmodSync(made, 0o755));
  fs.chownSync(path.join(run, 'joined'), 1001, 1001);
  fs.chmodSync(path.join(run, 'joined'), folderMode);
  fs.writeFileSync(path.join(run, 'termination-log'), '');
  fs.chmodSync(path.join(run, 'termination-log'), 0o666);
  for (const [name, content] of Object.entries(parts)) {
    fs.writeFileSync(path.join(run, 'parts', name), content);
    fs.chownSync(path.join(run, 'parts', name), 0, 1001);
    fs.chmodSync(path.join(run, 'parts', name), 0o440);
  }
  const inPod = `/mnt/work/${path.basename(run)}`;
  const environment = `NETRC_PARTS=${inPod}/parts NETRC_FILE=${inPod}/joined/netrc NETRC_TERMINATION_LOG=${inPod}/termination-log`;
  const result = await inNixPod(folder, [], `export ${environment}; unset ${unset}; exec ${shell} /mnt/work/merge-netrc.sh`);
  return { ...result, file: path.join(run, 'joined/netrc'), terminationLog: fs.readFileSync(path.join(run, 'termination-log'), 'utf-8') };
}

describe.each(SHELLS)('%s', shell => {
  test('joins the files in their order, with and without an end of their last line, for this user only', async () => {
    const { code, output, file, terminationLog } = await merge(shell, {
      '00-team-netrc': 'machine a.example.org login me password p*ss',
      '01-org-netrc': 'machine b.example.org\n  login you\n  password default\n',
      '02-rest-netrc': '# default\ndefault login any password thing\n',
    });
    // Nothing of the content is in the log.
    expect([code, output, terminationLog]).toEqual([0, '', '']);
    expect(fs.readFileSync(file, 'utf-8').split(/\s+/).join(' ').trim()).toBe(
      'machine a.example.org login me password p*ss machine b.example.org login you password default # default default login any password thing');
    expect(fs.statSync(file)).toMatchObject({ uid: 1001, mode: 0o100600 });
  });

  test.each([
    ['an empty file', { '00-a-netrc': '', '01-b-netrc': 'machine b login c password secret' }, 'merge-netrc: 00-a-netrc is empty\n'],
    ['a default entry before other files', { '00-a-netrc': 'default login c password secret\n', '01-b-netrc': 'machine b login c password secret' },
      'merge-netrc: 00-a-netrc has a `default` entry, which hides 01-b-netrc: give it last\n'],
  ])('refuses %s, without showing what is in it', async (_, parts, message) => {
    const { code, output, file, terminationLog } = await merge(shell, parts);
    expect([code, output, terminationLog, fs.existsSync(file)]).toEqual([1, message, message, false]);
  });

  test('what a program could not do is in the termination log as well', async () => {
    const { code, output, terminationLog } = await merge(shell, { '00-a-netrc': 'machine a login b password secret' }, 0o555);
    expect([code, terminationLog]).toEqual([1, expect.stringMatching(/^merge-netrc: cannot join the files of \S+ to \S+: see above\n$/)]);
    expect(output.endsWith(terminationLog)).toBe(true);
    expect(output).not.toContain('secret');
  });

  test.each(['NETRC_PARTS', 'NETRC_FILE'])('%s that is not set is told in the termination log as well', async variable => {
    const { code, output, terminationLog } = await merge(shell, { '00-a-netrc': 'machine a login b password secret' }, 0o755, variable);
    const message = `merge-netrc: ${variable} is not set\n`;
    expect([code, output, terminationLog]).toEqual([1, message, message]);
  });
});

test('Nix gets into two private caches with the joined file, and into neither with one alone', async () => {
  const upstreams = [await Upstream.start(ours.folder, { credentials: 'us:one' }), await Upstream.start(theirs.folder, { credentials: 'them:two' })];
  // A netrc knows hosts, not ports.
  const urls = [upstreams[0].url('127.0.0.1'), upstreams[1].url('localhost')];
  const settings = [`substituters = ${urls.join(' ')}`, `trusted-public-keys = ${ours.publicKey} ${theirs.publicKey}`];
  const both = [ours.paths.ours.storePath, theirs.paths.theirs.storePath];
  const parts = { '00-ours-netrc': 'machine 127.0.0.1 login us password one', '01-theirs-netrc': 'machine localhost login them password two\n' };
  try {
    const joined = await merge('dash', parts);
    const netrc = (file: string): string => `netrc-file = /mnt/work/${path.relative(folder, file)}`;
    expect(await realise(folder, [...settings, netrc(joined.file)], ...both)).toMatchObject({ code: 0, output: expect.stringContaining('100\n200\n') });

    const alone = await merge('dash', { '00-ours-netrc': parts['00-ours-netrc'] });
    expect(await realise(folder, [...settings, netrc(alone.file)], ...both)).toMatchObject({ code: 1 });
  } finally {
    await Promise.all(upstreams.map(upstream => upstream.goAway()));
  }
});
