import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import * as path from 'node:path';
import { lock } from './lock';
import { CACHE, containerEnvironment, podman, tryPodman } from './podman';

/** Part of the key of every image: raise it when what this file does to them changes. */
const FORMAT = '2';

/** What an image takes while it is made: its root, an archive of that, and its layer. */
const NEEDED_MIB = 2048;

/** What a test image is made of. */
export interface ImageRecipe {
  /** Its name, and what tells it from the others of that name. */
  readonly name: string;
  /** The files that decide what is in it: it is made anew when one of them changes. */
  readonly sources: string[];
  /** Anything else that decides what is in it. */
  readonly key?: string;
  /** Instructions for its configuration, as `ENV PATH=/bin`. */
  readonly config: string[];
  /** Fills the folder that becomes its root. */
  readonly fill: (folder: string) => void;
}

/** Where the root of an image is made; who makes it holds its lock. */
export function partFolder(name: string): string {
  return path.join(CACHE, `image-${name}.part`);
}

/**
 * An image in the storage of the tests, made only once for the same recipe.
 *
 * @returns its reference, which only `podman --pull=never` understands
 */
export function cachedImage(recipe: ImageRecipe): string {
  const content = recipe.sources.map(file => readFileSync(file));
  const hash = createHash('sha256').update([FORMAT, recipe.name, recipe.key, ...recipe.config, ...content].join('\0')).digest('hex');
  const reference = `localhost/cdk8s-nix-test/${recipe.name}:${hash.slice(0, 12)}`;
  const unlock = lock(`image-${recipe.name}`);
  try {
    if (tryPodman(['image', 'exists', reference]).code !== 0) {
      make(recipe, reference);
      removeOthers(reference);
    }
  } finally {
    unlock();
  }
  return reference;
}

function make(recipe: ImageRecipe, reference: string): void {
  const folder = partFolder(recipe.name);
  // Of one that was killed.
  discard(folder);
  checkSpace();
  try {
    // It becomes the root folder of the image.
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    recipe.fill(folder);
    importRoot(folder, reference, recipe.config);
  } finally {
    discard(folder);
  }
}

function discard(folder: string): void {
  // Should something be mounted in it all the same, that is not ours to remove.
  execFileSync('rm', ['-rf', '--one-file-system', folder, archiveOf(folder)]);
}

function checkSpace(): void {
  const { bavail, bsize } = statfsSync(CACHE);
  const free = Math.floor(bavail * bsize / 1024 / 1024);
  if (free < NEEDED_MIB) {
    throw new Error(`${CACHE} has ${free} MiB left, and an image needs ${NEEDED_MIB} while it is made`);
  }
}

function archiveOf(folder: string): string {
  return `${folder}.tar`;
}

/** Former versions of an image only take room; one that a container still uses stays. */
function removeOthers(reference: string): void {
  const versions = podman(['images', '--format', '{{.Repository}}:{{.Tag}}', '--filter', `reference=${reference.split(':')[0]}`]).split('\n');
  versions.filter(version => version !== reference).forEach(version => tryPodman(['rmi', version]));
}

function importRoot(folder: string, reference: string, config: string[]): void {
  const archive = archiveOf(folder);
  try {
    execFileSync('tar', ['--create', '--numeric-owner', '--file', archive, '--directory', folder, '.'], { env: containerEnvironment() });
    podman(['import', '--quiet', ...config.flatMap(change => ['--change', change]), archive, reference]);
  } finally {
    rmSync(archive, { force: true });
  }
}
