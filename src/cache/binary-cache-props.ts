import { Duration, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Substituter } from '../config/substituter';
import { CaBundle } from '../network/ca-bundle';

/**
 * Props of a binary cache.
 */
export interface NixBinaryCacheProps {
  /**
   * The caches that are asked for what is not here yet: `http` or `https`, with the keys that sign their paths.
   *
   * @default [Substituter.nixos()]
   */
  readonly upstreams?: Substituter[];

  /**
   * The image: nginx 1.22 or newer as a user that is not root, with a shell and `df`, and without a `caBundle` the certificates of the public
   * authorities in `/etc/ssl/certs/ca-certificates.crt`.
   *
   * @default 'docker.io/nginxinc/nginx-unprivileged:1.28.0-alpine'
   */
  readonly image?: string;

  /**
   * When the image is pulled.
   *
   * @default kplus.ImagePullPolicy.IF_NOT_PRESENT
   */
  readonly imagePullPolicy?: kplus.ImagePullPolicy;

  /**
   * The user and group id nginx runs as.
   *
   * @default 101
   */
  readonly userId?: number;

  /**
   * How many pods serve the cache, each with a volume of its own. A second one serves while a node is drained; what it has not got
   * it fetches too.
   *
   * @default 1
   */
  readonly replicas?: number;

  /**
   * The size of the volume of each pod, in whole GiB.
   *
   * @default Size.gibibytes(50)
   */
  readonly volumeSize?: Size;

  /**
   * The storage class of the volumes.
   *
   * @default - the default class of the cluster
   */
  readonly storageClassName?: string;

  /**
   * Keep the volumes when the cache is deleted or scaled down. All in them can be fetched again.
   *
   * @default false
   */
  readonly retain?: boolean;

  /**
   * What the cache may hold before the longest unused goes.
   *
   * @default - 80 % of the volume
   */
  readonly maxSize?: Size;

  /**
   * Room that is kept on the volume: below it the longest unused goes, whatever `maxSize` says. Below half of it nothing is stored at
   * all and answers are only passed on, as are single answers larger than that half.
   *
   * @default - 10 % of the volume
   */
  readonly minFree?: Size;

  /**
   * How long the description of a path (narinfo) is served before the upstream is asked whether it has changed. NARs never change.
   *
   * @default Duration.days(1)
   */
  readonly hitTtl?: Duration;

  /**
   * How long a path that the upstream did not have is not asked for again.
   *
   * @default Duration.minutes(1)
   */
  readonly missTtl?: Duration;

  /**
   * What nobody asked for this long goes, even if there is room.
   *
   * @default Duration.days(90)
   */
  readonly unusedFor?: Duration;

  /**
   * The priority Nix sorts its caches by; the lowest is asked first. The public cache has 40.
   *
   * @default 30
   */
  readonly priority?: number;

  /**
   * The certificates that upstreams are checked against. The checks themselves cannot be turned off.
   *
   * @default - those of the image
   */
  readonly caBundle?: CaBundle;

  /**
   * The port of the container. The Service listens on 80.
   *
   * @default 8080
   */
  readonly port?: number;

  /**
   * Resources of the container.
   *
   * @default - requests 100m CPU and 128Mi memory, limited to 1Gi memory
   */
  readonly resources?: kplus.ContainerResources;

  /**
   * Allow only what the cache needs: questions from the pods of its namespace and of those whose environments use it, and to the outside DNS and
   * the ports of the upstreams.
   *
   * @default true
   */
  readonly networkPolicy?: boolean;

  /**
   * Where the upstreams are, as CIDRs. A NetworkPolicy knows no host names.
   *
   * @default - anywhere
   */
  readonly upstreamCidrs?: string[];
}
