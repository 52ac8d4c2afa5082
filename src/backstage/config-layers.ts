/** Configurations, each merged over those before it once all are resolved: what a Lazy value stands for may be a mapping too. */
export class ConfigLayers {
  constructor(public readonly layers: readonly unknown[]) {}
}
