// File modes are sets of bits.
/* eslint-disable no-bitwise */
import { chmodSync, lchownSync, lstatSync, readdirSync, Stats } from 'node:fs';
import * as path from 'node:path';

const SETGID = 0o2000;

/** How a volume is given to the group of a pod. */
export interface GroupOwnership {
  /** The pod's fsGroup; without one the volume stays as it is. */
  readonly fsGroup?: number;
  /** @default Always */
  readonly policy?: string;
  /** Whether the group may only read. @default false */
  readonly readOnly?: boolean;
}

/**
 * Makes the fsGroup own a volume: everything in it gets the group and its rights, folders the setgid bit; owners stay.
 * `OnRootMismatch` looks at the volume's root alone and leaves the rest if that is right already.
 */
export function giveToGroup(root: string, { fsGroup, policy = 'Always', readOnly = false }: GroupOwnership): void {
  if (fsGroup === undefined || (policy === 'OnRootMismatch' && isOwned(lstatSync(root), fsGroup, readOnly))) {
    return;
  }
  giveTree(root, fsGroup, readOnly);
}

function isOwned(root: Stats, fsGroup: number, readOnly: boolean): boolean {
  const wanted = groupRights(root, readOnly);
  return root.gid === fsGroup && (root.mode & wanted) === wanted;
}

function groupRights(file: Stats, readOnly: boolean): number {
  return (readOnly ? 0o440 : 0o660) | (file.isDirectory() ? SETGID | 0o110 : 0);
}

function giveTree(file: string, fsGroup: number, readOnly: boolean): void {
  const stats = lstatSync(file);
  if (stats.isDirectory()) {
    readdirSync(file).forEach(name => giveTree(path.join(file, name), fsGroup, readOnly));
  }
  lchownSync(file, stats.uid, fsGroup);
  if (!stats.isSymbolicLink()) {
    chmodSync(file, (stats.mode & 0o7777) | groupRights(stats, readOnly));
  }
}
