import { execFileSync } from 'child_process';
import { createHash } from 'crypto';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { setTimeout as sleep } from 'timers/promises';
import { Duration, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { CaBundle, NixBinaryCacheProps, Substituter } from '../../src';
import { inNixPod, realise } from '../support/nix-pod';
import { makeBinaryCache, SignedCache } from '../support/signed-cache';
import { testChart } from '../support/synth';
import { NameServer } from './support/name-server';
import { RunningCache } from './support/running-cache';
import { Upstream } from './support/upstream';

const MIB = 1024 * 1024;
/** nginx counts whole seconds, and the last one in. */
const BEYOND_A_SECOND = 2100;

let folder: string;
let nameServer: NameServer;
let signed: SignedCache;
let upstream: Upstream;
const running: RunningCache[] = [];
const upstreams: Upstream[] = [];
const mounted: string[] = [];

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'binary-cache-'));
  fs.chmodSync(folder, 0o755);
  nameServer = await NameServer.start();
  const many = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`many${i}`, 6 * MIB]));
  signed = await makeBinaryCache(folder, 'upstream-1', { small: 1000, other: 2000, big: 20 * MIB, ...many });
});

afterEach(async () => {
  nameServer.isCutOff = false;
  await Promise.all(running.splice(0).map(cache => cache.kill()));
  await Promise.all(upstreams.splice(0).map(one => one.goAway()));
});

afterAll(() => {
  mounted.forEach(mount => execFileSync('umount', [mount]));
  nameServer.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

async function startUpstream(...args: Parameters<typeof Upstream.start>): Promise<Upstream> {
  const started = await Upstream.start(...args);
  upstreams.push(started);
  return started;
}

function makeVolume(): string {
  const volume = fs.mkdtempSync(path.join(folder, 'volume-'));
  fs.chownSync(volume, 101, 101);
  return volume;
}

/** A volume that is full soon. */
function makeSmallVolume(mebibytes: number): string {
  const volume = makeVolume();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,uid=101,gid=101,mode=755`, 'tmpfs', volume]);
  mounted.push(volume);
  return volume;
}

async function startCache(props: NixBinaryCacheProps = {}, volume: string = makeVolume(), caFile?: string): Promise<RunningCache> {
  const cache = await RunningCache.start(folder, volume, { upstreams: [Substituter.of(upstream.url(), signed.publicKey)], ...props }, caFile);
  running.push(cache);
  return cache;
}

function sha256(object: string): string {
  return createHash('sha256').update(fs.readFileSync(path.join(signed.folder, object))).digest('hex');
}

describe('one upstream', () => {
  beforeEach(async () => {
    upstream = await startUpstream(signed.folder);
  });

  test('a miss asks the upstream, a hit does not, and what describes the cache is our own', async () => {
    const cache = await startCache();
    const { narInfo, nar } = signed.paths.small;
    for (const object of [narInfo, nar, narInfo, nar]) {
      expect(await cache.get(object)).toMatchObject({ status: 200, sha256: sha256(object) });
    }
    expect(upstream.asked).toEqual([`/${narInfo}`, `/${nar}`]);
    expect((await cache.get('nix-cache-info')).text).toBe('StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 30\n');
    expect(cache.log).toMatch(/narinfo.* MISS\n[^]*narinfo.* HIT\n/);
  });

  test('nothing of a client reaches the upstream, and nothing of a session comes back', async () => {
    const cache = await startCache();
    await cache.get(signed.paths.small.narInfo, 0, { headers: { 'authorization': 'Basic c2VjcmV0', 'cookie': 'a=b', 'range': 'bytes=0-1', 'accept-encoding': 'gzip' } });
    expect(upstream.lastHeaders).toEqual({ 'host': new URL(upstream.url()).host, 'user-agent': 'cdk8s-nix-binary-cache' });
    expect((await fetch(`${cache.substituters[0]}/${signed.paths.small.narInfo}`)).headers.get('set-cookie')).toBeNull();
  });

  test.each([
    ['POST', { method: 'POST', body: 'x' }, 405],
    ['PUT', { method: 'PUT', body: 'x' }, 405],
    ['HEAD', { method: 'HEAD' }, 200],
  ])('%s', async (_, init, status) => {
    expect((await (await startCache()).get(signed.paths.small.narInfo, 0, init)).status).toBe(status);
  });

  test('a path with line ends in it is refused, not sent on', async () => {
    const cache = await startCache();
    expect((await cache.get('nar/x%0d%0aHost:%20evil.example.test%0d%0a')).status).toBe(404);
    expect(upstream.asked).toEqual([]);
  });

  test('a 404 is remembered for missTtl only', async () => {
    const cache = await startCache({ missTtl: Duration.seconds(1) });
    const object = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.narinfo';
    expect([(await cache.get(object)).status, (await cache.get(object)).status]).toEqual([404, 404]);
    expect(upstream.count(object)).toBe(1);
    fs.writeFileSync(path.join(signed.folder, object), 'pushed meanwhile');
    await sleep(BEYOND_A_SECOND);
    expect((await cache.get(object)).text).toBe('pushed meanwhile');
  });

  test('a restart keeps what was fetched', async () => {
    const cache = await startCache();
    const { narInfo, nar } = signed.paths.small;
    await cache.get(narInfo);
    await cache.get(nar);
    await cache.kill();
    await cache.start();
    expect([(await cache.get(narInfo)).sha256, (await cache.get(nar)).sha256]).toEqual([sha256(narInfo), sha256(nar)]);
    expect(upstream.asked).toHaveLength(2);
  });

  test('without the upstream: hits and outdated hits are served, a miss says why', async () => {
    const cache = await startCache({ hitTtl: Duration.seconds(1) });
    const { narInfo, nar } = signed.paths.small;
    await cache.get(narInfo);
    await cache.get(nar);
    await upstream.goAway();
    await sleep(BEYOND_A_SECOND);
    expect([(await cache.get(narInfo)).sha256, (await cache.get(nar)).sha256]).toEqual([sha256(narInfo), sha256(nar)]);
    expect(cache.log).toMatch(/narinfo.* STALE\n/);
    expect(await cache.get(signed.paths.other.narInfo)).toMatchObject({
      status: 502, text: `not in this cache, and its upstream cannot be reached: ${upstream.url()}/${signed.paths.other.narInfo}\n`,
    });
    // The failure is not remembered.
    await upstream.comeBack();
    expect((await cache.get(signed.paths.other.narInfo)).status).toBe(200);
  });

  test('when not even its name can be looked up, outdated hits are served too', async () => {
    const cache = await startCache({ hitTtl: Duration.seconds(1) });
    await cache.get(signed.paths.small.narInfo);
    nameServer.isCutOff = true;
    await sleep(BEYOND_A_SECOND);
    expect(await cache.get(signed.paths.small.narInfo)).toMatchObject({ status: 200, sha256: sha256(signed.paths.small.narInfo) });
    expect((await cache.get(signed.paths.other.narInfo)).status).toBe(502);
    nameServer.isCutOff = false;
    await sleep(BEYOND_A_SECOND);
    expect((await cache.get(signed.paths.other.narInfo)).status).toBe(200);
  });

  test('a pod that is told to stop sends what it has begun to', async () => {
    const cache = await startCache();
    upstream.delay = 1000;
    const answer = cache.get(signed.paths.many0.nar);
    await sleep(300);
    await cache.stop();
    expect((await answer).sha256).toBe(sha256(signed.paths.many0.nar));
  });

  test('it starts, and serves what it has, while the upstream is gone', async () => {
    const cache = await startCache();
    await cache.get(signed.paths.small.nar);
    await cache.kill();
    await upstream.goAway();
    await cache.start();
    expect((await cache.get(signed.paths.small.nar)).sha256).toBe(sha256(signed.paths.small.nar));
  });

  test.each([500, 503, 429])('an upstream that answers %i does not hide an outdated hit', async status => {
    const cache = await startCache({ hitTtl: Duration.seconds(1) });
    await cache.get(signed.paths.small.narInfo);
    upstream.brokenWith = status;
    await sleep(BEYOND_A_SECOND);
    expect((await cache.get(signed.paths.small.narInfo)).status).toBe(200);
    expect(cache.log).toMatch(/ STALE\n/);
    expect((await cache.get(signed.paths.other.narInfo)).status).toBe(status);
  });

  test('many that ask at once make one download', async () => {
    const cache = await startCache();
    upstream.delay = 700;
    const { nar } = signed.paths.many0;
    const answers = await Promise.all(Array.from({ length: 20 }, () => cache.get(nar)));
    expect(new Set(answers.map(answer => answer.sha256))).toEqual(new Set([sha256(nar)]));
    expect(upstream.count(nar)).toBe(1);
  });

  test('a redirect to a bucket is followed, and stored', async () => {
    const bucket = await startUpstream(signed.folder);
    upstream.redirectNarsTo = bucket.url('bucket.example.test');
    const cache = await startCache();
    const { nar } = signed.paths.many0;
    const answers = await Promise.all(Array.from({ length: 5 }, () => cache.get(nar)));
    expect(answers.map(answer => [answer.status, answer.sha256])).toEqual(Array(5).fill([200, sha256(nar)]));
    expect(bucket.count(nar)).toBe(1);
    await upstream.goAway();
    expect((await cache.get(nar)).sha256).toBe(sha256(nar));
  });
});

describe('several upstreams', () => {
  test('each has its folder, and the failure of one leaves the other alone', async () => {
    upstream = await startUpstream(signed.folder);
    const gone = await startUpstream(signed.folder);
    const cache = await startCache({ upstreams: [Substituter.of(gone.url('gone.example.test'), signed.publicKey), Substituter.of(upstream.url(), signed.publicKey)] });
    await gone.goAway();
    expect((await cache.get(signed.paths.small.narInfo, 0)).status).toBe(502);
    expect((await cache.get(signed.paths.small.narInfo, 1)).status).toBe(200);
    // Nix itself falls back from one substituter to the next.
    const result = await realise(folder, cache.nixConf(), signed.paths.small.storePath);
    expect(result).toMatchObject({ code: 0, output: expect.stringContaining('1000\n') });
  });

  test('a cache that is gone altogether is left out by Nix', async () => {
    upstream = await startUpstream(signed.folder);
    const cache = await startCache();
    await cache.kill();
    const result = await realise(folder, cache.nixConf([Substituter.of(upstream.url('127.0.0.1'), signed.publicKey)]), signed.paths.small.storePath);
    expect(result).toMatchObject({ code: 0, output: expect.stringContaining('1000\n') });
  });
});

describe('a volume of 64 MiB', () => {
  const sizes = { volumeSize: Size.gibibytes(1), maxSize: Size.mebibytes(32), minFree: Size.mebibytes(16) };

  beforeEach(async () => {
    upstream = await startUpstream(signed.folder);
  });

  test('when it is full, hits are served and misses passed on, whole; when there is room again, they are stored', async () => {
    const volume = makeSmallVolume(64);
    const cache = await startCache(sizes, volume);
    const { many0, many1 } = signed.paths;
    await cache.get(many0.nar);
    // Somebody else's file, which nginx cannot evict.
    execFileSync('sh', ['-c', 'dd if=/dev/zero of="$1/foreign" bs=1M status=none 2>/dev/null || true', 'sh', volume]);
    await cache.saying(/nothing is stored until there is more/);

    for (let i = 0; i < 2; i++) {
      expect(await cache.get(many1.nar)).toMatchObject({ status: 200, sha256: sha256(many1.nar) });
    }
    expect((await cache.get(many0.nar)).sha256).toBe(sha256(many0.nar));
    expect(upstream.count(many0.nar)).toBe(1);
    expect(await cache.get(many1.nar, 0, { headers: { range: 'bytes=1000000-1000003' } })).toMatchObject({ status: 206, bytes: 4 });
    expect(upstream.count(many1.nar)).toBe(3);
    expect(await realise(folder, cache.nixConf(), many1.storePath)).toMatchObject({ code: 0 });

    fs.rmSync(path.join(volume, 'foreign'));
    await cache.saying(/storing again/);
    const before = upstream.count(many1.nar);
    await cache.get(many1.nar);
    expect((await cache.get(many1.nar)).sha256).toBe(sha256(many1.nar));
    expect(upstream.count(many1.nar)).toBe(before + 1);
  });

  test('what is larger than half of minFree is passed on, whole', async () => {
    const cache = await startCache(sizes, makeSmallVolume(64));
    const { nar } = signed.paths.big;
    expect([(await cache.get(nar)).sha256, (await cache.get(nar)).sha256]).toEqual([sha256(nar), sha256(nar)]);
    expect(upstream.count(nar)).toBe(2);
  });

  test('more than fits goes through it, and the longest unused makes room', async () => {
    const volume = makeSmallVolume(64);
    const cache = await startCache(sizes, volume);
    const many = Object.entries(signed.paths).filter(([name]) => name.startsWith('many')).map(([, cached]) => cached.storePath);
    // All at once, faster than any volume of a real size fills up: what is cut off meanwhile, Nix fetches the rest of.
    expect(await realise(folder, cache.nixConf(), ...many)).toMatchObject({ code: 0 });

    const used = (): number => Number(execFileSync('du', ['-sm', volume], { encoding: 'utf-8' }).split('\t')[0]);
    for (let tries = 0; used() > 34 && tries < 150; tries++) {
      await sleep(100);
    }
    expect(used()).toBeLessThanOrEqual(34);
    expect(used()).toBeGreaterThan(12);
  });
});

describe('upstreams with TLS', () => {
  let tls: { key: string; cert: string; file: string };

  beforeAll(() => {
    const file = path.join(folder, 'certificate.pem');
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=upstream',
      '-addext', 'subjectAltName=DNS:upstream.example.test', '-keyout', `${file}.key`, '-out', file], { stdio: 'pipe' });
    tls = { key: fs.readFileSync(`${file}.key`, 'utf-8'), cert: fs.readFileSync(file, 'utf-8'), file };
    fs.chmodSync(file, 0o644);
  });

  test.each([
    ['whose certificate is trusted and names it is asked', 'upstream.example.test', true, 200],
    ['whose certificate names another host is refused', 'impostor.example.test', true, 502],
    ['whose certificate nobody trusts is refused', 'upstream.example.test', false, 502],
  ])('one %s', async (_, host, trusted, status) => {
    upstream = await startUpstream(signed.folder, { tls });
    const cache = await startCache({
      upstreams: [Substituter.of(upstream.url(host), signed.publicKey)],
      ...(trusted ? { caBundle: CaBundle.fromConfigMap(kplus.ConfigMap.fromConfigMapName(testChart(), 'Ca', 'ca')) } : {}),
    }, makeVolume(), tls.file);
    expect((await cache.get(signed.paths.small.narInfo)).status).toBe(status);
    expect(upstream.asked).toHaveLength(status === 200 ? 1 : 0);
    // Hosts that share an address tell by this name which certificate to show.
    expect(upstream.lastServerName).toBe(status === 200 ? host : undefined);
  });
});

describe('Nix', () => {
  let cache: RunningCache;

  beforeEach(async () => {
    upstream = await startUpstream(signed.folder);
    cache = await startCache();
  });

  test('realises a path through the cache with its signature checked, a second pod without asking the upstream', async () => {
    for (let pod = 0; pod < 2; pod++) {
      const result = await realise(folder, cache.nixConf(), signed.paths.big.storePath);
      expect(result).toMatchObject({ code: 0, output: expect.stringContaining(`${20 * MIB}\n`) });
    }
    expect(upstream.asked.filter(asked => /nar/.test(asked)).sort()).toEqual([`/${signed.paths.big.narInfo}`, `/${signed.paths.big.nar}`].sort());
  });

  test('copies a path from the cache', async () => {
    const { code, output } = await inNixPod(folder, [`trusted-public-keys = ${signed.publicKey}`, 'substituters ='],
      'nix copy --from "$1" "$2"; nix store verify --sigs-needed 1 "$2"', cache.substituters[0], signed.paths.small.storePath);
    expect([code, output]).toEqual([0, expect.not.stringContaining('untrusted')]);
  });

  test('refuses a path whose signature is of another key', async () => {
    const stranger = 'upstream-1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=';
    const { code, output } = await realise(folder, [...cache.nixConf(), `trusted-public-keys = ${stranger}`], signed.paths.small.storePath);
    expect([code, output]).toEqual([1, expect.stringMatching(/signature|not signed|is required, but/)]);
  });

  test('refuses a NAR that was altered on the way', async () => {
    const { nar, storePath } = signed.paths.other;
    const original = fs.readFileSync(path.join(signed.folder, nar));
    const altered = Buffer.from(original);
    altered.write('altered', 500);
    fs.writeFileSync(path.join(signed.folder, nar), altered);
    const { code, output } = await realise(folder, cache.nixConf(), storePath);
    fs.writeFileSync(path.join(signed.folder, nar), original);
    expect([code, output]).toEqual([1, expect.stringContaining('hash mismatch')]);
  });
});
