import * as kplus from 'cdk8s-plus-28';
import { ConfigMapping } from './app-config';
import { BackstageNixProps } from './backstage-nix-props';
import { Problem, Problems } from '../base/problems';

/** Addresses that nobody outside of the pod reaches, the kubelet with its probes included. */
const LOOPBACK = /^(localhost|127\..*|::1|\[::1\])$/;

/** A configuration that makes the portal listen where neither the Service nor the probes ask. */
export function listeningProblems(config: ConfigMapping, port: number): Problem[] {
  const { host, port: configured } = listenOf(config.backend?.listen);
  const problem = (what: string, value: unknown, why: string, remedy: string): Problem =>
    ({ code: 'CDK8SNIX0914', prop: `appConfig.backend.listen${what}`, value, problem: why, remedy });
  // A variable is filled in by Backstage, and known to nobody here.
  const elsewhere = /^\d+$/.test(String(configured)) && Number(configured) !== port;
  return [
    ...(elsewhere ? [problem('.port', configured, `Service and probes ask port ${port}.`, `Use container.portNumber: ${configured}, and leave it out here.`)] : []),
    ...(LOOPBACK.test(String(host)) ? [problem('.host', host, 'Neither the Service nor the probes reach it there.', 'Leave it out: the portal listens on all addresses then.')] : []),
  ];
}

/** A configuration that has the portal speak TLS, or none, where our probes expect the other. */
export function schemeProblems(config: ConfigMapping, { container = {}, development, probes = {} }: BackstageNixProps): Problem[] {
  const https = config.backend?.https;
  const isAsked = !development && probes.enabled !== false && [container.startup, container.readiness, container.liveness].includes(undefined);
  const asksTls = probes.scheme === kplus.ConnectionScheme.HTTPS;
  // A variable is filled in by Backstage; without a word the files in the image decide.
  if (!isAsked || https === undefined || https === null || typeof https === 'string' || (https !== false) === asksTls) {
    return [];
  }
  return [{
    code: 'CDK8SNIX0914',
    prop: 'appConfig.backend.https',
    value: typeof https === 'boolean' ? https : '(not shown)',
    problem: asksTls ? 'The probes ask by HTTPS.' : 'The probes ask by HTTP, and so do an Ingress and an HTTPRoute unless they are told otherwise.',
    remedy: asksTls ? 'Leave out probes.scheme.' : 'Leave it out, for TLS to end at the Ingress or the Gateway, or use probes.scheme: kplus.ConnectionScheme.HTTPS.',
  }];
}

/** A Service that leads to another port than the portal's. It may have been given its ports after it was made. */
export function serviceProblems({ ports, type }: kplus.Service, port: number): Problem[] {
  const isName = type === kplus.ServiceType.EXTERNAL_NAME;
  return !isName && ports.some(other => (other.targetPort ?? other.port) === port) ? [] : [{
    code: 'CDK8SNIX0914',
    prop: isName ? 'service.externalName' : 'service.ports',
    value: isName ? type : ports,
    problem: `${isName ? 'It does not lead' : 'None of them leads'} to the portal, which listens on port ${port}.`,
    remedy: isName ? 'Leave it out, or make a Service of its own for the name.' : `Give one of them targetPort: ${port}, or leave them out.`,
  }];
}

/** Record a port that is called as the portal's own is, and has another number; and a number that is said twice. */
export function checkContainerPorts(problems: Problems, { container = {} }: BackstageNixProps, port: number): void {
  const { ports = [], portNumber, port: older } = container;
  const other = ports.find(({ name, number }) => name === 'http' && number !== port);
  if (other) {
    problems.add('CDK8SNIX0914', 'container.ports', other, `The portal listens on port ${port}, and that is called "http".`,
      `Use container.portNumber: ${other.number} if it is the portal's, or another name.`);
  }
  if (portNumber !== undefined && older !== undefined && portNumber !== older) {
    problems.add('CDK8SNIX0906', 'container.port', older, '`container.portNumber` says it too.', 'Keep one of the two.');
  }
}

/** As Backstage reads it: `{ host, port }`, or text like `:7007` and `0.0.0.0:7007`. */
function listenOf(listen: unknown): { readonly host?: unknown; readonly port?: unknown } {
  if (typeof listen === 'object' && listen !== null) {
    return listen;
  }
  const groups = /^(?:(?<host>.*):)?(?<port>\d+)$/.exec(String(listen ?? ''))?.groups;
  return groups ?? {};
}
