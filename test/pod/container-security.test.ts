import { secure } from '../../src/pod/container-security';
import { PodSecurityLevel } from '../../src/pod/pod-security-level';

const { BASELINE, PRIVILEGED, RESTRICTED } = PodSecurityLevel;
const POD = { runAsUser: 1001, runAsNonRoot: true };
const context = (securityContext: any, level: PodSecurityLevel, pod: any = POD): any => secure({ name: 'app', securityContext }, pod, level).securityContext;

const TIGHT = {
  readOnlyRootFilesystem: true,
  privileged: false,
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

test.each([RESTRICTED, BASELINE, PRIVILEGED])('a container that asks for nothing is as tight at %s as it can be', level => {
  expect(context(undefined, level)).toEqual(TIGHT);
  expect(context({ readOnlyRootFilesystem: false }, level)).toEqual({ ...TIGHT, readOnlyRootFilesystem: false });
});

test('root keeps the capabilities of the runtime, and nothing else', () => {
  const root = { ...TIGHT, runAsUser: 0, runAsNonRoot: false, capabilities: undefined };
  expect(context({ runAsUser: 0 }, BASELINE)).toEqual(root);
  // cdk8s-plus says so of whoever says nothing; the kubelet would never start it.
  expect(context({ runAsUser: 0, runAsNonRoot: true }, BASELINE)).toEqual(root);
});

test('a pod of root is root in each container that is not somebody else', () => {
  expect(context({}, BASELINE, { runAsUser: 0 })).toMatchObject({ runAsNonRoot: false });
  expect(context({ runAsUser: 1001 }, BASELINE, { runAsUser: 0 })).toEqual({ ...TIGHT, runAsUser: 1001 });
});

test('sudo works: it may escalate, to what the runtime gives', () => {
  expect(context({ allowPrivilegeEscalation: true }, BASELINE)).toEqual({ ...TIGHT, allowPrivilegeEscalation: true, capabilities: undefined });
});

test('capabilities that are named stay, and no others', () => {
  expect(context({ capabilities: { add: ['CHOWN'] } }, BASELINE).capabilities).toEqual({ add: ['CHOWN'], drop: ['ALL'] });
  expect(context({ capabilities: { add: ['CHOWN'], drop: ['NET_RAW'] } }, BASELINE).capabilities).toEqual({ add: ['CHOWN'], drop: ['NET_RAW'] });
});

test('what the API server demands of a container with all privileges', () => {
  expect(context({ privileged: true }, PRIVILEGED)).toEqual({
    ...TIGHT, privileged: true, allowPrivilegeEscalation: true, capabilities: undefined, seccompProfile: undefined,
  });
  expect(context({ capabilities: { add: ['SYS_ADMIN'] } }, PRIVILEGED).allowPrivilegeEscalation).toBe(true);
});
