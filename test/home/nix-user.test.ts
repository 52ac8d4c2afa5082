import { Testing } from 'cdk8s';
import { NixDeployment, NixStatefulSet, NixUser } from '../../src';
import { mountAt, podSpec, testChart, variable } from '../support/synth';

describe('an arbitrary user', () => {
  const chart = testChart();
  new NixDeployment(chart, 'workspace', { user: NixUser.arbitrary(), containers: [{ image: 'example/app:1' }] });
  const pod = podSpec(chart);

  test('no manifest names an id', () => {
    expect(JSON.stringify(Testing.synth(chart))).not.toMatch(/"(runAsUser|runAsGroup|fsGroup|supplementalGroups)":/);
  });

  test('it is not root, and the pod is restricted', () => {
    expect(pod.securityContext).toEqual({ runAsNonRoot: true, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' } });
    expect(chart).toBeValidKubernetes();
    expect(chart).toBeRestricted();
  });

  test('it has a name and a home by variable, since no /etc/passwd knows it', () => {
    const [container] = pod.containers;
    expect([variable(container, 'USER'), variable(container, 'HOME')]).toEqual(['code', '/home/code']);
    expect(mountAt(container, '/home/code')).toEqual({ name: 'nix-store', mountPath: '/home/code', subPath: 'home' });
  });

  test('ids of the workload itself are not contradicted', () => {
    const own = testChart();
    new NixDeployment(own, 'workspace', { user: NixUser.arbitrary(), securityContext: { fsGroup: 1000650000 } });
    expect(podSpec(own).securityContext.fsGroup).toBe(1000650000);
  });
});

test('an arbitrary user of another name', () => {
  const chart = testChart();
  new NixStatefulSet(chart, 'workspace', { user: NixUser.arbitrary({ name: 'dev', home: '/work' }) });
  const [container] = podSpec(chart, 'StatefulSet').containers;
  expect([variable(container, 'USER'), variable(container, 'HOME')]).toEqual(['dev', '/work']);
});

test('ids follow one another unless given', () => {
  expect(NixUser.code()).toMatchObject({ uid: 1001, gid: 1001, fsGroup: 1001, name: 'code', home: '/home/code' });
  expect(NixUser.of({ uid: 5000 })).toMatchObject({ uid: 5000, gid: 5000, fsGroup: 5000 });
  expect(NixUser.of({ uid: 5000, gid: 6000, name: 'dev' })).toMatchObject({ uid: 5000, gid: 6000, fsGroup: 6000, home: '/home/dev' });
  expect(NixUser.arbitrary().uid).toBeUndefined();
});
