import { Chart } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { parse } from 'yaml';
import { BackstageDatabase, BackstageNix, BackstageNixProps, BundledBackstageDatabaseOptions, ExistingBackstageDatabaseOptions, NixImage } from '../../../src';
import { filesOf } from '../../support/synth';

/** A build of images/backstage-nix. */
export const IMAGE = NixImage.backstageNix({ repository: 'registry.example.org/team/portal', tag: '1.2.0' });

/** A Backstage as most people have it: without Nix. */
export const PLAIN_IMAGE = NixImage.of('registry.example.org/team/plain-portal:3.1.0');

export function secretOf(chart: Chart, name = 'credentials'): kplus.ISecret {
  return chart.node.tryFindChild(name) as kplus.ISecret | undefined ?? kplus.Secret.fromSecretName(chart, name, name);
}

export function existing(chart: Chart, options: Partial<ExistingBackstageDatabaseOptions> = {}): BackstageDatabase {
  return BackstageDatabase.existing({ host: 'postgres.databases.svc', password: { secret: secretOf(chart), key: 'postgres' }, ...options });
}

export function bundled(chart: Chart, options: Partial<BundledBackstageDatabaseOptions> = {}): BackstageDatabase {
  return BackstageDatabase.bundled({ password: { secret: secretOf(chart), key: 'postgres' }, ...options });
}

/** A portal in production, unless the props say otherwise. */
export function portal(chart: Chart, props: Partial<BackstageNixProps> = {}): BackstageNix {
  return new BackstageNix(chart, 'portal', { image: IMAGE, baseUrl: 'https://portal.example.org', database: existing(chart), ...props });
}

/** Backstage's configuration in the manifests. */
export function appConfig(manifests: any[]): any {
  return parse(manifests.map(filesOf).find(files => 'app-config.cdk8s-nix.yaml' in files)!['app-config.cdk8s-nix.yaml']);
}
