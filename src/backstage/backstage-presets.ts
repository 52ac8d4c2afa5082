import { Duration, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { BackstagePortalOptions } from './backstage-nix-props';
import { BackstagePreset } from './backstage-preset';

/** What a preset decides. */
export interface BackstageSizing {
  readonly resources: kplus.ContainerResources;
  readonly logLevel: string;
  /** How long the portal may take to start; catalogs and plugins of production are large. */
  readonly startup: Duration;
  readonly storeSize: Size;
}

/** The preset of a portal: the one that it names, or the one that suits what it is for. */
export function presetOf({ preset, development }: BackstagePortalOptions): BackstagePreset {
  return preset ?? (development ? BackstagePreset.DEVELOPMENT : BackstagePreset.PRODUCTION);
}

const sizing = (cpu: number, request: number, limit: number, logLevel: string, startup: number, store: number): BackstageSizing => ({
  resources: { cpu: { request: kplus.Cpu.millis(cpu) }, memory: { request: Size.mebibytes(request), limit: Size.mebibytes(limit) } },
  logLevel,
  startup: Duration.minutes(startup),
  storeSize: Size.gibibytes(store),
});

export const BACKSTAGE_SIZING: { readonly [preset in BackstagePreset]: BackstageSizing } = {
  [BackstagePreset.DEVELOPMENT]: sizing(100, 512, 2048, 'debug', 5, 10),
  [BackstagePreset.STAGING]: sizing(250, 512, 2048, 'info', 5, 20),
  [BackstagePreset.PRODUCTION]: sizing(500, 1024, 4096, 'info', 10, 40),
};
