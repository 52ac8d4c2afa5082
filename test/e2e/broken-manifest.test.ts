import { App, Chart, Testing } from 'cdk8s';
import { NixDeployment, NixImage } from '../../src';
import { ContainerFailed } from './kubelet/container-failed';
import { Node, NodeOptions } from './kubelet/node';
import { seedImage } from '../support/images';
import { Manifest } from '../support/kubernetes/manifest';

/** The objects of a workspace, and the spec of its pod for a test to break. */
function workspace() {
  const chart = new Chart(new App(), 'e2e');
  new NixDeployment(chart, 'workspace', { image: NixImage.of('registry.local/nix:1.0.0') });
  const objects: Manifest[] = Testing.synth(chart);
  const deployment = objects.find(object => object.kind === 'Deployment')!;
  return { objects, deployment, pod: deployment.spec.template.spec };
}

/** What happens when the pod of these objects starts: the error, or none. */
function start(objects: Manifest[], options?: NodeOptions): unknown {
  const node = new Node({ 'registry.local/nix:1.0.0': seedImage() }, options);
  try {
    node.apply(objects);
    node.rollOut('Deployment', objects.find(object => object.kind === 'Deployment')!.metadata.name);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    node.destroy();
  }
}

/** What a container said last, if the pod failed by it. */
function failureOf(container: string, objects: Manifest[], options?: NodeOptions): string {
  const error = start(objects, options);
  if (!(error instanceof ContainerFailed) || error.container !== container) {
    throw new Error(`expected the container ${container} to fail, but got: ${error ?? 'a running pod'}`);
  }
  return error.terminationMessage || error.logs;
}

// Proof that the harness judges as a kubelet would, and that the pod says what is wrong.
describe('a pod does not start', () => {
  test('unless nothing is broken', () => {
    expect(start(workspace().objects)).toBeUndefined();
  });

  test('without an fsGroup: nobody but root can write to the volume', () => {
    const { objects, pod } = workspace();
    delete pod.securityContext.fsGroup;
    delete pod.securityContext.fsGroupChangePolicy;
    expect(failureOf('seed-nix-store', objects)).toMatch(/not writable|cannot write/);
  });

  test('if the store is copied onto the root of the volume: that belongs to root', () => {
    const { objects, pod } = workspace();
    pod.initContainers[0].command = ['sh', '-c', 'cp -a /nix/. /mnt/nix-volume/'];
    expect(failureOf('seed-nix-store', objects)).toContain("preserving times for '/mnt/nix-volume/.': Operation not permitted");
  });

  test('if the init container looks at the store, and does not seed', () => {
    const { objects, pod } = workspace();
    pod.initContainers[0].command = ['sh', '/opt/cdk8s-nix/check-nix-store.sh'];
    expect(failureOf('seed-nix-store', objects)).toMatch(/^check-nix-store: error: /);
  });

  test('without a writable /tmp', () => {
    const { objects, pod } = workspace();
    for (const container of [...pod.initContainers, ...pod.containers]) {
      container.volumeMounts = container.volumeMounts.filter((mount: { mountPath: string }) => mount.mountPath !== '/tmp');
    }
    expect(failureOf('seed-nix-store', objects)).toContain('/tmp');
  });

  test('as root, which is the user of the image if the manifest names none', () => {
    const { objects, pod } = workspace();
    delete pod.securityContext.runAsUser;
    expect(String(start(objects))).toContain('has runAsNonRoot and would run as root');
  });

  test('if the store is empty where the workload sees it, as on kubelets that do not honour subPath', () => {
    expect(failureOf('seed-nix-store', workspace().objects, { emptySubPaths: true })).toMatch(/^check-nix-store: error: .*the store volume is not mounted here as it was seeded/);
  });

  test('if nobody seeds and nobody checks: the program is not there', () => {
    const { objects, pod } = workspace();
    pod.initContainers = [];
    expect(String(start(objects))).toMatch(/sh.*(not found|no such file)/i);
  });
});

describe('the harness refuses what it does not play', () => {
  const refusal = (change: (pod: any, objects: Manifest[]) => void) => {
    const { objects, pod } = workspace();
    change(pod, objects);
    return String(start(objects));
  };

  test('fields', () => {
    expect(refusal(pod => pod.hostAliases = [{ ip: '127.0.0.1', hostnames: ['x'] }])).toContain('.spec.template.spec.hostAliases is not played');
    expect(refusal(pod => pod.containers[0].livenessProbe = { tcpSocket: { port: 80 } })).toContain('.containers[0].livenessProbe.tcpSocket is not played');
    expect(refusal(pod => pod.hostNetwork = true)).toContain('.hostNetwork is true; only false is played');
  });

  test('kinds', () => {
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'x' }, spec: {} };
    expect(refusal((_, objects) => objects.push(quota))).toContain('ResourceQuota/x: the kind is not played');
  });

  test('what an API server or a kubelet refuses by the manifest alone', () => {
    expect(refusal(pod => pod.securityContext.runAsUser = 0)).toContain('asks for runAsNonRoot and for runAsUser 0');
    expect(refusal(pod => pod.containers[0].iamge = 'x')).toContain('iamge');
  });

  test('images the test did not name', () => {
    expect(refusal(pod => pod.containers[0].image = 'registry.local/other:1')).toContain('ErrImagePull');
  });
});
