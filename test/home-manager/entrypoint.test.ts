import * as fs from 'node:fs';
import * as path from 'node:path';
import { NixContainer } from './nix-container';

describe('the entrypoint of the images', () => {
  let container: NixContainer;
  beforeAll(() => {
    container = new NixContainer();
    for (const script of ['entrypoint.sh', 'nix-environment.sh']) {
      fs.copyFileSync(path.join(__dirname, '../../images', script), path.join(container.root, 'opt/cdk8s-nix', script));
    }
  });
  afterAll(() => container.remove());
  beforeEach(() => container.reset());

  test.each([['1000680000:0', 'code'], ['1002:1002', 'node']])('USER is one word for user %s: %s', (user, name) => {
    for (const env of [{ HOME: '/home/code' }, { HOME: '/home/code', USER: '' }] as Array<Record<string, string>>) {
      const { output } = container.run('sh /opt/cdk8s-nix/entrypoint.sh sh -c \'echo "<$USER>"\' 2>/dev/null', { user, env });
      expect(output).toBe(`<${name}>\n`);
    }
    expect(container.run('sh /opt/cdk8s-nix/entrypoint.sh sh -c \'echo "<$USER>"\'', { user, env: { USER: 'mine', HOME: '/home/code' } }).output).toContain('<mine>\n');
  });

  test('a strict one starts for a user without a passwd entry, with a profile', () => {
    const { status, output } = container.run('sh /opt/cdk8s-nix/entrypoint.sh sh -c \'echo "<$USER>"\'', {
      env: { HOME: '/home/code', CDK8S_NIX_STRICT: 'YES', CDK8S_NIX_HOME_MANAGER: 'minimal', HOME_MANAGER_OVERRIDE_INPUTS: NixContainer.overrides },
    });
    expect({ status, output }).toEqual({ status: 0, output: expect.stringMatching(/^<code>\n[^]*container-minimal is active for code in \/home\/code/) });
  });

  describe('without coreutils', () => {
    const run = (strict: string) => container.run('/bin/sh /opt/cdk8s-nix/entrypoint.sh /bin/echo ran', { env: { PATH: '/bare', HOME: '/home/code', CDK8S_NIX_STRICT: strict } });
    const problem = 'cdk8s-nix: there is no \'id\' in PATH, which is \'/bare\'; this script needs coreutils\n';

    test('it says so, and runs the command', () => {
      expect(run('No').status).toBe(0);
      expect(run('No').output).toContain(`ran\n${problem}`);
    });

    test.each(['true', 'TRUE', 'Yes', '1'])('it ends with 69 where CDK8S_NIX_STRICT is %s', strict => {
      expect(run(strict)).toEqual({ status: 69, output: `${problem}cdk8s-nix: not running the command, because CDK8S_NIX_STRICT is ${strict}\n` });
    });

    test('unless Nix\' profile has them', () => {
      container.run('mkdir -p /nix/var/nix/profiles/default && ln -s /usr/bin /nix/var/nix/profiles/default/bin');
      expect(run('true')).toEqual({ status: 0, output: 'ran\n' });
    });
  });
});
