import { NixDeployment } from '../../src';
import { podSpec, testChart } from '../support/synth';

test.each(['/nix/store/00000000000000000000000000000000-app/share', '/nix/var/nix/profiles/default', '/nix/store', '/home/code/.nix-profiles', '/etc'])(
  'a container may work in %s', workingDir => {
    const chart = testChart();
    new NixDeployment(chart, 'app', { containers: [{ image: 'example/app:1', workingDir }] });
    expect(podSpec(chart).containers[0].workingDir).toBe(workingDir);
  });
