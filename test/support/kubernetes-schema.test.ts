import { Chart, Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { kubernetesProblems } from './kubernetes-schema';

/** Changes a valid object into one with the mistake under test. */
type Change = (object: any) => void;

const LABELS = { app: 'web' };

const OBJECTS: Record<string, () => any> = {
  Deployment: () => workload('apps/v1', 'Deployment', 'Always'),
  StatefulSet: () => {
    const set = workload('apps/v1', 'StatefulSet', 'Always');
    set.spec.serviceName = '';
    set.spec.volumeClaimTemplates = [{ metadata: { name: 'state' }, spec: OBJECTS.PersistentVolumeClaim().spec }];
    set.spec.template.spec.containers[0].volumeMounts.push({ name: 'state', mountPath: '/state' });
    return set;
  },
  DaemonSet: () => workload('apps/v1', 'DaemonSet', 'Always'),
  Job: () => {
    const job = workload('batch/v1', 'Job', 'Never');
    delete job.spec.selector;
    return job;
  },
  CronJob: () => ({
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'nightly' },
    spec: { schedule: '0 3 * * 1-5', jobTemplate: { spec: OBJECTS.Job().spec } },
  }),
  Pod: () => {
    const { metadata, spec } = workload('apps/v1', 'Deployment', 'Never').spec.template;
    return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', ...metadata }, spec };
  },
  PersistentVolumeClaim: () => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'claim' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }),
  ConfigMap: () => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'config' }, data: { 'nix.conf': 'sandbox = false' } }),
  Secret: () => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'secret' }, stringData: { token: 'x' } }),
  Service: () => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: LABELS, ports: [{ name: 'http', port: 80, targetPort: 'http' }, { name: 'metrics', port: 9090 }] },
  }),
  ServiceAccount: () => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } }),
  Role: () => rbac('Role', { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }),
  ClusterRole: () => rbac('ClusterRole', { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }),
  RoleBinding: () => rbac('RoleBinding', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'User', name: 'ann', apiGroup: 'rbac.authorization.k8s.io' }],
  }),
  ClusterRoleBinding: () => rbac('ClusterRoleBinding', { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' } }),
  Ingress: () => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'web' },
    spec: { rules: [{ host: 'a.example', http: { paths: [{ path: '/', pathType: 'Prefix', backend: { resource: { kind: 'Bucket', name: 'b' } } }] } }] },
  }),
  NetworkPolicy: () => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'deny' },
    spec: { podSelector: {}, policyTypes: ['Ingress'] },
  }),
  PodDisruptionBudget: () => ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web' },
    spec: { minAvailable: 1, selector: { matchLabels: LABELS } },
  }),
  HorizontalPodAutoscaler: () => ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web' },
    spec: {
      minReplicas: 1,
      maxReplicas: 3,
      scaleTargetRef: { apiVersion: 'example.org/v1', kind: 'Thing', name: 'thing' },
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }],
    },
  }),
  Namespace: () => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } }),
};

function rbac(kind: string, fields: object): any {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: { name: 'system:reader' }, ...fields };
}

function workload(apiVersion: string, kind: string, restartPolicy: string): any {
  return {
    apiVersion,
    kind,
    metadata: { name: 'web', labels: { 'app.kubernetes.io/name': 'Web_1.0' }, annotations: { 'example.org/Note': 'any text: äöü' } },
    spec: {
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: {
          restartPolicy,
          initContainers: [{ name: 'init', image: 'example.org/init:1' }],
          containers: [{
            name: 'main',
            image: 'example.org/main:1',
            env: [{ name: 'HOME', value: '/home/code' }, { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
            ports: [{ name: 'http', containerPort: 8080 }],
            resources: { requests: { cpu: '100m', memory: 1048576 }, limits: { cpu: 1, memory: '1Gi' } },
            readinessProbe: { httpGet: { port: 'http', path: '/' }, successThreshold: 2 },
            volumeMounts: [{ name: 'data', mountPath: '/data', subPath: 'nix' }],
          }],
          volumes: [{ name: 'data', emptyDir: { sizeLimit: 1000 } }],
        },
      },
    },
  };
}

const main = (deployment: any) => deployment.spec.template.spec.containers[0];
const pod = (deployment: any) => deployment.spec.template.spec;
const DEPLOYMENT_MAIN = 'Deployment/web .spec.template.spec.containers[0]';

describe('accepts', () => {
  test.each(Object.keys(OBJECTS))('a valid %s', kind => {
    expect(kubernetesProblems(OBJECTS[kind](), { external: ['Thing/thing'] })).toEqual([]);
  });

  test('a chart of cdk8s-plus, whose references are within the chart', () => {
    const chart = Testing.chart();
    const config = new kplus.ConfigMap(chart, 'Config', { data: { key: 'value' } });
    const claim = new kplus.PersistentVolumeClaim(chart, 'Claim', {
      accessModes: [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE],
      storage: Size.gibibytes(1),
    });
    const deployment = new kplus.Deployment(chart, 'Web', {
      serviceAccount: new kplus.ServiceAccount(chart, 'Account'),
      containers: [{
        image: 'example.org/web:1',
        portNumber: 8080,
        envVariables: { KEY: kplus.EnvValue.fromConfigMap(config, 'key') },
        volumeMounts: [{ path: '/data', volume: kplus.Volume.fromPersistentVolumeClaim(chart, 'Data', claim) }],
      }],
    });
    deployment.exposeViaIngress('/');
    new kplus.HorizontalPodAutoscaler(chart, 'Scale', { target: deployment, maxReplicas: 3 });
    expect(chart).toBeValidKubernetes();
    expect(Testing.synth(chart)).toBeValidKubernetes();
  });

  test('YAML text, reading octal numbers as kubectl does', () => {
    const yaml = `
      apiVersion: v1
      kind: Pod
      metadata: { name: web }
      spec:
        containers: [{ name: main, image: 'example.org/main:1' }]
        volumes: [{ name: scripts, secret: { secretName: scripts, defaultMode: 0555 } }]`;
    expect(yaml).toBeValidKubernetes();
    expect(kubernetesProblems(yaml.replace('defaultMode', 'mode'))).toHaveLength(1);
  });

  test('objects that are declared to exist', () => {
    const deployment = OBJECTS.Deployment();
    pod(deployment).volumes[0] = { name: 'data', persistentVolumeClaim: { claimName: 'nix-pvc' } };
    expect(deployment).not.toBeValidKubernetes();
    expect(deployment).toBeValidKubernetes({ external: ['PersistentVolumeClaim/nix-pvc'] });
  });

  test('custom kinds that are allowed by name, their names checked all the same', () => {
    const project = { apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'portals' }, spec: { description: 'for real' } };
    expect(project).not.toBeValidKubernetes();
    expect(project).toBeValidKubernetes({ customKinds: ['argoproj.io/v1alpha1/AppProject'] });
    expect({ ...project, metadata: { name: 'Portals' } }).not.toBeValidKubernetes({ customKinds: ['argoproj.io/v1alpha1/AppProject'] });
  });
});

test.each<[string, object | undefined, boolean]>([
  ['In', { key: 'app', operator: 'In', values: ['db', 'web'] }, true],
  ['In, of other values', { key: 'app', operator: 'In', values: ['db'] }, false],
  ['NotIn', { key: 'app', operator: 'NotIn', values: ['db'] }, true],
  ['Exists', { key: 'app', operator: 'Exists' }, true],
  ['Exists, of another label', { key: 'tier', operator: 'Exists' }, false],
  ['DoesNotExist', { key: 'tier', operator: 'DoesNotExist' }, true],
  ['DoesNotExist, of a label that does', { key: 'app', operator: 'DoesNotExist' }, false],
])('a selector by %s', (_what, expression, matches) => {
  const deployment = OBJECTS.Deployment();
  deployment.spec.selector = { matchExpressions: [expression] };
  expect(kubernetesProblems(deployment)).toEqual(matches ? [] : [expect.stringContaining('.spec.selector: does not match')]);
});

const MISTAKES: [string, string, Change, string][] = [
  // Schema
  ['an unknown kind', 'Deployment', d => d.kind = 'Deploiment', 'Deploiment/web .kind: Kubernetes has no kind Deploiment in apps/v1'],
  ['a kind of another group', 'Deployment', d => d.apiVersion = 'batch/v1', 'Deployment/web .kind: Kubernetes has no kind Deployment in batch/v1'],
  ['no apiVersion', 'ConfigMap', c => delete c.apiVersion, 'ConfigMap/config .kind: Kubernetes has no kind ConfigMap in undefined'],
  ['an unknown field', 'Deployment', d => pod(d).container = [], 'Deployment/web .spec.template.spec.container: unknown field, V1PodSpec has none of this name'],
  ['an unknown field in a list', 'Deployment', d => main(d).volumeMounts[0].path = '/', `${DEPLOYMENT_MAIN}.volumeMounts[0].path: unknown field`],
  ['an unknown field at the top', 'ConfigMap', c => c.spec = {}, 'ConfigMap/config .spec: unknown field, V1ConfigMap'],
  ['a field named as a method of objects', 'ConfigMap', c => c.toString = 'x', 'ConfigMap/config .toString: unknown field'],
  ['a string for a number', 'Deployment', d => d.spec.replicas = '1', 'Deployment/web .spec.replicas: must be number, got string "1"'],
  ['a string for a boolean', 'Deployment', d => main(d).stdin = 'yes', `${DEPLOYMENT_MAIN}.stdin: must be boolean, got string "yes"`],
  ['a fraction for an integer', 'Deployment', d => d.spec.replicas = 1.5, 'Deployment/web .spec.replicas: must be integer'],
  ['an object for a list', 'Deployment', d => main(d).env = { A: 'b' }, `${DEPLOYMENT_MAIN}.env: must be array, got object`],
  ['a list for an object', 'Deployment', d => main(d).resources = [], `${DEPLOYMENT_MAIN}.resources: must be object, got array`],
  ['a string for a list', 'Deployment', d => main(d).command = 'sh -c true', `${DEPLOYMENT_MAIN}.command: must be array, got string "sh -c true"`],
  ['null', 'Deployment', d => pod(d).volumes[0].emptyDir = null, 'Deployment/web .spec.template.spec.volumes[0].emptyDir: must be object, got null'],
  ['a number for a string', 'Deployment', d => main(d).env[0].value = 1, `${DEPLOYMENT_MAIN}.env[0].value: must be string`],
  ['a number in data', 'ConfigMap', c => c.data.port = 80, 'ConfigMap/config .data.port: must be string'],
  ['a missing required field', 'Deployment', d => delete main(d).name, `${DEPLOYMENT_MAIN}: must have required property name`],
  ['no member of an enum', 'Deployment', d => main(d).imagePullPolicy = 'Sometimes', `${DEPLOYMENT_MAIN}.imagePullPolicy: must be equal to one of the allowed values ["Always","IfNotPresent","Never"]`],
  ['no quantity', 'Deployment', d => main(d).resources.limits.memory = '1 GB', `${DEPLOYMENT_MAIN}.resources.limits.memory: must match format "quantity"`],
  ['no object at all', 'ConfigMap', c => Object.keys(c).forEach(key => delete c[key]), 'undefined/undefined .kind: Kubernetes has no kind undefined'],
  // Names, labels, annotations
  ['no name', 'ConfigMap', c => delete c.metadata.name, 'ConfigMap/undefined .metadata.name: must be a DNS-1123 subdomain'],
  ['a name in capitals', 'Deployment', d => d.metadata.name = 'Web', 'Deployment/Web .metadata.name: must be a DNS-1123 subdomain'],
  ['a name with an underscore', 'ConfigMap', c => c.metadata.name = 'a_b', 'ConfigMap/a_b .metadata.name: must be a DNS-1123 subdomain'],
  ['a name that is too long', 'Deployment', d => d.metadata.name = 'x'.repeat(254), '.metadata.name: must be a DNS-1123 subdomain of at most 253 characters'],
  ['a service name with a digit first', 'Service', s => s.metadata.name = '1a', 'Service/1a .metadata.name: must be an RFC 1035 label'],
  ['a cron job name too long for its jobs', 'CronJob', c => c.metadata.name = 'x'.repeat(53), '.metadata.name: must be a CronJob name of at most 52 characters'],
  ['a job name too long for a label', 'Job', j => j.metadata.name = 'x'.repeat(64), '.metadata.name: must be a job name of at most 63 characters'],
  ['a role name with a slash', 'Role', r => r.metadata.name = 'a/b', 'Role/a/b .metadata.name: must be a path segment'],
  ['a namespace with a dot', 'ConfigMap', c => c.metadata.namespace = 'a.b', '.metadata.namespace: must be a DNS-1123 label'],
  ['a label value with a space', 'Deployment', d => d.metadata.labels.team = 'a b', '.metadata.labels["team"]: must be a label value of at most 63 characters, got "a b"'],
  ['a label value that is too long', 'Deployment', d => d.metadata.labels.team = 'x'.repeat(64), '.metadata.labels["team"]: must be a label value'],
  ['a label value that is a number', 'Deployment', d => d.metadata.labels.version = 1, '.metadata.labels["version"]: must be a label value'],
  ['a label key with two slashes', 'Deployment', d => d.metadata.labels['a/b/c'] = '', '.metadata.labels["a/b/c"]: must be a qualified name'],
  ['a label key with a bad prefix', 'Deployment', d => d.metadata.labels['A_B/c'] = '', '.metadata.labels["A_B/c"]: must be a DNS-1123 subdomain'],
  ['a label of the template', 'Deployment', d => d.spec.template.metadata.labels = { app: 'web', x: '-' }, '.spec.template.metadata.labels["x"]: must be a label value'],
  ['an annotation key with a space', 'Deployment', d => d.metadata.annotations['a b'] = '', '.metadata.annotations["a b"]: must be a qualified name'],
  ['an annotation that is a number', 'Deployment', d => d.metadata.annotations.a = 1, '.metadata.annotations["a"]: must be string, got 1'],
  ['annotations that are too big', 'ConfigMap', c => c.metadata.annotations = { a: 'x'.repeat(262144) }, '.metadata.annotations: must be at most 262144 bytes in all, got 262145'],
  // Workloads
  ['a selector that does not match', 'Deployment', d => d.spec.selector.matchLabels = { app: 'other' }, '.spec.selector: does not match the labels of the template, {"app":"web"}'],
  ['a selector expression that does not match', 'StatefulSet', s => s.spec.selector = { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, '.spec.selector: does not match'],
  ['an empty selector', 'DaemonSet', d => d.spec.selector = {}, '.spec.selector: must select the pods of the template'],
  ['a deployment that never restarts', 'Deployment', d => pod(d).restartPolicy = 'Never', '.spec.template.spec.restartPolicy: of a Deployment must be Always, got Never'],
  ['a job that always restarts', 'Job', j => pod(j).restartPolicy = 'Always', '.restartPolicy: of a Job must be OnFailure or Never, got Always'],
  ['a job without a restart policy', 'Job', j => delete pod(j).restartPolicy, '.restartPolicy: of a Job must be OnFailure or Never, got Always'],
  ['a cron job that always restarts', 'CronJob', c => pod(c.spec.jobTemplate).restartPolicy = 'Always', 'CronJob/nightly .spec.jobTemplate.spec.template.spec.restartPolicy: of a CronJob must be OnFailure or Never'],
  ['a bad schedule', 'CronJob', c => c.spec.schedule = '0 3 * *', '.spec.schedule: must have five fields, got "0 3 * *"'],
  ['Recreate with a rolling update', 'Deployment', d => d.spec.strategy = { type: 'Recreate', rollingUpdate: { maxSurge: 1 } }, '.spec.strategy.rollingUpdate: may not be given with the strategy Recreate'],
  ['a rolling update that cannot move', 'Deployment', d => d.spec.strategy = { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } }, '.spec.strategy.rollingUpdate: may not have both'],
  ['two claim templates of one name', 'StatefulSet', s => s.spec.volumeClaimTemplates.push(s.spec.volumeClaimTemplates[0]), '.spec.volumeClaimTemplates: two templates have the name state'],
  ['a claim template without a size', 'StatefulSet', s => s.spec.volumeClaimTemplates[0].spec.resources = {}, '.spec.volumeClaimTemplates[0].spec.resources.requests.storage: must be a size above 0'],
  // Pods
  ['no containers', 'Deployment', d => pod(d).containers = [], '.spec.template.spec.containers: must hold at least one container'],
  ['two containers of one name', 'Deployment', d => pod(d).initContainers[0].name = 'main', '.spec.template.spec: two containers have the name main'],
  ['a container name with an underscore', 'Deployment', d => main(d).name = 'a_b', `${DEPLOYMENT_MAIN}.name: must be a DNS-1123 label`],
  ['a container without an image', 'Deployment', d => delete main(d).image, `${DEPLOYMENT_MAIN}.image: must be given`],
  ['a mount of no volume', 'Deployment', d => main(d).volumeMounts[0].name = 'nix', `${DEPLOYMENT_MAIN}.volumeMounts[0].name: there is no volume nix`],
  ['a mount of no volume in an init container', 'Deployment', d => pod(d).initContainers[0].volumeMounts = [{ name: 'nix', mountPath: '/nix' }], '.initContainers[0].volumeMounts[0].name: there is no volume nix'],
  ['a claim template used elsewhere than in a stateful set', 'Job', j => main(j).volumeMounts[0].name = 'state', '.volumeMounts[0].name: there is no volume state'],
  ['two mounts at one path', 'Deployment', d => main(d).volumeMounts.push({ name: 'data', mountPath: '/data/' }), `${DEPLOYMENT_MAIN}.volumeMounts: two volumes are mounted at /data`],
  ['a relative mount path', 'Deployment', d => main(d).volumeMounts[0].mountPath = 'data', `${DEPLOYMENT_MAIN}.volumeMounts[0].mountPath: must be an absolute path`],
  ['a mount path with a colon', 'Deployment', d => main(d).volumeMounts[0].mountPath = '/a:b', '.volumeMounts[0].mountPath: must be an absolute path without a colon'],
  ['an absolute subPath', 'Deployment', d => main(d).volumeMounts[0].subPath = '/nix', '.volumeMounts[0].subPath: must be a relative path'],
  ['a subPath that climbs', 'Deployment', d => main(d).volumeMounts[0].subPath = 'a/../..', '.volumeMounts[0].subPath: must be a relative path'],
  ['subPath and subPathExpr', 'Deployment', d => main(d).volumeMounts[0].subPathExpr = '$(A)', '.volumeMounts[0]: may not have both subPath and subPathExpr'],
  ['two volumes of one name', 'Deployment', d => pod(d).volumes.push({ name: 'data', emptyDir: {} }), '.spec.template.spec.volumes: two volumes have the name data'],
  ['a volume name with a dot', 'Deployment', d => pod(d).volumes.push({ name: 'a.b', emptyDir: {} }), '.spec.template.spec.volumes[1].name: must be a DNS-1123 label'],
  ['a volume without a source', 'Deployment', d => pod(d).volumes[0] = { name: 'data' }, '.spec.template.spec.volumes[0]: must have one source, got none'],
  ['a volume of two sources', 'Deployment', d => pod(d).volumes[0].hostPath = { path: '/' }, '.spec.template.spec.volumes[0]: must have one source, got emptyDir and hostPath'],
  ['a bad environment name', 'Deployment', d => main(d).env[0].name = '1 A', `${DEPLOYMENT_MAIN}.env[0].name: must be a name of an environment variable`],
  ['an environment variable set twice', 'Deployment', d => main(d).env[1].name = 'HOME', `${DEPLOYMENT_MAIN}.env: HOME is set twice`],
  ['a variable with value and valueFrom', 'Deployment', d => main(d).env[1].value = 'x', `${DEPLOYMENT_MAIN}.env[1]: NODE may not have both`],
  ['a variable from two sources', 'Deployment', d => main(d).env[1].valueFrom.secretKeyRef = { name: 'a', key: 'b' }, `${DEPLOYMENT_MAIN}.env[1].valueFrom: must have one source`],
  ['a port out of range', 'Deployment', d => main(d).ports[0].containerPort = 65536, `${DEPLOYMENT_MAIN}.ports[0].containerPort: must be between 1 and 65535`],
  ['a port name that is too long', 'Deployment', d => main(d).ports[0].name = 'a-port-name-of-17', `${DEPLOYMENT_MAIN}.ports[0].name: must be a port name of at most 15`],
  ['two ports of one name', 'Deployment', d => main(d).ports.push({ name: 'http', containerPort: 81 }), `${DEPLOYMENT_MAIN}.ports: two ports have the name http`],
  ['a request above its limit', 'Deployment', d => main(d).resources.requests.cpu = '1100m', `${DEPLOYMENT_MAIN}.resources.requests.cpu: must be at most the limit, got 1100m > 1`],
  ['a probe without a handler', 'Deployment', d => main(d).livenessProbe = { periodSeconds: 1 }, `${DEPLOYMENT_MAIN}.livenessProbe: must have one handler, got none`],
  ['a liveness probe that must pass twice', 'Deployment', d => main(d).livenessProbe = main(d).readinessProbe, `${DEPLOYMENT_MAIN}.livenessProbe.successThreshold: must be 1, got 2`],
  ['a probe of an init container', 'Deployment', d => pod(d).initContainers[0].readinessProbe = main(d).readinessProbe, '.initContainers[0].readinessProbe: may not be given for an init container'],
  ['non-root as root, inherited from the pod', 'Deployment', d => { pod(d).securityContext = { runAsUser: 0 }; main(d).securityContext = { runAsNonRoot: true }; }, `${DEPLOYMENT_MAIN}.securityContext: asks for runAsNonRoot and for runAsUser 0`],
  ['privileged without escalation', 'Deployment', d => main(d).securityContext = { privileged: true, allowPrivilegeEscalation: false }, `${DEPLOYMENT_MAIN}.securityContext: may not be privileged`],
  ['a bare pod', 'Pod', p => p.spec.containers[0].volumeMounts[0].name = 'nix', 'Pod/web .spec.containers[0].volumeMounts[0].name: there is no volume nix'],
  // Other kinds
  ['a claim without access modes', 'PersistentVolumeClaim', c => c.spec.accessModes = [], '.spec.accessModes: must name at least one'],
  ['a claim of an unknown access mode', 'PersistentVolumeClaim', c => c.spec.accessModes = ['ReadWrite'], '.spec.accessModes[0]: must be equal to one of the allowed values'],
  ['a claim for one pod and many', 'PersistentVolumeClaim', c => c.spec.accessModes = ['ReadWriteOncePod', 'ReadWriteMany'], '.spec.accessModes: may not combine ReadWriteOncePod'],
  ['a claim of size 0', 'PersistentVolumeClaim', c => c.spec.resources.requests.storage = '0Gi', '.spec.resources.requests.storage: must be a size above 0, got "0Gi"'],
  ['a config map above 1 MiB', 'ConfigMap', c => c.data.big = 'ä'.repeat(524288), 'ConfigMap/config .data: must be at most 1 MiB in all'],
  ['a secret above 1 MiB', 'Secret', s => s.stringData.big = 'x'.repeat(1048576), 'Secret/secret .data: must be at most 1 MiB in all'],
  ['a config map key with a slash', 'ConfigMap', c => c.data['a/b'] = '', '.data["a/b"]: must be a key of a ConfigMap'],
  ['a key in data and binaryData', 'ConfigMap', c => c.binaryData = { 'nix.conf': 'eA==' }, '.data: the key nix.conf is in binaryData too'],
  ['several service ports without names', 'Service', s => delete s.spec.ports[1].name, '.spec.ports: must all be named'],
  ['a service port name in capitals', 'Service', s => s.spec.ports[0].name = 'HTTP', '.spec.ports[0].name: must be a port name'],
  ['two service ports of one name', 'Service', s => s.spec.ports[1].name = 'http', '.spec.ports: two ports have the name http'],
  ['two service ports of one number', 'Service', s => s.spec.ports[1].port = 80, '.spec.ports: 80/TCP is listed twice'],
  ['an ingress path without a slash', 'Ingress', i => i.spec.rules[0].http.paths[0].path = 'web', '.spec.rules[0].http.paths[0].path: must begin with /'],
  ['a disruption budget without a limit', 'PodDisruptionBudget', p => delete p.spec.minAvailable, 'PodDisruptionBudget/web .spec: must have one of minAvailable and maxUnavailable'],
  ['an autoscaler upside down', 'HorizontalPodAutoscaler', h => h.spec.minReplicas = 4, '.spec.minReplicas: must be at most maxReplicas (3), got 4'],
  // References
  ['a service account that does not exist', 'Deployment', d => pod(d).serviceAccountName = 'robot', '.spec.template.spec.serviceAccountName: there is no ServiceAccount/robot'],
  ['a claim that does not exist', 'Deployment', d => pod(d).volumes[0] = { name: 'data', persistentVolumeClaim: { claimName: 'x' } }, '.volumes[0].persistentVolumeClaim.claimName: there is no PersistentVolumeClaim/x'],
  ['a config map volume that does not exist', 'Deployment', d => pod(d).volumes[0] = { name: 'data', configMap: { name: 'x' } }, '.volumes[0].configMap.name: there is no ConfigMap/x'],
  ['a projected config map that does not exist', 'Deployment', d => pod(d).volumes[0] = { name: 'data', projected: { sources: [{ configMap: { name: 'x' } }] } }, '.volumes[0].projected.sources[0].configMap.name: there is no ConfigMap/x'],
  ['a variable of a config map that does not exist', 'Deployment', d => main(d).env[1].valueFrom = { configMapKeyRef: { name: 'x', key: 'k' } }, '.env[1].valueFrom.configMapKeyRef.name: there is no ConfigMap/x'],
  ['variables of a config map that does not exist', 'Deployment', d => main(d).envFrom = [{ configMapRef: { name: 'x' } }], '.envFrom[0].configMapRef.name: there is no ConfigMap/x'],
  ['a governing service that does not exist', 'StatefulSet', s => s.spec.serviceName = 'x', '.spec.serviceName: there is no Service/x'],
  ['an autoscaler of nothing', 'HorizontalPodAutoscaler', h => h.spec.scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' }, '.spec.scaleTargetRef: there is no Deployment/x'],
  ['an ingress to nothing', 'Ingress', i => i.spec.rules[0].http.paths[0].backend = { service: { name: 'x', port: { number: 80 } } }, '.backend.service.name: there is no Service/x'],
  ['a binding of a role that does not exist', 'RoleBinding', b => b.roleRef.kind = 'Role', '.roleRef.name: there is no Role/view'],
  ['a binding to an account that does not exist', 'RoleBinding', b => b.subjects = [{ kind: 'ServiceAccount', name: 'x' }], '.subjects[0].name: there is no ServiceAccount/x'],
];

describe('refuses', () => {
  test.each(MISTAKES)('%s (%s)', (_what, kind, change, problem) => {
    const object = OBJECTS[kind]();
    // The objects share no parts, or a change would show in two places.
    const copy = JSON.parse(JSON.stringify(object));
    change(copy);
    expect(kubernetesProblems(copy)).toEqual(expect.arrayContaining([expect.stringContaining(problem)]));
  });

  test.each<[string, Change, string]>([
    ['a key of a volume', d => pod(d).volumes[0] = { name: 'data', configMap: { name: 'config', items: [{ key: 'x', path: 'x' }] } }, '.configMap.items[0].key'],
    ['a key of a variable', d => main(d).env[1].valueFrom = { configMapKeyRef: { name: 'config', key: 'x' } }, '.valueFrom.configMapKeyRef.key'],
    ['a file of a subPath', d => pod(d).volumes[0] = { name: 'data', configMap: { name: 'config' } }, '.volumeMounts[0].subPath'],
  ])('%s the config map does not have', (_what, change, path) => {
    const deployment = OBJECTS.Deployment();
    change(deployment);
    expect(kubernetesProblems([deployment, OBJECTS.ConfigMap()]))
      .toEqual([expect.stringMatching(new RegExp(`${path.replace(/[.[\]]/g, '\\$&')}: ConfigMap/config has no key (x|nix)$`))]);
  });

  test.each<[string, Change]>([
    ['of a variable', d => main(d).env[1].valueFrom = { secretKeyRef: { name: 'secret', key: 'x' } }],
    ['of a volume', d => pod(d).volumes[1] = { name: 'keys', secret: { secretName: 'secret', items: [{ key: 'x', path: 'x' }] } }],
    ['of a projected volume', d => pod(d).volumes[1] = { name: 'keys', projected: { sources: [{ secret: { name: 'secret', items: [{ key: 'x', path: 'x' }] } }] } }],
  ])('a secret key %s, only where the secret is among the objects', (_what, change) => {
    const deployment = OBJECTS.Deployment();
    change(deployment);
    expect(deployment).toBeValidKubernetes();
    expect(kubernetesProblems([deployment, OBJECTS.Secret()])).toEqual([expect.stringContaining('Secret/secret has no key x')]);
  });

  test('a config map of the same name in another namespace', () => {
    const deployment = OBJECTS.Deployment();
    pod(deployment).volumes[0] = { name: 'data', configMap: { name: 'config' } };
    delete main(deployment).volumeMounts[0].subPath;
    const config = OBJECTS.ConfigMap();
    expect([deployment, config]).toBeValidKubernetes();
    config.metadata.namespace = 'other';
    expect([deployment, config]).not.toBeValidKubernetes();
  });

  test('two objects of one kind and name', () => {
    expect(kubernetesProblems([OBJECTS.ConfigMap(), OBJECTS.ConfigMap()])).toEqual([expect.stringContaining('there are two objects')]);
  });

  test('text that is no YAML, or gives a key twice', () => {
    expect(() => kubernetesProblems('kind: [')).toThrow();
    expect(() => kubernetesProblems('apiVersion: v1\nkind: Pod\nkind: ConfigMap')).toThrow('Map keys must be unique');
  });

  test('nothing at all, as an empty chart or file gives it', () => {
    expect(kubernetesProblems([])).toEqual(['there are no objects']);
    expect(kubernetesProblems('---\n')).toEqual(['there are no objects']);
    expect(new Chart(Testing.app(), 'Empty')).not.toBeValidKubernetes();
  });
});

test('the matcher lists every problem', () => {
  const deployment = OBJECTS.Deployment();
  deployment.metadata.name = 'Web';
  main(deployment).volumeMounts[0].name = 'nix';
  expect(() => expect(deployment).toBeValidKubernetes()).toThrow(/found 2 problem\(s\):\n  Deployment\/Web \.metadata\.name: .*\n  Deployment\/Web .*there is no volume nix/);
  expect(() => expect(OBJECTS.ConfigMap()).not.toBeValidKubernetes()).toThrow('found no problem');
});
