import { packageFile } from '../base/package-file';

const SCRIPTS = [
  'check-nix-store.sh', 'link-certificates.sh', 'make-folders.sh', 'own-folder.sh', 'place-files.sh', 'program-starts.sh', 'seed-batches.sh',
  'seed-commit.sh', 'seed-copy.sh', 'seed-description.sh', 'seed-granted.sh', 'seed-image.sh', 'seed-log.sh', 'seed-makers.sh', 'seed-memory.sh',
  'seed-nix-store.sh', 'seed-nix.sh', 'seed-plan.sh', 'seed-process.sh', 'seed-profiles.sh', 'seed-reasons.sh', 'seed-register.sh', 'seed-trust.sh',
  'seed-volume.sh', 'seed-warm.sh', 'store-links.sh', 'store-lock.sh', 'sync-file-system.sh',
];

/** The scripts of the init containers, by file name: the main ones source the others from the folder they lie in. */
export function storeScripts(): { [file: string]: string } {
  return Object.fromEntries(SCRIPTS.map(script => [script, packageFile(`scripts/${script}`)]));
}
