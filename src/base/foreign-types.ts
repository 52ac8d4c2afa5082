/* Made of the public interfaces and classes by `npx projen docs`: see build-tools/public-types.ts. */
/* eslint-disable @stylistic/object-property-newline */

/** The props of interfaces of cdk8s and cdk8s-plus; `*` stands for any other. */
export const FOREIGN_STRUCTS = {
  'cdk8s.ApiObjectMetadata': {
    'annotations': 'text{}', 'finalizers': 'text[]', 'labels': 'text{}', 'name': 'text', 'namespace': 'text',
    'ownerReferences': 'cdk8s.OwnerReference[]', '*': 'any',
  },
  'cdk8s.OwnerReference': { apiVersion: 'text!', kind: 'text!', name: 'text!', uid: 'text!', blockOwnerDeletion: 'boolean', controller: 'boolean' },
  'kplus.AbstractPodProps': {
    '...': 'kplus.ResourceProps', 'automountServiceAccountToken': 'boolean', 'containers': 'kplus.ContainerProps[]', 'dns': 'kplus.PodDnsProps',
    'dockerRegistryAuth': 'kplus.ISecret', 'hostAliases': 'kplus.HostAlias[]', 'hostNetwork': 'boolean', 'initContainers': 'kplus.ContainerProps[]',
    'isolate': 'boolean', 'restartPolicy': 'kplus.RestartPolicy', 'securityContext': 'kplus.PodSecurityContextProps',
    'serviceAccount': 'kplus.IServiceAccount', 'terminationGracePeriod': 'cdk8s.Duration', 'volumes': 'kplus.Volume[]',
  },
  'kplus.ContainerLifecycle': { postStart: 'kplus.Handler', preStop: 'kplus.Handler' },
  'kplus.ContainerOpts': {
    args: 'text[]', command: 'text[]', envFrom: 'kplus.EnvFrom[]', envVariables: 'kplus.EnvValue{}', imagePullPolicy: 'kplus.ImagePullPolicy',
    lifecycle: 'kplus.ContainerLifecycle', liveness: 'kplus.Probe', name: 'text', port: 'number', portNumber: 'number',
    ports: 'kplus.ContainerPort[]', readiness: 'kplus.Probe', resources: 'kplus.ContainerResources', restartPolicy: 'kplus.ContainerRestartPolicy',
    securityContext: 'kplus.ContainerSecurityContextProps', startup: 'kplus.Probe', volumeMounts: 'kplus.VolumeMount[]', workingDir: 'text',
  },
  'kplus.ContainerPort': { number: 'number!', hostIp: 'text', hostPort: 'number', name: 'text', protocol: 'kplus.Protocol' },
  'kplus.ContainerProps': { '...': 'kplus.ContainerOpts', 'image': 'text!' },
  'kplus.ContainerResources': { cpu: 'kplus.CpuResources', ephemeralStorage: 'kplus.EphemeralStorageResources', memory: 'kplus.MemoryResources' },
  'kplus.ContainerSecurityContextProps': {
    allowPrivilegeEscalation: 'boolean', capabilities: 'kplus.ContainerSecutiryContextCapabilities', ensureNonRoot: 'boolean', group: 'number',
    privileged: 'boolean', readOnlyRootFilesystem: 'boolean', seccompProfile: 'kplus.SeccompProfile', user: 'number',
  },
  'kplus.ContainerSecutiryContextCapabilities': { add: 'kplus.Capability[]', drop: 'kplus.Capability[]' },
  'kplus.CpuResources': { limit: 'kplus.Cpu', request: 'kplus.Cpu' },
  'kplus.CronJobProps': {
    '...': 'kplus.JobProps', 'schedule': 'cdk8s.Cron!', 'concurrencyPolicy': 'kplus.ConcurrencyPolicy', 'failedJobsRetained': 'number',
    'startingDeadline': 'cdk8s.Duration', 'successfulJobsRetained': 'number', 'suspend': 'boolean', 'timeZone': 'text',
  },
  'kplus.DaemonSetProps': { '...': 'kplus.WorkloadProps', 'minReadySeconds': 'number' },
  'kplus.DeploymentProps': {
    '...': 'kplus.WorkloadProps', 'minReady': 'cdk8s.Duration', 'progressDeadline': 'cdk8s.Duration', 'replicas': 'number',
    'strategy': 'kplus.DeploymentStrategy',
  },
  'kplus.DnsOption': { name: 'text!', value: 'text' },
  'kplus.EphemeralStorageResources': { limit: 'cdk8s.Size', request: 'cdk8s.Size' },
  'kplus.HostAlias': { hostnames: 'text[]!', ip: 'text!' },
  'kplus.JobProps': {
    '...': 'kplus.WorkloadProps', 'activeDeadline': 'cdk8s.Duration', 'backoffLimit': 'number', 'ttlAfterFinished': 'cdk8s.Duration',
  },
  'kplus.MemoryResources': { limit: 'cdk8s.Size', request: 'cdk8s.Size' },
  'kplus.MountOptions': { propagation: 'kplus.MountPropagation', readOnly: 'boolean', subPath: 'text', subPathExpr: 'text' },
  'kplus.NamespaceProps': { '...': 'kplus.ResourceProps' },
  'kplus.PodDnsProps': {
    hostname: 'text', hostnameAsFQDN: 'boolean', nameservers: 'text[]', options: 'kplus.DnsOption[]', policy: 'kplus.DnsPolicy', searches: 'text[]',
    subdomain: 'text',
  },
  'kplus.PodSecurityContextProps': {
    ensureNonRoot: 'boolean', fsGroup: 'number', fsGroupChangePolicy: 'kplus.FsGroupChangePolicy', group: 'number', sysctls: 'kplus.Sysctl[]',
    user: 'number',
  },
  'kplus.ResourceProps': { metadata: 'cdk8s.ApiObjectMetadata' },
  'kplus.SeccompProfile': { type: 'kplus.SeccompProfileType!', localhostProfile: 'text' },
  'kplus.SecretValue': { key: 'text!', secret: 'kplus.ISecret!' },
  'kplus.ServiceBindOptions': { name: 'text', nodePort: 'number', protocol: 'kplus.Protocol', targetPort: 'number' },
  'kplus.ServicePort': { '...': 'kplus.ServiceBindOptions', 'port': 'number!' },
  'kplus.ServiceProps': {
    '...': 'kplus.ResourceProps', 'clusterIP': 'text', 'externalIPs': 'text[]', 'externalName': 'text', 'loadBalancerSourceRanges': 'text[]',
    'ports': 'kplus.ServicePort[]', 'publishNotReadyAddresses': 'boolean', 'selector': 'kplus.IPodSelector', 'type': 'kplus.ServiceType',
  },
  'kplus.StatefulSetProps': {
    '...': 'kplus.WorkloadProps', 'minReady': 'cdk8s.Duration', 'podManagementPolicy': 'kplus.PodManagementPolicy', 'replicas': 'number',
    'service': 'kplus.Service', 'strategy': 'kplus.StatefulSetUpdateStrategy',
  },
  'kplus.Sysctl': { name: 'text!', value: 'text!' },
  'kplus.VolumeMount': { '...': 'kplus.MountOptions', 'path': 'text!', 'volume': 'kplus.Volume!' },
  'kplus.WorkloadProps': { '...': 'kplus.AbstractPodProps', 'podMetadata': 'cdk8s.ApiObjectMetadata', 'select': 'boolean', 'spread': 'boolean' },
} as const;
