import { Node } from './kubelet/node';
import { SCENARIOS } from '../cluster/scenarios';
import { seedImage } from '../support/images';

const IMAGES = { first: 'registry.local/nix:1.0.0', second: 'registry.local/nix:2.0.0' };

// The same descriptions that `npm run test:cluster` runs in a real cluster.
describe.each(SCENARIOS.map(scenario => [scenario.name, scenario] as const))('%s', (_, scenario) => {
  const node = new Node({ [IMAGES.first]: seedImage(1), [IMAGES.second]: seedImage(2) });
  afterAll(() => node.destroy());
  test.each(Object.entries(scenario.steps(node, IMAGES)))('%s', (__, step) => step());
});
