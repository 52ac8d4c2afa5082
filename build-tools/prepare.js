// npm runs this after it has installed a clone of the repository, and before it packs one: this way `npm install GIT-URL` gets a package with code
// in it. `npm ci` is what people and CI do before a command that compiles by itself, and need not wait for it.
const { spawnSync } = require('child_process');
const { existsSync } = require('fs');
const { join } = require('path');

const root = join(__dirname, '..');
if (process.env.npm_command !== 'ci' && !existsSync(join(root, '.jsii'))) {
  const env = { ...process.env, JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '20' };
  const { status } = spawnSync(process.execPath, [require.resolve('jsii/bin/jsii'), '--silence-warnings=reserved-word'], { cwd: root, env, stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
