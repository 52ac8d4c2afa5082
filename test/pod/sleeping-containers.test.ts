import { checkSleepingContainers } from '../../src/pod/sleeping-containers';

const startupProbe = { tcpSocket: { port: 8080 } };

/** The props of the probes that are told, of a pod with these containers. */
function told(...containers: any[]): string[] {
  const spec = { containers: containers.map((container, i) => ({ name: `c${i}`, ...container })) };
  return checkSleepingContainers({ metadata: {}, spec, owner: { kind: 'Pod', spec } } as any).map(({ prop }) => prop);
}

test.each([
  [['sleep', 'infinity']],
  [['/bin/sleep', '1d']],
  [['sh', '-c', 'sleep infinity']],
  [['/bin/bash', '-c', 'exec sleep infinity']],
  [['bash', '-lc', 'while true; do sleep 30; done']],
  // As the pages of Kubernetes and Dev Workspaces have it.
  [['/bin/bash', '-c', '--', 'while true; do sleep 30; done;']],
  [['sh', '-ec', 'while :; do sleep infinity ; done']],
  [['tail', '-f', '/dev/null']],
  [['tail', '-F', '/dev/null']],
])('%j listens on no port', command => {
  expect(told({ command, startupProbe })).toEqual(['containers[c0].startup']);
  expect(told({ args: command, startupProbe })).toEqual(['containers[c0].startup']);
});

test.each([
  [['sh', '-c', 'server & sleep infinity']],
  [['sleep', '5', '&&', 'server']],
  [['sh', '-c', 'sleep 5; exec server']],
  [['tail', '-f', '/var/log/server']],
  [[]],
])('%j may', command => {
  expect(told({ command, startupProbe })).toEqual([]);
});

test('what does not ask for a port passes', () => {
  const command = ['sleep', 'infinity'];
  expect(told({ command, readinessProbe: { exec: { command: ['true'] } } })).toEqual([]);
  expect(told({ command })).toEqual([]);
});

test('all kinds of questions are told', () => {
  const command = ['sleep', 'infinity'];
  expect(told({ command, readinessProbe: { httpGet: { port: 80, path: '/' } }, livenessProbe: { grpc: { port: 80 } } })).toEqual(['containers[c0].readiness', 'containers[c0].liveness']);
});

test('another container of the pod, or another host, may answer', () => {
  const command = ['sleep', 'infinity'];
  expect(told({ command, startupProbe }, { ports: [{ containerPort: 8080 }] })).toEqual([]);
  expect(told({ command, startupProbe: { tcpSocket: { port: 8080, host: 'example.org' } } })).toEqual([]);
});
