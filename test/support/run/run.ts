import * as fs from 'fs';
import { Cgroup } from './cgroup';
import { beginRunFolder, endRunFolder, isAlive, isRunning } from './run-folder';
import { podman, RUN_LABEL, storageFolder } from '../podman';

/*
 * What a run of the system suites makes on the machine lies in one folder or carries the number of the run's process. When the run
 * ends, well or not, all of that goes; what a killed one left, the next one removes.
 */

export function beginRun(): void {
  removeOthers(pid => !isAlive(pid));
  beginRunFolder();
}

/** Once; a second time, nothing. */
export function endRun(): void {
  if (isRunning()) {
    removeOthers(pid => pid === process.pid);
    endRunFolder();
  }
}

/** What does not lie in the folder. */
function removeOthers(chosen: (pid: number) => boolean): void {
  removeContainers(chosen);
  Cgroup.removeAll(chosen);
}

/** Those of this checkout, which has a storage of its own. */
function removeContainers(chosen: (pid: number) => boolean): void {
  if (!fs.existsSync(storageFolder())) {
    return;
  }
  const containers = podman(['ps', '--all', '--format', `{{.ID}} {{index .Labels "${RUN_LABEL}"}}`]).split('\n').filter(line => line !== '');
  const left = containers.map(line => line.split(' ')).filter(([, pid]) => chosen(Number(pid))).map(([id]) => id);
  if (left.length > 0) {
    // A pod's containers depend on the one that holds its network.
    podman(['rm', '--force', '--ignore', '--depend', '--volumes', '--time', '0', ...left]);
  }
  if (left.length === containers.length) {
    podman(['image', 'unmount', '--all', '--force']);
  }
}
