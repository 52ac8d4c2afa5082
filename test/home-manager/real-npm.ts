import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { NixContainer, RunOptions, RunResult } from './nix-container';

/** The package that is installed: one that is whole only with its platform package and after its own script has run. */
export const TOOL = '@test/tool@1.0.0';

const PACKAGES: Record<string, Record<string, string>> = {
  '@test/tool': {
    'package.json': JSON.stringify({
      name: '@test/tool',
      version: '1.0.0',
      bin: { gemini: 'run.js' },
      scripts: { postinstall: 'node postinstall.js' },
      optionalDependencies: { '@test/platform': '1.0.0' },
    }),
    'run.js': '#!/usr/bin/env node\nconsole.log(require("@test/platform"), require("./made.js"), ...process.argv.slice(2));\nif (process.argv[2] === "chunk") require("./chunk.js");\n',
    'postinstall.js': 'require("fs").writeFileSync(__dirname + "/made.js", "module.exports = \'scripts ran\';\\n");\n',
    'chunk.js': `console.log('chunk');\n// ${'x'.repeat(2000)}\n`,
  },
  '@test/platform': {
    'package.json': JSON.stringify({ name: '@test/platform', version: '1.0.0', os: ['linux'], main: 'index.js' }),
    'index.js': 'module.exports = "whole:";\n',
  },
};

/** The wrapper of gemini with the real npm of this machine, and registries in the container's own network. */
export class RealNpm {
  public readonly container = new NixContainer();

  public constructor() {
    const installed = this.container.run('sh /opt/cdk8s-nix/install-container.sh essential', {
      env: { HOME: '/home/code', USER: 'code', HOME_MANAGER_OVERRIDE_INPUTS: NixContainer.overrides },
    });
    expect(installed).toMatchObject({ status: 0 });
    const wrapper = this.container.run('cat /home/code/.nix-profile/bin/gemini').output;
    this.container.write('opt/bin/gemini', wrapper.replace(/^ *nodejs=\S+$/m, 'nodejs=/opt/nodejs'), 0o755);
    this.addNpm();
    Object.entries(PACKAGES).forEach(([name, files]) => this.addPackage(name, files));
    for (const folder of ['tls', 'other']) {
      this.addCertificate(folder);
    }
  }

  /** A new HOME, and nothing that was written elsewhere. */
  public reset(): void {
    this.container.emptyHome();
    this.container.run('rm -rf /tmp/* /nix/var/cdk8s-nix');
  }

  /** Runs a script in which `gemini` is the wrapper. */
  public run(script: string, env: Record<string, string> = {}, options: RunOptions = {}): RunResult {
    const { root } = this.container;
    return this.container.run(`PATH=$PATH:/opt/bin; ${script}`, {
      ...options,
      env: { HOME: '/home/code', CDK8S_NIX_PACKAGE_GEMINI: TOOL, ...env },
      prepare: `
        mount --bind ${process.execPath} opt/nodejs/bin/node
        mount --bind ${npmFolder()} opt/nodejs/lib/node_modules/npm
        busybox ip link set lo up
        rm -f opt/ready
        ${process.execPath} ${path.join(__dirname, 'stand-ins/registry.js')} ${root}/opt/packages ${root}/opt/tls ${root}/opt/ready >opt/registry.log 2>&1 &
        until [ -e opt/ready ]; do sleep 0.05; done
        ${options.prepare ?? ''}`,
    });
  }

  private addNpm(): void {
    this.container.write('opt/nodejs/bin/node', '', 0o755);
    this.container.addFolder('opt/nodejs/lib/node_modules/npm', '0:0');
    for (const tool of ['npm', 'npx']) {
      this.container.write(`opt/nodejs/bin/${tool}`, `#!/bin/sh\nexec /opt/nodejs/bin/node /opt/nodejs/lib/node_modules/npm/bin/${tool}-cli.js "$@"\n`, 0o755);
    }
  }

  private addPackage(name: string, files: Record<string, string>): void {
    const folder = `opt/packages/${name.replace('/', '+')}`;
    Object.entries(files).forEach(([file, content]) => this.container.write(`${folder}/package/${file}`, content, 0o755));
    execFileSync('tar', ['-czf', path.join(this.container.root, `${folder}.tgz`), '-C', path.join(this.container.root, folder), 'package']);
  }

  private addCertificate(name: string): void {
    const folder = path.join(this.container.root, 'opt', name);
    fs.mkdirSync(folder, { recursive: true });
    execFileSync('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
      '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', path.join(folder, 'key.pem'), '-out', path.join(folder, 'cert.pem'),
    ], { stdio: 'pipe' });
    fs.chmodSync(path.join(folder, 'key.pem'), 0o644);
  }
}

/** That of the `npm` in PATH. */
function npmFolder(): string {
  const script = fs.realpathSync(execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim());
  return path.dirname(path.dirname(script));
}
