import { KubeletPlace } from './kubelet-place';
import { SCENARIOS } from '../cluster/scenarios';
import { busyboxImage, nginxImage, seedImage } from '../support/images';

const IMAGES = {
  first: 'registry.local/nix:1.0.0',
  second: 'registry.local/nix:2.0.0',
  plain: 'registry.local/busybox:1.0.0',
  nginx: 'registry.local/nginx:1.0.0',
};

// The same descriptions that `npm run test:cluster` runs in a real cluster.
describe.each(SCENARIOS.map(scenario => [scenario.name, scenario] as const))('%s', (_, scenario) => {
  const place = new KubeletPlace({
    [IMAGES.first]: seedImage(1),
    [IMAGES.second]: seedImage(2),
    [IMAGES.plain]: busyboxImage(),
    [IMAGES.nginx]: nginxImage(),
  });
  afterAll(() => place.destroy());
  test.each(Object.entries(scenario.steps(place, IMAGES)))('%s', (__, step) => step());
});
