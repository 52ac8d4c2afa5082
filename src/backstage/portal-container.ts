import { Duration } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { BackstageNixProps } from './backstage-nix-props';
import { BackstageSizing } from './backstage-presets';
import { DatabaseConnection } from './database-connection';
import { asleep } from './portal-workspace';
import { wholeSeconds } from './whole-seconds';

/** The folder of our configuration in the portal's container. */
export const CONFIG_FOLDER = '/etc/backstage';
/** The file in it, and the key of the ConfigMap. */
export const CONFIG_FILE = 'app-config.cdk8s-nix.yaml';

const DEFAULT_PORT = 7007;

/** The port that the portal listens on. */
export function portalPort({ container = {} }: BackstageNixProps): number {
  return container.portNumber ?? container.port ?? DEFAULT_PORT;
}

/** The portal's container: what the user says of it, and our defaults below. */
export function portalContainer(props: BackstageNixProps, sizing: BackstageSizing, connection: DatabaseConnection): kplus.ContainerProps {
  const { portNumber, port, ...own } = props.container ?? {};
  const number = portalPort(props);
  const name = (own.ports ?? []).some(other => other.name === 'http') ? undefined : 'http';
  return {
    ...own,
    name: own.name ?? 'backstage',
    image: props.image.reference,
    args: own.args ?? [...(own.command ? [] : ['node', 'packages/backend']), ...configArguments(props)],
    // A port of this number that the user describes is the one.
    ports: [...((own.ports ?? []).some(other => other.number === number) ? [] : [{ name, number }]), ...own.ports ?? []],
    resources: own.resources ?? props.resources ?? sizing.resources,
    envVariables: { ...variables(props, sizing, connection), ...own.envVariables },
    // kplus adds to the list it is given, which is the user's.
    volumeMounts: [...own.volumeMounts ?? []],
    ...(props.development ? asleep(props) : probes(props, number, sizing)),
  };
}

function configArguments(props: BackstageNixProps): string[] {
  const files = [...props.configFiles ?? ['app-config.yaml', 'app-config.production.yaml'], `${CONFIG_FOLDER}/${CONFIG_FILE}`];
  return files.flatMap(file => ['--config', file]);
}

function variables(props: BackstageNixProps, sizing: BackstageSizing, connection: DatabaseConnection): { [name: string]: kplus.EnvValue } {
  const secrets = Object.entries(props.secrets ?? {}).map(([name, value]) => [name, kplus.EnvValue.fromSecretValue(value)] as const);
  return {
    NODE_ENV: kplus.EnvValue.fromValue(props.development ? 'development' : 'production'),
    LOG_LEVEL: kplus.EnvValue.fromValue(sizing.logLevel),
    ...connection.variables,
    ...Object.fromEntries(secrets),
  };
}

/** A portal takes its time to start; until then neither of the other probes is asked. */
function probes(props: BackstageNixProps, port: number, sizing: BackstageSizing): Pick<kplus.ContainerProps, 'startup' | 'readiness' | 'liveness'> {
  const { startup, readiness, liveness } = props.container ?? {};
  const options = props.probes ?? {};
  if (options.enabled === false) {
    return { startup, readiness, liveness };
  }
  const period = wholeSeconds(options.period ?? Duration.seconds(10));
  const timeout = wholeSeconds(options.timeout ?? Duration.seconds(5));
  const readinessPath = options.readinessPath ?? '/.backstage/health/v1/readiness';
  const probe = (path: string, failureThreshold: number) => kplus.Probe.fromHttpGet(path, {
    port, scheme: options.scheme, periodSeconds: Duration.seconds(period), timeoutSeconds: Duration.seconds(timeout), failureThreshold,
  });
  const tries = Math.ceil(wholeSeconds(options.startup ?? sizing.startup) / period);
  return {
    startup: startup ?? probe(readinessPath, tries),
    readiness: readiness ?? probe(readinessPath, 3),
    liveness: liveness ?? probe(options.livenessPath ?? '/.backstage/health/v1/liveness', 6),
  };
}
