import { ApiObject, Chart, JsonPatch } from 'cdk8s';
import { NixEnvironment, PodSecurityLevel } from '../../src';
import { synthError, synthErrorOf } from '../support/synth-error';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** Gives Nix to a Deployment as people have it. */
function enable(chart: Chart, pod: any, container: any, podSecurity?: PodSecurityLevel, leaveOthersAlone?: boolean): ApiObject {
  const labels = { app: 'theirs' };
  const theirs = new ApiObject(chart, 'theirs', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: {
      strategy: { type: 'Recreate' },
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'example/app:1', ...container }], ...pod } },
    },
  });
  new NixEnvironment(chart, 'nix').enable(theirs, { podSecurity, leaveOthersAlone });
  return theirs;
}

describe.each<[string, any, any, string, PodSecurityLevel]>([
  ["the node's network", { hostNetwork: true }, {}, 'hostNetwork: got true', PodSecurityLevel.PRIVILEGED],
  ["the node's processes", { hostPID: true }, {}, 'hostPID: got true', PodSecurityLevel.PRIVILEGED],
  ['a folder of the node', { volumes: [{ name: 'logs', hostPath: { path: '/var/log' } }] }, {},
    'volumes[0].hostPath: got {"path":"/var/log"}', PodSecurityLevel.PRIVILEGED],
  ['a port of the node', {}, { ports: [{ containerPort: 80, hostPort: 8080 }] }, 'containers[app].ports[0].hostPort: got 8080', PodSecurityLevel.PRIVILEGED],
  ['a setting of the kernel', { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }, {},
    'securityContext.sysctls[0].name: got "kernel.msgmax"', PodSecurityLevel.PRIVILEGED],
  ['a user of SELinux', {}, { securityContext: { seLinuxOptions: { user: 'system_u' } } },
    'containers[app].securityContext.seLinuxOptions.user: got "system_u"', PodSecurityLevel.PRIVILEGED],
  ['a volume of a server', { volumes: [{ name: 'data', nfs: { server: 'nfs.example.org', path: '/' } }] }, {},
    'volumes[0].nfs', PodSecurityLevel.BASELINE],
  ['all system calls', {}, { securityContext: { seccompProfile: { type: 'Unconfined' } } },
    'containers[app].securityContext.seccompProfile.type: got "Unconfined"', PodSecurityLevel.PRIVILEGED],
])('%s', (_, pod, container, what, needed) => {
  test('is refused, once', () => {
    const message = synthError(chart => enable(chart, pod, container));
    expect(message).toContain(`CDK8SNIX0404 ${what}`);
    expect(message).toContain(`PodSecurityLevel.${needed.toUpperCase()}`);
    expect(message.match(/CDK8SNIX/g)).toHaveLength(1);
  });

  test('is fine for who asks for the level by name', () => {
    expect(synthErrorOf(chart => enable(chart, pod, container, needed))).toBe('');
  });
});

test('nothing is said of pods that are left alone as far as they get no Nix', () => {
  expect(synthErrorOf(chart => enable(chart, { hostNetwork: true }, {}, undefined, true))).toBe('');
});

test('those that get Nix are held to the level all the same', () => {
  expect(synthError(chart => enable(chart, { hostPID: true }, { ports: [{ containerPort: 80, hostPort: 80 }] }, undefined, true)))
    .toMatch(/^[^\n]*\n? *\[test\/theirs\] CDK8SNIX0404 containers\[app\]\.ports\[0\]\.hostPort: got 80\.[^\n]*$/);
});

describe('a JSON patch', () => {
  const CONTEXT = '/spec/template/spec/securityContext';
  const patched = (pod: any, container: any, ...patches: JsonPatch[]): string =>
    synthErrorOf(chart => { enable(chart, pod, container).addJsonPatch(...patches); });

  const SAID: Array<[string, any, any, string, JsonPatch]> = [
    ['the profile of the pod', { securityContext: { seccompProfile: { type: 'Unconfined' } } }, {}, 'CDK8SNIX0404 securityContext.seccompProfile.type',
      JsonPatch.replace(`${CONTEXT}/seccompProfile/type`, 'RuntimeDefault')],
    ['the group of the volumes', { securityContext: { fsGroup: 5 } }, {}, 'CDK8SNIX0403 securityContext.fsGroup', JsonPatch.replace(`${CONTEXT}/fsGroup`, 1001)],
    ['a setting of the kernel', { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }, {}, 'CDK8SNIX0404 securityContext.sysctls[0].name',
      JsonPatch.remove(`${CONTEXT}/sysctls`)],
    ['escalation', {}, { securityContext: { allowPrivilegeEscalation: true } }, 'CDK8SNIX0404 containers[app].securityContext.allowPrivilegeEscalation',
      JsonPatch.replace('/spec/template/spec/containers/0/securityContext/allowPrivilegeEscalation', false)],
  ];

  test.each(SAID)('of something else does not hide %s', (_, pod, container, message) => {
    expect(patched(pod, container, JsonPatch.add('/metadata/annotations', { team: 'platform' }))).toContain(message);
  });

  test.each(SAID)('puts right %s', (_, pod, container, __, patch) => {
    expect(patched(pod, container, patch)).toBe('');
  });

  test('that insists on what the environment has set is followed', () => {
    const pod = { securityContext: { fsGroup: 1001, runAsUser: 1001 } };
    expect(patched({ ...pod, hostPID: true }, {}, JsonPatch.test(`${CONTEXT}/runAsNonRoot`, true), JsonPatch.remove('/spec/template/spec/hostPID'))).toBe('');
  });

  test.each<[string, any, any, JsonPatch, string]>([
    ['a volume before it', { volumes: [{ name: 'cache', emptyDir: {} }, { name: 'logs', hostPath: { path: '/var/log' } }] }, {},
      JsonPatch.remove('/spec/template/spec/volumes/0'), 'CDK8SNIX0404 volumes[1].hostPath'],
    ['a container before it', {}, { ports: [{ containerPort: 80, hostPort: 80 }] },
      JsonPatch.add('/spec/template/spec/containers/0', { name: 'first', image: 'example/first:1' }), 'CDK8SNIX0404 containers[app].ports[0].hostPort'],
  ])('that moves it, of %s, does not hide it', (_, pod, container, patch, message) => {
    expect(patched(pod, container, patch)).toContain(message);
  });
});
