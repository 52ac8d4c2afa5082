import { selects } from './label-selector';
import { duplicates, entries, Manifest, Report, refuse } from './manifest';
import { configKey, portName } from './names';
import { quantity } from './quantity';
import { listOf, podsOf } from '../../../src/pod/pod-manifest';

const MAX_CONFIG = 1024 * 1024;
const CRON_FIELDS = /^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|@every \S+|[\d*/,\-A-Za-z?]+( [\d*/,\-A-Za-z?]+){4})$/;

/** What the API server checks per kind and no schema says. */
export function checkKind(manifest: Manifest, report: Report): void {
  KIND_RULES[manifest.kind]?.forEach(rule => rule(manifest.spec ?? {}, report, manifest));
}

type Rule = (spec: any, report: Report, manifest: Manifest) => void;

const KIND_RULES: Record<string, Rule[]> = {
  Deployment: [selectorMatches, restarts('Always'), deploymentStrategy],
  ReplicaSet: [selectorMatches, restarts('Always')],
  StatefulSet: [selectorMatches, restarts('Always'), claimTemplates],
  DaemonSet: [selectorMatches, restarts('Always')],
  Job: [restarts('OnFailure', 'Never')],
  CronJob: [restarts('OnFailure', 'Never'), schedule],
  PersistentVolumeClaim: [(spec, report) => claim(spec, '.spec', report)],
  ConfigMap: [configSize],
  Secret: [configSize],
  Service: [servicePorts],
  Ingress: [ingressPaths],
  PodDisruptionBudget: [disruption],
  HorizontalPodAutoscaler: [autoscaling],
};

function selectorMatches(spec: any, report: Report): void {
  const { selector, template } = spec;
  if (entries(selector?.matchLabels).length + listOf(selector?.matchExpressions).length === 0) {
    report('.spec.selector', 'must select the pods of the template, got an empty selector');
  } else if (!selects(selector, template?.metadata?.labels)) {
    report('.spec.selector', `does not match the labels of the template, ${JSON.stringify(template?.metadata?.labels)}`);
  }
}

function restarts(...allowed: string[]): Rule {
  return (_spec, report, manifest) => {
    const pod = podsOf(manifest)[0];
    const policy = pod?.spec.restartPolicy ?? 'Always';
    if (!allowed.includes(policy)) {
      report(`${pod?.path}.spec.restartPolicy`, `of a ${manifest.kind} must be ${allowed.join(' or ')}, got ${policy}`);
    }
  };
}

function deploymentStrategy({ strategy = {} }: any, report: Report): void {
  const { type = 'RollingUpdate', rollingUpdate } = strategy;
  if (type === 'Recreate' && rollingUpdate) {
    report('.spec.strategy.rollingUpdate', 'may not be given with the strategy Recreate');
  }
  if (isZero(rollingUpdate?.maxSurge) && isZero(rollingUpdate?.maxUnavailable)) {
    report('.spec.strategy.rollingUpdate', 'may not have both maxSurge and maxUnavailable at 0');
  }
}

function isZero(value: unknown): boolean {
  return value === 0 || value === '0%';
}

function claimTemplates(spec: any, report: Report): void {
  const templates = listOf(spec.volumeClaimTemplates);
  templates.forEach((template, i) => claim(template.spec ?? {}, `.spec.volumeClaimTemplates[${i}].spec`, report));
  duplicates(templates.map(template => template.metadata?.name))
    .forEach(name => report('.spec.volumeClaimTemplates', `two templates have the name ${name}`));
}

function claim(spec: any, path: string, report: Report): void {
  const modes = listOf(spec.accessModes);
  if (modes.length === 0) {
    report(`${path}.accessModes`, 'must name at least one access mode');
  }
  if (modes.includes('ReadWriteOncePod') && modes.length > 1) {
    report(`${path}.accessModes`, 'may not combine ReadWriteOncePod with other modes');
  }
  const storage = spec.resources?.requests?.storage;
  if (!((quantity(storage) ?? 0) > 0)) {
    report(`${path}.resources.requests.storage`, `must be a size above 0, got ${JSON.stringify(storage)}`);
  }
}

function configSize(_spec: any, report: Report, { data, stringData, binaryData }: Manifest): void {
  const all = [data, stringData, binaryData].flatMap(entries);
  all.forEach(([key]) => refuse(report, `.data[${JSON.stringify(key)}]`, configKey(key)));
  duplicates([data, binaryData].flatMap(entries).map(([key]) => key)).forEach(key => report('.data', `the key ${key} is in binaryData too`));
  const bytes = all.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(String(value)), 0);
  if (bytes > MAX_CONFIG) {
    report('.data', `must be at most 1 MiB in all, got ${bytes} bytes`);
  }
}

function schedule(spec: any, report: Report): void {
  if (!CRON_FIELDS.test(spec.schedule)) {
    report('.spec.schedule', `must have five fields, got ${JSON.stringify(spec.schedule)}`);
  }
}

function servicePorts(spec: any, report: Report): void {
  const ports = listOf(spec.ports);
  if (ports.length > 1 && ports.some(port => !port.name)) {
    report('.spec.ports', 'must all be named when there are several');
  }
  ports.filter(port => port.name).forEach((port, i) => refuse(report, `.spec.ports[${i}].name`, portName(port.name)));
  duplicates(ports.map(port => port.name)).forEach(name => report('.spec.ports', `two ports have the name ${name}`));
  duplicates(ports.map(port => `${port.port}/${port.protocol ?? 'TCP'}`)).forEach(port => report('.spec.ports', `${port} is listed twice`));
}

function ingressPaths(spec: any, report: Report): void {
  listOf(spec.rules).forEach((rule, i) => listOf(rule.http?.paths).forEach(({ path, pathType }, j) => {
    if (pathType !== 'ImplementationSpecific' && !String(path).startsWith('/')) {
      report(`.spec.rules[${i}].http.paths[${j}].path`, `must begin with / for the type ${pathType}, got ${JSON.stringify(path)}`);
    }
  }));
}

function disruption(spec: any, report: Report): void {
  if ((spec.minAvailable === undefined) === (spec.maxUnavailable === undefined)) {
    report('.spec', 'must have one of minAvailable and maxUnavailable');
  }
}

function autoscaling(spec: any, report: Report): void {
  if ((spec.minReplicas ?? 1) > spec.maxReplicas) {
    report('.spec.minReplicas', `must be at most maxReplicas (${spec.maxReplicas}), got ${spec.minReplicas}`);
  }
}
