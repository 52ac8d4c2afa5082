import { containersOf, podsOf } from '../../src/pod/pod-manifest';

const deployment = (...names: string[]) => ({ kind: 'Deployment', apiVersion: 'apps/v1', spec: { template: { spec: { containers: names.map(name => ({ name })) } } } });

const namesIn = (pod: ReturnType<typeof podsOf>[number]) => containersOf(pod).map(({ container }) => container.name);

test('the containers of a pod that was found are listed once', () => {
  const [pod] = podsOf(deployment('app'));
  expect(containersOf(pod)).toBe(containersOf(pod));
  expect(containersOf(pod)).toEqual([{ path: '.spec.template.spec.containers[0]', container: { name: 'app' }, sort: 'containers' }]);
});

test('a manifest that has changed since is asked anew', () => {
  const manifest = deployment('app');
  const [before] = podsOf(manifest);
  expect(namesIn(before)).toEqual(['app']);
  manifest.spec.template.spec.containers.push({ name: 'late' });
  const [after] = podsOf(manifest);
  expect(namesIn(after)).toEqual(['app', 'late']);
});

test('a pod with another spec has the containers of that', () => {
  const [pod] = podsOf(deployment('app'));
  expect(namesIn(pod)).toEqual(['app']);
  expect(namesIn({ ...pod, spec: { initContainers: [{ name: 'first' }], containers: [{ name: 'other' }] } })).toEqual(['first', 'other']);
});
