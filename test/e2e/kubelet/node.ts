import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { k8s } from 'cdk8s-plus-28';
import { Disk } from './disk';
import { refuseWhatIsNotPlayed } from './honoured-fields';
import { ImageStore } from './image-store';
import { Kill } from './kill';
import { Objects, Workload, workloadOf } from './objects';
import { Pod } from './pod';
import { RestartOptions } from './restarts';
import { forwardsTo } from './services';
import { busyboxImage } from '../../support/images';
import { Manifest } from '../../support/kubernetes/manifest';
import { kubernetesProblems, manifestsOf } from '../../support/kubernetes-schema';

/** What nodes differ in. */
export interface NodeOptions extends RestartOptions {
  /** Whether the container runtime honours the `subPath` of an image volume; containerd before 2.2 shows the image's root. @default true */
  readonly imageSubPath?: boolean;
  /** Whether claims are on a file server, which takes root for nobody and has no groups of pods. @default false */
  readonly fileServer?: boolean;
  /** Whether `subPath` shows an empty folder instead of a part of a volume, as some kubelets do for hostPath volumes. @default false */
  readonly emptySubPaths?: boolean;
}

/** How to roll out a workload. */
export interface RollOutOptions {
  /** A pod to share the network with, so that the two reach each other, and each Service by its name. @default - no network */
  readonly besides?: Pod;
  /** Manifests that are applied one after the other, each when a pod waits for an object that is not there. @default - none */
  readonly later?: (string | Manifest[])[];
  /** A container of the first pod to kill. @default - none */
  readonly kill?: Kill;
}

/**
 * A cluster of one node and one namespace, as far as the manifests of this library need one: it takes the YAML as it is
 * and runs its pods with podman. See test/e2e/README.md for what it does and does not do.
 */
export class Node {
  /** The images of the node, and the registry. */
  public readonly images: ImageStore;

  private readonly objects = new Objects();
  private readonly disks = new Map<string, Disk>();
  private readonly pods = new Map<string, Pod[]>();
  private readonly folder: string;
  private started = 0;

  /**
   * @param images the image in the local storage that stands for each reference in the manifests
   * @param options how it differs from the newest of nodes
   */
  constructor(images: Record<string, string>, private readonly options: NodeOptions = {}) {
    this.images = new ImageStore(images);
    this.folder = mkdtempSync(path.join(tmpdir(), 'node-'));
  }

  /**
   * Takes manifests: creates objects or replaces those of the same kind and name. Nothing starts yet.
   *
   * @param yaml one or more documents, or the objects themselves
   * @throws if an API server would refuse them or the harness does not understand all of them
   */
  public apply(yaml: string | Manifest[]): void {
    const objects = manifestsOf(yaml);
    // What they name may come later.
    const problems = kubernetesProblems(objects, { external: ['*'] });
    if (problems.length > 0) {
      throw new Error(`An API server would refuse the manifest:\n${problems.join('\n')}`);
    }
    refuseWhatIsNotPlayed(objects);
    this.objects.apply(objects);
  }

  /**
   * Brings the pods of a workload to what its manifest says, and starts them anew if they run already: the old ones end first
   * with strategy Recreate and for all kinds but Deployment.
   *
   * @throws ContainerFailed if a container fails once more than it may start again
   */
  public rollOut(kind: string, name: string, options: RollOutOptions = {}): Pod[] {
    const workload = workloadOf(this.objects.get(kind, name));
    const running = this.pods.get(`${kind}/${name}`) ?? [];
    this.pods.set(`${kind}/${name}`, running);
    const old = [...running];
    const stopOld = () => running.splice(0, old.length).forEach(pod => pod.stop());
    if (workload.recreate) {
      stopOld();
    }
    const later = [...options.later ?? []];
    const pods = Array.from({ length: workload.replicas }, (_, ordinal) => {
      const pod = this.podOf(workload, ordinal, options, later);
      running.push(pod);
      pod.start();
      return pod;
    });
    if (!workload.recreate) {
      stopOld();
    }
    return pods;
  }

  /**
   * Runs a Job, or a CronJob's job once, to its end.
   *
   * @returns the logs of its containers by name
   * @throws ContainerFailed if one fails
   */
  public complete(kind: 'Job' | 'CronJob', name: string, options: RollOutOptions = {}): Map<string, string> {
    const [pod] = this.rollOut(kind, name, options);
    const logs = pod.complete();
    pod.stop();
    this.pods.delete(`${kind}/${name}`);
    return logs;
  }

  /** The volume behind a claim, provisioned when it is first asked for. */
  public disk(claim: string): Disk {
    let disk = this.disks.get(claim);
    if (!disk) {
      disk = this.provision(claim, this.objects.get('PersistentVolumeClaim', claim).spec);
    }
    return disk;
  }

  /** Removes everything that is left: call it in `afterAll`. */
  public destroy(): void {
    [...this.pods.values()].flat().reverse().forEach(pod => pod.destroy());
    this.disks.forEach(disk => disk.destroy());
    rmSync(this.folder, { recursive: true, force: true });
  }

  private podOf(workload: Workload, ordinal: number, options: RollOutOptions, later: (string | Manifest[])[]): Pod {
    const name = workload.kind === 'StatefulSet' ? `${workload.name}-${ordinal}` : `${workload.name}-${++this.started}`;
    const spec: k8s.PodSpec = workload.template.spec!;
    const ownClaims = workload.claimTemplates.map((claim): k8s.Volume => {
      const claimName = `${claim.metadata!.name}-${name}`;
      if (!this.disks.has(claimName)) {
        this.provision(claimName, claim.spec!);
      }
      return { name: claim.metadata!.name!, persistentVolumeClaim: { claimName } };
    });
    return new Pod(name, { ...spec, volumes: [...(spec.volumes ?? []), ...ownClaims] }, {
      objects: this.objects,
      id: path.basename(this.folder),
      namespace: workload.namespace,
      folder: path.join(this.folder, 'pods', `${name}-${++this.started}`),
      localImage: (reference, policy) => this.images.provide(reference, policy),
      claimFolder: volume => volume.ephemeral
        ? this.provision(`${name}-${volume.name}`, volume.ephemeral.volumeClaimTemplate!.spec).folder
        : this.disk(volume.persistentVolumeClaim!.claimName).folder,
      mounting: this.options,
      sandboxImage: busyboxImage(),
      forwards: forwardsTo(workload.template, this.objects.all('Service')),
      neighbour: options.besides,
      restarts: this.options,
      objectsArrive: () => {
        const next = later.shift();
        if (next) {
          this.apply(next);
        }
        return next !== undefined;
      },
      kill: ordinal === 0 ? options.kill : undefined,
    });
  }

  private provision(claim: string, spec: k8s.PersistentVolumeClaimSpec): Disk {
    // Manifests come from YAML, where a quantity is text.
    const disk = new Disk(path.join(this.folder, 'disks', claim), String(spec.resources!.requests!.storage));
    this.disks.set(claim, disk);
    return disk;
  }
}
