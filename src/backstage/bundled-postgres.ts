import { ApiObjectMetadata, Duration, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { BundledBackstageDatabaseOptions } from './backstage-database';
import { wholeSeconds } from './whole-seconds';
import { LONGEST_OF_STATEFUL_SET, shorterName } from '../base/made-name';
import { addClaimTemplate, transformPodSpec } from '../pod/workload-hook';

const PORT = 5432;
/**
 * Of no image: up to PostgreSQL 17 the official ones declare a volume of their own at /var/lib/postgresql/data, from 18 on at /var/lib/postgresql,
 * and some of 18 have a link there, so that what one version wrote another would not find, and begin anew.
 */
const DATA = '/var/lib/backstage-database';
/** The ids of the user `postgres` in the official images. */
const UID = 999;
const UID_OF_ALPINE = 70;
const PERIOD = Duration.seconds(10);
const IMAGE = 'docker.io/library/postgres:16.4';
const RESOURCES: kplus.ContainerResources = {
  cpu: { request: kplus.Cpu.millis(100) },
  memory: { request: Size.mebibytes(128), limit: Size.mebibytes(512) },
};

/** What a server has of the portal that it belongs to. */
export interface BundledServerSurroundings {
  /** The size of its volume. */
  readonly size: Size;
  /** What its container has unless its own options say otherwise. */
  readonly resources?: kplus.ContainerResources;
  readonly dockerRegistryAuth?: kplus.ISecret;
}

/**
 * A small PostgreSQL for development: one pod with a claim of its own, restricted like everything else.
 */
export class BundledPostgres extends Construct {
  public readonly statefulSet: kplus.StatefulSet;
  public readonly service: kplus.Service;
  public readonly user: string;
  public readonly port = PORT;

  constructor(scope: Construct, id: string, options: BundledBackstageDatabaseOptions, surroundings: BundledServerSurroundings) {
    super(scope, id);
    const { size, resources, dockerRegistryAuth } = surroundings;
    this.user = options.user ?? 'backstage';
    const uid = userId(options);
    this.service = new kplus.Service(this, 'Service', { metadata: options.serviceMetadata, clusterIP: 'None', ports: [{ port: PORT }] });
    this.statefulSet = new kplus.StatefulSet(this, 'StatefulSet', {
      metadata: this.metadata(options.metadata),
      service: this.service,
      replicas: 1,
      dockerRegistryAuth,
      securityContext: { user: uid, group: uid, fsGroup: uid, fsGroupChangePolicy: kplus.FsGroupChangePolicy.ON_ROOT_MISMATCH },
    });
    const container = this.statefulSet.addContainer(containerProps(options, this.user, options.resources ?? resources ?? RESOURCES));
    for (const [name, folder] of [['run', '/var/run/postgresql'], ['tmp', '/tmp']]) {
      container.mount(folder, kplus.Volume.fromEmptyDir(this, `${name}-volume`, name));
    }
    this.addData(size, options.storageClassName);
  }

  /** Names that are too long are cut; all others are those that cdk8s makes. */
  private metadata(metadata: ApiObjectMetadata | undefined): ApiObjectMetadata | undefined {
    const name = metadata?.name === undefined ? shorterName(this, 'statefulset', LONGEST_OF_STATEFUL_SET) : undefined;
    return name === undefined ? metadata : { ...metadata, name };
  }

  /** What kplus-28 has no typed API for: claim templates, and seccomp of the pod. */
  private addData(size: Size, storageClassName: string | undefined): void {
    transformPodSpec(this.statefulSet, spec => ({
      ...spec,
      securityContext: { ...spec.securityContext, seccompProfile: { type: 'RuntimeDefault' } },
      containers: spec.containers.map((container: any) => ({
        ...container, volumeMounts: [...container.volumeMounts ?? [], { name: 'data', mountPath: DATA }],
      })),
    }));
    addClaimTemplate(this.statefulSet, 'data', {
      metadata: {},
      spec: {
        storageClassName,
        accessModes: [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE],
        resources: { requests: { storage: kplus.k8s.Quantity.fromString(`${size.toGibibytes()}Gi`) } },
      },
      retention: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    });
  }
}

/** The image of a bundled server. */
export function postgresImage(options: BundledBackstageDatabaseOptions): string {
  return options.image ?? IMAGE;
}

/** Who owns the data: initdb insists on a user that the image knows. */
function userId(options: BundledBackstageDatabaseOptions): number {
  return /alpine/.test(postgresImage(options)) ? UID_OF_ALPINE : UID;
}

function containerProps(options: BundledBackstageDatabaseOptions, user: string, resources: kplus.ContainerResources): kplus.ContainerProps {
  const ready = (probe: kplus.ProbeOptions) => kplus.Probe.fromCommand(['pg_isready', '-U', user, '-h', '127.0.0.1'], probe);
  // On a slow disk initdb alone takes longer than the half minute of Kubernetes' defaults, and whoever is killed in it begins anew.
  const startup = options.startup ?? Duration.minutes(5);
  return {
    name: 'postgres',
    image: postgresImage(options),
    imagePullPolicy: kplus.ImagePullPolicy.IF_NOT_PRESENT,
    ports: [{ number: PORT }],
    envVariables: {
      POSTGRES_USER: kplus.EnvValue.fromValue(user),
      ...(options.name === undefined ? {} : { POSTGRES_DB: kplus.EnvValue.fromValue(options.name) }),
      POSTGRES_PASSWORD: kplus.EnvValue.fromSecretValue(options.password),
      // A folder of its own: the root of the volume belongs to root and holds lost+found, and initdb refuses both.
      PGDATA: kplus.EnvValue.fromValue(`${DATA}/pgdata`),
    },
    readiness: ready({}),
    liveness: ready({}),
    startup: ready({ periodSeconds: PERIOD, failureThreshold: Math.ceil(wholeSeconds(startup) / PERIOD.toSeconds()) }),
    resources,
    securityContext: {
      user: userId(options),
      group: userId(options),
      capabilities: { drop: [kplus.Capability.ALL] },
      seccompProfile: { type: kplus.SeccompProfileType.RUNTIME_DEFAULT },
    },
  };
}
