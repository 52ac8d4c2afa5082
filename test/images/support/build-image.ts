import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { NixImageKind, NixImageRecipe } from '../../../src/image/nix-image-recipe';
import { containerEnvironment, podman } from '../../support/podman';

const built: string[] = [];

/**
 * Builds one of our images without a network and with nothing but what `cdk8s-nix eject` writes.
 *
 * @param kind which image
 * @param buildArguments the local images to build it of, and anything else
 * @param changes files of the build context to replace, by their path
 * @param network `host` to reach a server of this machine
 * @returns its id
 * @throws with what the build printed, if it fails
 */
export function buildImage(kind: NixImageKind, buildArguments: Record<string, string>, changes: Record<string, string> = {}, network = 'none'): string {
  const recipe = NixImageRecipe.of(kind);
  return buildah({ ...recipe.buildContext(), ...changes }, recipe.dockerfilePath, buildArguments, network);
}

/** An image made of another one by instructions of a Dockerfile, as a user's own base image is. */
export function derivedImage(base: string, instructions: string[]): string {
  return buildah({ Dockerfile: [`FROM ${base}`, ...instructions, ''].join('\n') }, 'Dockerfile', {});
}

/** Removes what was built since the last time, so that the storage of the tests does not grow with each run. */
export function removeBuiltImages(): void {
  for (let id = built.pop(); id !== undefined; id = built.pop()) {
    podman(['image', 'rm', '--force', id]);
  }
}

/** What an image is configured to do. */
export interface ImageConfig {
  readonly user: string;
  readonly entrypoint: string[];
  readonly command: string[];
  readonly environment: Record<string, string>;
  readonly workingDirectory: string;
  readonly labels: Record<string, string>;
}

/** The configuration of an image in the storage of the tests. */
export function imageConfig(reference: string): ImageConfig {
  const config = JSON.parse(podman(['image', 'inspect', reference]))[0].Config;
  return {
    user: config.User ?? '',
    entrypoint: config.Entrypoint ?? [],
    command: config.Cmd ?? [],
    environment: Object.fromEntries((config.Env ?? []).map((entry: string) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)])),
    workingDirectory: config.WorkingDir ?? '',
    labels: config.Labels ?? {},
  };
}

function buildah(files: Record<string, string>, dockerfile: string, buildArguments: Record<string, string>, network = 'none'): string {
  const context = mkdtempSync(path.join(tmpdir(), 'cdk8s-nix-context-'));
  try {
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(context, file)), { recursive: true });
      writeFileSync(path.join(context, file), content);
    }
    const { status, stdout, stderr } = spawnSync('buildah', [
      'bud', '--quiet', '--pull-never', '--network', network, '--file', path.join(context, dockerfile),
      ...Object.entries(buildArguments).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
      context,
    ], { env: containerEnvironment(), encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    if (status !== 0) {
      throw new Error(`the build of ${dockerfile} ended with ${status}:\n${stdout}${stderr}`);
    }
    const id = stdout.trim().split('\n').at(-1)!;
    built.push(id);
    return id;
  } finally {
    rmSync(context, { recursive: true });
  }
}
