/* Writes nix/in-store/npm-lock.json: run it when the version of an assistant changes. It asks the npm registry. */
import { execFileSync } from 'child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { basename, join } from 'path';

const NIX = join(__dirname, '..', 'nix');
const CPUS = { 'x86_64-linux': 'x64', 'aarch64-linux': 'arm64' };

/** What each runs, in its node_modules; `CPU` stands for that of the machine. */
const EXECUTABLES: { readonly [command: string]: string } = {
  claude: '@anthropic-ai/claude-code-linux-CPU/claude',
  codex: '@openai/codex/bin/codex.js',
  gemini: '@google/gemini-cli/bundle/gemini.js',
};

/** A package of npm's own lock file. */
interface Locked {
  readonly name?: string;
  readonly version: string;
  readonly integrity: string;
  readonly os?: string[];
  readonly cpu?: string[];
  readonly libc?: string[];
  /** It would be compiled; the assistants that have such packages do without. */
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
}

function lock(command: string): object {
  const source = readFileSync(join(NIX, 'ai-assistants', `${command}.nix`), 'utf-8');
  const [name, version] = ['package', 'version'].map(field => new RegExp(`${field} = "([^"]+)"`).exec(source)![1]);
  const folder = mkdtempSync(join(tmpdir(), 'lock-assistants-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{}');
    execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`], { cwd: folder, stdio: 'ignore' });
    const all = Object.entries<Locked>(JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf-8')).packages).filter(([at]) => at !== '');
    return {
      version,
      systems: Object.fromEntries(Object.entries(CPUS).map(([system, cpu]) => [system, {
        executable: EXECUTABLES[command].replace('CPU', cpu),
        packages: all.filter(([, locked]) => fits(locked, cpu)).map(([at, locked]) => tarball(at.replace('node_modules/', ''), locked)),
      }])),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function fits({ os = ['linux'], cpu: cpus, libc = ['glibc'], hasInstallScript, optional }: Locked, cpu: string): boolean {
  return os.includes('linux') && (cpus ?? [cpu]).includes(cpu) && libc.includes('glibc') && !(hasInstallScript && optional);
}

function tarball(at: string, { name = at, version, integrity }: Locked): object {
  return { at, file: `${name}/-/${basename(name)}-${version}.tgz`, hash: integrity };
}

const locks = Object.fromEntries(Object.keys(EXECUTABLES).map(command => [command, lock(command)]));
writeFileSync(join(NIX, 'in-store', 'npm-lock.json'), JSON.stringify(locks, undefined, 2) + '\n');
