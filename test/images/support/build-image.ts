import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { containerEnvironment, podman } from '../../support/podman';

const ROOT = path.resolve(__dirname, '../../..');

/** What to build and of which local images. */
export interface ImageBuild {
  /** The folder under `images/`. */
  readonly image: string;
  readonly buildArguments: Record<string, string>;
  /** Files to put into the build context before the build, by their path in it. */
  readonly files?: Record<string, string>;
}

/**
 * Builds one of our images with nothing but the folders that the package ships, and without a network.
 *
 * @returns its reference in the storage of the tests
 * @throws with what the build printed, if it fails
 */
export function buildImage(build: ImageBuild): string {
  const context = mkdtempSync(path.join(tmpdir(), 'cdk8s-nix-context-'));
  try {
    for (const folder of ['images', 'nix', 'scripts']) {
      cpSync(path.join(ROOT, folder), path.join(context, folder), { recursive: true });
    }
    for (const [file, content] of Object.entries(build.files ?? {})) {
      writeFileSync(path.join(context, file), content);
    }
    return buildah(path.join(context, 'images', build.image, 'Dockerfile'), context, build.buildArguments);
  } finally {
    rmSync(context, { recursive: true });
  }
}

/** An image made of another one by instructions of a Dockerfile, as a user's own base image is. */
export function derivedImage(base: string, instructions: string[]): string {
  const context = mkdtempSync(path.join(tmpdir(), 'cdk8s-nix-context-'));
  try {
    writeFileSync(path.join(context, 'Dockerfile'), [`FROM ${base}`, ...instructions, ''].join('\n'));
    return buildah(path.join(context, 'Dockerfile'), context, {});
  } finally {
    rmSync(context, { recursive: true });
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

function buildah(dockerfile: string, context: string, buildArguments: Record<string, string>): string {
  const { status, stdout, stderr } = spawnSync('buildah', [
    'bud', '--quiet', '--pull-never', '--network', 'none', '--file', dockerfile,
    ...Object.entries(buildArguments).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    context,
  ], { env: containerEnvironment(), encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) {
    throw new Error(`the build of ${dockerfile} ended with ${status}:\n${stdout}${stderr}`);
  }
  // By its id: nothing to clean up when another test builds the same.
  return stdout.trim().split('\n').at(-1)!;
}
