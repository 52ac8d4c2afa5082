import { Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { ConfigMapping } from './app-config';
import { BackstageDatabase } from './backstage-database';
import { BackstageImages } from './backstage-images';
import { BackstageNix } from './backstage-nix';
import { BackstagePortalOptions } from './backstage-nix-props';
import { BackstagePreset } from './backstage-preset';
import { ConfigLayers } from './config-layers';
import { checkArguments, checkConstruct } from '../base/argument-check';
import { Problems } from '../base/problems';

/**
 * What an environment of a portal has of its own.
 */
export interface BackstageEnvironmentProps extends BackstagePortalOptions {
  /** Where people reach the portal of this environment. */
  readonly baseUrl: string;

  /** Where the portal of this environment keeps its data. */
  readonly database: BackstageDatabase;

  /**
   * The namespace.
   *
   * @default - the name of the environment
   */
  readonly namespace?: string;
}

/**
 * Props of the environments of a portal.
 */
export interface BackstageEnvironmentsProps {
  /** The image of each environment. */
  readonly images: BackstageImages;

  /**
   * The environments by name. One that is named like a preset has it, unless it says otherwise; the others are as production, but for one to work
   * in (`development`).
   */
  readonly environments: { [name: string]: BackstageEnvironmentProps };

  /**
   * What is the same in all of them. Props of an environment take the place of these; `appConfig` is merged, and so are `secrets`, by name.
   *
   * @default - nothing
   */
  readonly portal?: BackstagePortalOptions;
}

/**
 * One portal in several environments: for each a chart of its name beside this construct, and so a file, and in it a `BackstageNix` called
 * `backstage`.
 *
 * They differ in image, preset, base URL, database and namespace, and in what you say. Promoting an image changes the lines with images only.
 *
 * @example
 * new BackstageEnvironments(app, 'portal', {
 *   images: BackstageImages.fromFile('images.json'),
 *   environments: {
 *     development: {
 *       baseUrl: 'https://portal.dev.example.org',
 *       database: BackstageDatabase.bundled({ password: { secret, key: 'postgres' } }),
 *     },
 *     production: {
 *       baseUrl: 'https://portal.example.org',
 *       database: BackstageDatabase.existing({ host: 'postgres.databases.svc', password: { secret, key: 'postgres' } }),
 *     },
 *   },
 * });
 */
export class BackstageEnvironments extends Construct {
  /** The names of the environments. */
  public readonly names: string[];

  private readonly portals = new Map<string, BackstageNix>();

  constructor(scope: Construct, id: string, props: BackstageEnvironmentsProps) {
    checkConstruct('BackstageEnvironments', arguments, new.target, BackstageEnvironments);
    super(scope, id);
    this.names = Object.keys(props.environments);
    this.checkBaseUrls(props.environments);
    for (const [name, { namespace, ...own }] of Object.entries(props.environments)) {
      // Beside this construct rather than below it: the file of a chart of the app is called like the chart.
      const chart = new Chart(scope, name, { namespace: namespace ?? name });
      const common = props.portal ?? {};
      this.portals.set(name, new BackstageNix(chart, 'backstage', {
        ...common,
        ...own,
        preset: own.preset ?? common.preset ?? presetOf(name),
        appConfig: mergedConfig(common.appConfig, own.appConfig),
        secrets: { ...common.secrets, ...own.secrets },
        image: props.images.image(name),
      }));
    }
  }

  /**
   * The portal of an environment.
   *
   * @param name the environment
   * @throws if there is none of that name
   */
  public portal(name: string): BackstageNix {
    checkArguments('BackstageEnvironments.portal', arguments, this);
    const portal = this.portals.get(name);
    if (!portal) {
      throw new Error(`CDK8SNIX0912 ${this.node.path}: there is no environment ${JSON.stringify(name)}. Use one of: ${this.names.join(', ')}.`);
    }
    return portal;
  }

  /**
   * The chart of an environment.
   *
   * @param name the environment
   * @throws if there is none of that name
   */
  public chart(name: string): Chart {
    checkArguments('BackstageEnvironments.chart', arguments, this);
    return Chart.of(this.portal(name));
  }

  /** Whoever signs in at one of two portals of one address gets into the other. */
  private checkBaseUrls(environments: { [name: string]: BackstageEnvironmentProps }): void {
    const problems = new Problems(this);
    if (Object.keys(environments).length === 0) {
      problems.add('CDK8SNIX0912', 'environments', environments, 'There would be no portal.', 'Name at least one.');
    }
    const seen = new Map<string, string>();
    for (const [name, { baseUrl }] of Object.entries(environments)) {
      const first = seen.get(addressOf(baseUrl));
      if (first !== undefined) {
        problems.add('CDK8SNIX0912', `environments.${name}.baseUrl`, baseUrl, `It is that of ${first} too.`, 'Give each environment a host of its own.');
      }
      seen.set(addressOf(baseUrl), name);
    }
  }
}

/** What Lazy values stand for is known at synth, and so is what to merge. */
function mergedConfig(common: ConfigMapping = {}, own: ConfigMapping = {}): ConfigMapping {
  return new ConfigLayers([common, own]) as ConfigMapping;
}

/** As browsers see it. */
function addressOf(baseUrl: string): string {
  return URL.canParse(baseUrl) ? new URL(baseUrl).href.replace(/\/+$/, '') : baseUrl;
}

/** The preset of the name of an environment; of other names a portal has the one that it would have by itself. */
function presetOf(name: string): BackstagePreset | undefined {
  return Object.values(BackstagePreset).find(preset => preset === name);
}
