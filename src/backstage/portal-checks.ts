import { isIP } from 'net';
import { Duration } from 'cdk8s';
import { BackstageNixProps } from './backstage-nix-props';
import { BackstagePreset } from './backstage-preset';
import { checkKey } from './database-checks';
import { databaseVariables } from './database-connection';
import { publicAddress } from './portal-access';
import { checkNetwork } from './portal-network';
import { checkRoute } from './portal-route';
import { checkWorkspace } from './portal-workspace';
import { isDnsSubdomain, isLabelValue, isQualifiedName } from '../base/kubernetes-name';
import { validateMetadata } from '../base/object-metadata';
import { Problem, Problems } from '../base/problems';

/** Record what is wrong with the props of a portal, but for its database and its configuration. */
export function checkPortal(problems: Problems, props: BackstageNixProps, preset: BackstagePreset): void {
  const { baseUrl } = props;
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  props.image._validate(problems, 'image');
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || /[\s"'\\$]/.test(baseUrl)) {
    problems.add('CDK8SNIX0901', 'baseUrl', baseUrl, 'People reach the portal by a URL without user, white space or quotes.', 'Use for example "https://portal.example.org".');
  }
  if (preset === BackstagePreset.PRODUCTION && url?.protocol === 'http:') {
    problems.add('CDK8SNIX0902', 'baseUrl', baseUrl, 'Sessions would cross the network in clear.', 'Use https.');
  }
  if (preset === BackstagePreset.PRODUCTION && props.development) {
    problems.add('CDK8SNIX0902', 'development', props.development, 'Nobody would serve the portal.', 'Leave it out, or use another preset.');
  }
  props.configFiles?.forEach((file, i) => {
    if (file === '' || file.startsWith('-')) {
      problems.add('CDK8SNIX0905', `configFiles[${i}]`, file, 'It is no path of a file.', 'Use for example "app-config.yaml".');
    }
  });
  Object.entries(props.secrets ?? {}).forEach(([name, value]) => checkKey(problems, `secrets.${name}`, value));
  checkIngress(problems, props, url);
  if (props.httpRoute) {
    checkHost(problems, baseUrl, url, 'httpRoute', 'an HTTPRoute');
    checkRoute(problems, props.httpRoute, publicAddress(baseUrl).host);
  }
  checkPath(problems, baseUrl, url);
  if (props.development) {
    checkWorkspace(problems, props);
  }
  checkNetwork(problems, props.networkPolicy ?? {});
  checkTwice(problems, props);
  checkProbes(problems, props);
  checkSelector(problems, props);
}

function checkIngress(problems: Problems, { ingress, baseUrl }: BackstageNixProps, url: URL | undefined): void {
  if (!ingress) {
    return;
  }
  if (ingress.className !== undefined && !isDnsSubdomain(ingress.className)) {
    problems.add('CDK8SNIX0904', 'ingress.className', ingress.className, 'A class has lower-case letters, digits, "-" and "."; 253 at most.',
      'Use a name that `kubectl get ingressclass` lists, or leave it out.');
  }
  checkHost(problems, baseUrl, url, 'ingress', 'an Ingress');
  if (ingress.tlsSecret && url?.protocol === 'http:') {
    problems.add('CDK8SNIX0901', 'baseUrl', baseUrl, 'The Ingress has a certificate, and leads people to https.', 'Use https, or leave out ingress.tlsSecret.');
  }
  validateMetadata(problems, { annotations: ingress.annotations }, { labels: 'ingress.labels', annotations: 'ingress.annotations' });
}

/** A URL with more than a path leads nowhere once paths of the portal are appended to it. */
function checkPath(problems: Problems, baseUrl: string, url: URL | undefined): void {
  if (url && (url.search !== '' || url.hash !== '')) {
    problems.add('CDK8SNIX0901', 'baseUrl', baseUrl, 'The paths of the portal are appended to it.', 'Leave out "?" or "#" and what follows.');
  }
  if (url && /\/\/|%2f/i.test(url.pathname.replace(/\/+$/, ''))) {
    problems.add('CDK8SNIX0901', 'baseUrl', baseUrl, 'No Ingress and no HTTPRoute leads to a path with "//" or "%2f".', 'Use for example "https://tools.example.org/portal".');
  }
}

function checkHost(problems: Problems, baseUrl: string, url: URL | undefined, prop: string, what: string): void {
  if (url && (isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0 || !isDnsSubdomain(url.hostname))) {
    problems.add('CDK8SNIX0904', 'baseUrl', baseUrl, `The host of ${what} is a DNS name, and no address.`,
      `Use a name for the portal, or leave \`${prop}\` out.`);
  }
}

/** What has two props, one of ours and one in a struct of cdk8s-plus, is said once. */
function checkTwice(problems: Problems, props: BackstageNixProps): void {
  const { deployment = {}, container = {}, secrets = {}, metadata = {} } = props;
  const twice = (prop: string, value: unknown, other: string) =>
    problems.add('CDK8SNIX0906', prop, value, `\`${other}\` says it too.`, 'Keep one of the two.');
  if (props.replicas !== undefined && deployment.replicas !== undefined) {
    twice('deployment.replicas', deployment.replicas, 'replicas');
  }
  if (props.resources && container.resources) {
    twice('container.resources', container.resources, 'resources');
  }
  if (metadata.serviceAccount && deployment.serviceAccount) {
    twice('metadata.serviceAccount', metadata.serviceAccount, 'deployment.serviceAccount');
  }
  if (props.selector && deployment.select === true) {
    twice('deployment.select', true, 'selector');
  }
  for (const name of databaseVariables(props.database)) {
    if (Object.hasOwn(secrets, name)) {
      twice(`secrets.${name}`, '(not shown)', 'database');
    }
    if (Object.hasOwn(container.envVariables ?? {}, name)) {
      twice(`container.envVariables.${name}`, '(not shown)', 'database');
    }
  }
  const { annotations = {}, metadata: { annotations: others = {} } = {} } = props.ingress ?? {};
  for (const name of Object.keys(others).filter(annotation => Object.hasOwn(annotations, annotation))) {
    twice(`ingress.metadata.annotations.${name}`, others[name], 'ingress.annotations');
  }
  for (const name of Object.keys(container.envVariables ?? {}).filter(variable => Object.hasOwn(secrets, variable))) {
    twice(`container.envVariables.${name}`, '(not shown)', `secrets.${name}`);
  }
}

function checkProbes(problems: Problems, { probes = {} }: BackstageNixProps): void {
  for (const prop of ['readinessPath', 'livenessPath'] as const) {
    const path = probes[prop];
    if (path !== undefined && !/^\/[^\s"'\\]*$/.test(path)) {
      problems.add('CDK8SNIX0907', `probes.${prop}`, path, 'A path begins with "/" and has no white space or quotes.', 'Use for example "/healthcheck".');
    }
  }
  const times: Array<[string, Duration | undefined]> = [['startup', probes.startup], ['period', probes.period], ['timeout', probes.timeout]];
  for (const [prop, time] of times) {
    if (time && (time.toMilliseconds() < 1000 || time.toMilliseconds() % 1000 !== 0)) {
      problems.add('CDK8SNIX0907', `probes.${prop}`, time.toHumanString(), 'Kubernetes counts in whole seconds, from one on.', 'Use for example Duration.seconds(10).');
    }
  }
}

/** A Deployment that nobody has told by which labels to find its pods. */
export function unselected(): Problem {
  return {
    code: 'CDK8SNIX0908', prop: 'deployment.select', value: false, problem: 'A Deployment without a selector finds no pod.', remedy: 'Use the prop selector, or leave it out.',
  };
}

function checkSelector(problems: Problems, { selector, deployment = {} }: BackstageNixProps): void {
  if (!selector) {
    return;
  }
  const own = deployment.podMetadata?.labels ?? {};
  if (Object.keys(selector).length === 0) {
    problems.add('CDK8SNIX0908', 'selector', selector, 'A Deployment without a selector finds no pod.', 'Name a label, or leave it out.');
  }
  for (const [label, value] of Object.entries(selector)) {
    if (!isQualifiedName(label) || !isLabelValue(value)) {
      problems.add('CDK8SNIX0908', 'selector', `${label}=${value}`, 'Names and values of labels have at most 63 letters, digits, "-", "_" and ".".', 'Use for example { app: "backstage" }.');
    } else if (own[label] !== undefined && own[label] !== value) {
      problems.add('CDK8SNIX0908', 'selector', `${label}=${value}`, `The pods have ${label}=${own[label]}.`, 'Use one value in both places.');
    }
  }
}
