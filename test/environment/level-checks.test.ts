import { ApiObject, Chart } from 'cdk8s';
import { NixEnvironment, PodSecurityLevel } from '../../src';
import { synthError, synthErrorOf } from '../support/synth-error';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** Gives Nix to a Deployment as people have it. */
function enable(chart: Chart, pod: any, container: any, podSecurity?: PodSecurityLevel, leaveOthersAlone?: boolean): void {
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
}

describe.each<[string, any, any, string, PodSecurityLevel]>([
  ["the node's network", { hostNetwork: true }, {}, 'spec.template.spec.hostNetwork: got true', PodSecurityLevel.PRIVILEGED],
  ["the node's processes", { hostPID: true }, {}, 'spec.template.spec.hostPID: got true', PodSecurityLevel.PRIVILEGED],
  ['a folder of the node', { volumes: [{ name: 'logs', hostPath: { path: '/var/log' } }] }, {},
    'spec.template.spec.volumes[0].hostPath: got {"path":"/var/log"}', PodSecurityLevel.PRIVILEGED],
  ['a port of the node', {}, { ports: [{ containerPort: 80, hostPort: 8080 }] }, 'spec.template.spec.containers[0].ports[0].hostPort: got 8080', PodSecurityLevel.PRIVILEGED],
  ['a setting of the kernel', { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }, {},
    'spec.template.spec.securityContext.sysctls[0].name: got "kernel.msgmax"', PodSecurityLevel.PRIVILEGED],
  ['a user of SELinux', {}, { securityContext: { seLinuxOptions: { user: 'system_u' } } },
    'spec.template.spec.containers[0].securityContext.seLinuxOptions.user: got "system_u"', PodSecurityLevel.PRIVILEGED],
  ['a volume of a server', { volumes: [{ name: 'data', nfs: { server: 'nfs.example.org', path: '/' } }] }, {},
    'spec.template.spec.volumes[0].nfs', PodSecurityLevel.BASELINE],
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
