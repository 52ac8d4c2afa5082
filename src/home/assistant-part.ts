import { AiAssistant } from './ai-assistant';
import { NixUser } from './nix-user';
import { CONFIG_DIR, NixConfig } from '../config/nix-config';
import { NodeRuntime } from '../pod/bound-store';
import { PodPart } from '../pod/pod-merge';
import { VOLUME } from '../pod/pod-names';

/**
 * What assistants bring into a pod: their keys, and their files, which lie beside nix.conf; some are mounted elsewhere too.
 *
 * @param runtime set if the node brings the programs
 */
export function assistantPart(assistants: readonly AiAssistant[], user: NixUser, config: NixConfig, runtime?: NodeRuntime): () => Partial<PodPart> {
  const files = assistants.flatMap(assistant => Object.entries(assistant._files));
  const mounted = files.filter(([path]) => !isBesideNixConf(path));
  files.forEach(([path, content]) => config._addFile(fileName(path), content));
  return () => ({
    workloadVariables: assistants.flatMap(assistant => assistant._variables(user.home)),
    mounts: runtime ? [] : mounted.map(([path]) => ({ name: VOLUME.config, mountPath: path, subPath: fileName(path), readOnly: true })),
  });
}

function isBesideNixConf(path: string): boolean {
  return path.startsWith(`${CONFIG_DIR}/`);
}

/** A key of a ConfigMap, which cannot hold a slash. */
function fileName(path: string): string {
  return path.slice(isBesideNixConf(path) ? CONFIG_DIR.length + 1 : 1).replace(/\//g, '.');
}
