import { IConstruct } from 'constructs';
import { Substituter } from '../config/substituter';

/** A binary cache in the cluster: what the pods that use it have to know of it. */
export interface ClusterCache extends IConstruct {
  /** The labels that find its pods. */
  readonly _podLabels: { [label: string]: string };

  /** The port of its pods. */
  readonly _podPort: number;

  /** Its host name as clients of a namespace reach it. */
  _host(clientNamespace: string | undefined): string;

  /** What Nix asks, as clients of a namespace reach it. */
  substituters(clientNamespace?: string): Substituter[];

  /** Let the pods of another namespace reach it. */
  allowFrom(namespace: string): void;
}
