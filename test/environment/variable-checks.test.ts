import * as kplus from 'cdk8s-plus-28';
import { NixDeployment } from '../../src';
import { podSpec, testChart, variable } from '../support/synth';

test.each(['experimental-features = nix-command flakes', 'cores = 2\nmax-jobs = 1', 'sandbox = false\nbuild-users-group =', '# a comment'])(
  'a container may say %j to its own Nix', lines => {
    const chart = testChart();
    new NixDeployment(chart, 'app', { containers: [{ image: 'example/app:1', envVariables: { NIX_CONFIG: kplus.EnvValue.fromValue(lines) } }] });
    expect(variable(podSpec(chart).containers[0], 'NIX_CONFIG')).toBe(lines);
  });

test.each([['HOME', '/home/code/'], ['NIX_STORE', '/nix/store'], ['NIX_STATE_DIR', '/nix/var/nix/'], ['NIX_STORE_DIR', '/nix/store'], ['NIX_LOG_DIR', '/nix/var/log/nix']])(
  'a container may say that %s is %s, where it is', (name, value) => {
    const chart = testChart();
    new NixDeployment(chart, 'app', { containers: [{ image: 'example/app:1', envVariables: { [name]: kplus.EnvValue.fromValue(value) } }] });
    expect(variable(podSpec(chart).containers[0], name)).toBe(value);
  });
