import { ApiObject, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixEnvironment, NixProgram, NixStore } from '../../src';
import { only, testChart } from '../support/synth';
import { synthError } from '../support/synth-error';

const PROBE = { tcpSocket: { port: 80 } };

test('an init container that runs beside the others keeps its probes', () => {
  const chart = testChart();
  new NixEnvironment(chart, 'nix').enable(new ApiObject(chart, 'pod', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'pod' },
    spec: {
      initContainers: [{ name: 'proxy', image: 'example/proxy:1', restartPolicy: 'Always', startupProbe: PROBE, ports: [{ containerPort: 80 }] }],
      containers: [{ name: 'main', image: 'example/app:1' }],
    },
  } as any));
  const proxy = only(Testing.synth(chart), 'Pod').spec.initContainers.find(({ name }: any) => name === 'proxy');
  expect(proxy.startupProbe).toEqual(PROBE);
});

test('a program with a port in an init container that ends is refused, since cdk8s-plus gives it a probe', () => {
  const build = (portNumber?: number) => synthError(chart => {
    const environment = new NixEnvironment(chart, 'nix', { store: NixStore.ephemeral() });
    const shop = new kplus.Deployment(chart, 'shop', { containers: [{ name: 'app', image: 'example/shop:1' }] });
    shop.addInitContainer(environment.containerFor(NixProgram.flake('github:owner/migrate/v2.0.1', { name: 'migrate', portNumber })));
    environment.enable(shop);
  });
  const message = build(80);
  expect(message).toContain('CDK8SNIX0530 initContainers[migrate].startupProbe: got {');
  expect(message).toContain('Leave out its port');
  expect(message.match(/CDK8SNIX/g)).toHaveLength(1);
  expect(() => build()).toThrow('synth accepted it');
});
