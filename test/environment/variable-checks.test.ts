import * as kplus from 'cdk8s-plus-28';
import { NixDeployment } from '../../src';
import { podSpec, testChart, variable } from '../support/synth';

test.each(['experimental-features = nix-command flakes', 'cores = 2\nmax-jobs = 1', 'sandbox = false\nbuild-users-group =', '# a comment',
  'cores = 2\r\nmax-jobs = auto\r\n', 'include /etc/team/nix.conf', '$(MORE)', 'cores = $(CORES)'])(
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

test('a token that Kubernetes puts there is none in the manifest, but a line of its own in a Secret is the way', () => {
  const chart = testChart();
  new NixDeployment(chart, 'app', { containers: [{ image: 'example/app:1', envVariables: { NIX_CONFIG: kplus.EnvValue.fromValue('access-tokens = github.com=$(TOKEN)') } }] });
  expect(() => podSpec(chart)).toThrow(/CDK8SNIX0518 .*use the prop `accessTokens`/);
});

test('a PATH in the words of Kubernetes is followed', () => {
  const chart = testChart();
  new NixDeployment(chart, 'app', { containers: [{ image: 'example/app:1', envVariables: { PATH: kplus.EnvValue.fromValue('$(HOME)/bin:$(PATH)') } }] });
  expect(variable(podSpec(chart).containers[0], 'PATH')).toMatch(/^\$\(HOME\)\/bin:.*\/usr\/bin/);
});
