import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { App, Chart, Size, Yaml } from 'cdk8s';
import { Node } from './kubelet/node';
import { Pod } from './kubelet/pod';
import { NixBinaryCache, NixDeployment, NixImage, NixJob, NixStore, Substituter } from '../../src';
import { busyboxImage, nginxImage, seedImage } from '../support/images';
import { Manifest } from '../support/kubernetes/manifest';
import { makeBinaryCache, SignedCache } from '../support/signed-cache';
import { only } from '../support/synth';

const SEED = 'registry.local/nix:1.0.0';
const NGINX = 'registry.local/nginx:1.0.0';
const HTTPD = 'registry.local/httpd:1.0.0';
const UPSTREAM_PORT = 8081;
/** How nginx calls the upstream, and what it is served under. */
const UPSTREAM = `127.0.0.1:${UPSTREAM_PORT}`;
const FOLDER = `127.0.0.1-${UPSTREAM_PORT}`;

describe('a binary cache', () => {
  const node = new Node({ [SEED]: seedImage(), [NGINX]: nginxImage(), [HTTPD]: busyboxImage() });
  const folder = mkdtempSync(path.join(tmpdir(), 'e2e-binary-cache-'));
  let signed: SignedCache;
  let jobName: string;
  let upstream: Pod;
  let cache: Pod;
  let workspace: Pod;

  beforeAll(async () => {
    chmodSync(folder, 0o755);
    signed = await makeBinaryCache(folder, 'upstream-1', { wanted: 50_000, forged: 1000, other: 1000 });
    const chart = new Chart(new App(), 'e2e');
    const binaryCache = new NixBinaryCache(chart, 'cache', {
      image: NGINX,
      upstreams: [Substituter.of(`http://${UPSTREAM}`, signed.publicKey)],
      volumeSize: Size.gibibytes(1),
      retain: true,
    });
    const common = { image: NixImage.of(SEED), config: { defaultSubstituter: false } };
    const deployment = new NixDeployment(chart, 'workspace', common);
    const job = new NixJob(chart, 'build', {
      ...common,
      store: NixStore.ephemeral(),
      containers: [{ name: 'build', image: SEED, command: ['sh', '-ec', `nix-store --realise "$0" && ${check('$0')}`, signed.paths.wanted.storePath] }],
    });
    [deployment, job].forEach(({ environment }) => environment.useBinaryCache(binaryCache));
    const manifests = chart.toJson();
    jobName = only(manifests, 'Job').metadata.name;
    node.apply(Yaml.stringify(...manifests));
    node.apply(upstreamManifests(signed));

    // Before its upstream, which it must not need to start.
    [cache] = node.rollOut('StatefulSet', binaryCache.statefulSet.name);
    [upstream] = node.rollOut('Pod', 'upstream', { besides: cache });
    [workspace] = node.rollOut('Deployment', deployment.name, { besides: cache });
  });

  afterAll(() => {
    node.destroy();
    rmSync(folder, { recursive: true });
  });

  /** What the cache did with each question for the files of a path. */
  function answers(name: string): string[] {
    const { narInfo, nar } = signed.paths[name];
    const lines = cache.logs().split('\n').filter(line => [narInfo, nar].some(file => line.includes(`GET /${FOLDER}/${file} `)));
    return lines.map(line => line.split(' ').pop()!);
  }

  test('brings a workspace what it has not, with the signature of the upstream', () => {
    const { storePath } = signed.paths.wanted;
    expect(workspace.exec(['test', '-e', storePath]).code).toBe(1);
    workspace.run(['nix-store', '--realise', storePath]);
    expect(workspace.sh(check(storePath))).toBe('50000');
    expect(workspace.run(['nix', 'path-info', '--sigs', storePath])).toMatch(/\supstream-1:/);
    expect(answers('wanted')).toEqual(['MISS', 'MISS']);
  });

  test('brings nothing past the check of signatures', () => {
    const { storePath } = signed.paths.forged;
    const { code, stderr } = workspace.exec(['nix-store', '--realise', storePath]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('not signed by any of the keys');
    expect(answers('forged')).toContain('MISS');
    expect(workspace.exec(['test', '-e', storePath]).code).toBe(1);
  });

  test('brings it to a second workload while the upstream is gone', () => {
    upstream.stop();
    const { code, stderr } = workspace.exec(['nix-store', '--realise', signed.paths.other.storePath]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('HTTP error 502');
    expect(node.complete('Job', jobName, { besides: cache }).get('build')).toMatch(/^50000$/m);
    expect(answers('wanted')).toEqual(['MISS', 'MISS', 'HIT', 'HIT']);
  });
});

/** Prints how many bytes a path has, if they are what its registration says. */
function check(storePath: string): string {
  return `nix-store --verify-path "${storePath}" && wc -c < "${storePath}/data"`;
}

/** A static web server with the files of the cache, one of which is signed for another path. */
function upstreamManifests(signed: SignedCache): Manifest[] {
  const read = (file: string) => readFileSync(path.join(signed.folder, file), 'utf8');
  const signature = (narInfo: string) => /^Sig: .*$/m.exec(narInfo)![0];
  const { wanted, forged } = signed.paths;
  const files = Object.values(signed.paths).flatMap(({ narInfo, nar }) => [narInfo, nar]);
  const contents = new Map(files.map(file => [file, readFileSync(path.join(signed.folder, file))]));
  contents.set(forged.narInfo, Buffer.from(read(forged.narInfo).replace(signature(read(forged.narInfo)), signature(read(wanted.narInfo)))));
  return [{
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'upstream' },
    binaryData: Object.fromEntries([...contents].map(([file, content]) => [path.basename(file), content.toString('base64')])),
  }, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'upstream' },
    spec: {
      containers: [{
        name: 'httpd',
        image: HTTPD,
        command: ['httpd', '-f', '-p', String(UPSTREAM_PORT), '-h', '/srv'],
        readinessProbe: { httpGet: { path: `/${wanted.narInfo}`, port: UPSTREAM_PORT } },
        volumeMounts: [{ name: 'files', mountPath: '/srv' }],
      }],
      volumes: [{ name: 'files', configMap: { name: 'upstream', items: files.map(file => ({ key: path.basename(file), path: file })) } }],
      terminationGracePeriodSeconds: 1,
    },
  }];
}
