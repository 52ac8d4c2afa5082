import * as assert from 'assert/strict';
import { generateKeyPairSync } from 'crypto';
import { App, Chart, Size, Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixBinaryCache, NixDeployment, NixImage, NixJob, NixStore, Substituter } from '../../../src';
import { expression, Images, Place, RunningPod, Scenario } from '../scenario';

const PORT = 8081;
const KEY = 'upstream-1';

const NAMES = ['wanted', 'forged', 'other'];

/** Makes a binary cache in /srv of paths with these names. What is forged has the signature of another one. */
const MAKE_CACHE = `
${NAMES.map(name => `nix-build --no-out-link --expr '${expression(name)}' >/tmp/${name}`).join('\n')}
for name in ${NAMES.join(' ')}; do
  nix copy --to "file:///srv?compression=none&secret-key=/run/upstream/secret-key" "$(cat "/tmp/$name")"
done
narinfo() { read -r path <"/tmp/$1"; path=\${path#/nix/store/}; echo "/srv/\${path%%-*}.narinfo"; }
while IFS= read -r line; do case $line in Sig:*) signature=$line ;; esac; done <"$(narinfo wanted)"
while IFS= read -r line; do case $line in Sig:*) line=$signature ;; esac; echo "$line"; done <"$(narinfo forged)" >/srv/forged
mv -f /srv/forged "$(narinfo forged)"
trap 'exit 0' TERM
echo >/srv/ready
sleep infinity & wait`;

/** A binary cache between an upstream that comes and goes and those who build. */
export const BINARY_CACHE: Scenario = {
  name: 'a binary cache',
  steps: (place, images) => {
    const { publicKey, secretKey } = keyPair();
    const base = { image: NixImage.of(images.first), config: { defaultSubstituter: false } };
    let cache: RunningPod;
    let workspace: RunningPod;
    let jobOf: (storePath: string) => { readonly yaml: string; readonly name: string };
    const paths = new Map<string, string>();
    const path = (name: string) => paths.get(name)!;
    const turnUpstream = (replicas: number) => upstream(place, images, secretKey, replicas, cache);
    const refusal = (storePath: string) => workspace.sh(`nix-store --realise ${storePath} 2>&1 && echo realised || true`);
    const narInfoOf = (name: string) => `${path(name).replace('/nix/store/', '').split('-')[0]}.narinfo`;
    const nars = new Map<string, string>();
    /** What the cache did with each question for the files of a path. */
    const answers = (name: string) => cache.logs().split('\n')
      .filter(line => [narInfoOf(name), nars.get(name)].some(file => line.includes(`/${file} `))).map(line => line.split(' ').pop());
    return {
      'starts before its upstream': () => {
        const chart = new Chart(new App(), 'cache');
        const binaryCache = new NixBinaryCache(chart, 'cache', {
          image: images.nginx,
          upstreams: [Substituter.of(`http://${place.addressOf('upstream')}:${PORT}`, publicKey)],
          volumeSize: Size.gibibytes(1),
          retain: true,
        });
        const deployment = new NixDeployment(chart, 'workspace', base);
        deployment.environment.useBinaryCache(binaryCache);
        place.apply(Yaml.stringify(...chart.toJson()));
        [cache] = place.rollOut('StatefulSet', binaryCache.statefulSet.name);
        [workspace] = place.rollOut('Deployment', deployment.name, { besides: cache });
        jobOf = storePath => {
          const job = new NixJob(new Chart(new App(), 'cache-job'), 'build', {
            ...base,
            store: NixStore.ephemeral({ size: Size.gibibytes(1) }),
            containers: [{ name: 'build', image: images.first, command: ['sh', '-ec', 'nix-store --realise "$0" && cat "$0"', storePath] }],
          });
          job.environment.useBinaryCache(binaryCache);
          const manifests = Chart.of(job).toJson();
          return { yaml: Yaml.stringify(...manifests), name: manifests.find(manifest => manifest.kind === 'Job').metadata.name };
        };
      },
      'brings a workspace what it has not, with the signature of the upstream': () => {
        const [pod] = turnUpstream(1);
        for (const name of NAMES) {
          paths.set(name, pod.run(['cat', `/tmp/${name}`]));
          nars.set(name, /^URL: (.+)$/m.exec(pod.run(['cat', `/srv/${narInfoOf(name)}`]))![1]);
        }
        assert.equal(workspace.sh(`test -e ${path('wanted')} || echo absent`), 'absent');
        workspace.run(['nix-store', '--realise', path('wanted')]);
        assert.equal(workspace.run(['cat', path('wanted')]), 'built wanted');
        assert.match(workspace.run(['nix', 'path-info', '--sigs', path('wanted')]), new RegExp(`\\s${KEY}:`));
        assert.deepEqual(answers('wanted'), ['MISS', 'MISS']);
      },
      'brings nothing past the check of signatures': () => {
        assert.match(refusal(path('forged')), /not signed by any of the keys/);
        assert.equal(workspace.sh(`test -e ${path('forged')} || echo absent`), 'absent');
      },
      'brings it to another one while the upstream is gone': () => {
        assert.deepEqual(turnUpstream(0), []);
        assert.match(refusal(path('other')), /HTTP error 502/);
        const { yaml, name } = jobOf(path('wanted'));
        place.apply(yaml);
        assert.match(place.complete('Job', name, { besides: cache }).get('build') ?? '', /^built wanted$/m);
        assert.deepEqual(answers('wanted'), ['MISS', 'MISS', 'HIT', 'HIT']);
      },
    };
  },
};

/** A web server with a cache that Nix has made beside it. */
function upstream(place: Place, images: Images, secretKey: string, replicas: number, cache: RunningPod): RunningPod[] {
  const chart = new Chart(new App(), 'upstream');
  const secret = new kplus.Secret(chart, 'Key', { stringData: { 'secret-key': secretKey } });
  const files = kplus.Volume.fromEmptyDir(chart, 'files', 'files');
  const key = kplus.Volume.fromSecret(chart, 'key', secret);
  const deployment = new NixDeployment(chart, 'upstream', {
    image: NixImage.of(images.first),
    config: { defaultSubstituter: false },
    nixContainers: ['nix'],
    replicas,
    containers: [{
      name: 'nix',
      image: images.first,
      command: ['sh', '-ec', MAKE_CACHE],
      volumeMounts: [{ path: '/srv', volume: files }, { path: '/run/upstream', volume: key }],
      readiness: kplus.Probe.fromCommand(['test', '-e', '/srv/ready']),
    }, {
      name: 'httpd',
      image: images.plain,
      command: ['httpd', '-f', '-p', `${PORT}`, '-h', '/srv'],
      ports: [{ number: PORT }],
      volumeMounts: [{ path: '/srv', volume: files }],
    }],
  });
  new kplus.Service(chart, 'Service', { metadata: { name: 'upstream' }, selector: deployment, ports: [{ port: PORT }] });
  place.apply(Yaml.stringify(...chart.toJson()));
  return place.rollOut('Deployment', deployment.name, { besides: cache });
}

/** A key pair as `nix-store --generate-binary-cache-key` writes it. */
function keyPair(): { readonly publicKey: string; readonly secretKey: string } {
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const bytes = (...parts: string[]) => Buffer.concat(parts.map(part => Buffer.from(part, 'base64url'))).toString('base64');
  return { publicKey: `${KEY}:${bytes(x!)}`, secretKey: `${KEY}:${bytes(d!, x!)}` };
}
