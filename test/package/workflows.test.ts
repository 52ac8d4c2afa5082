import { readdirSync, readFileSync } from 'fs';
import { join } from 'path';
import { parse } from 'yaml';
import { NODE_VERSIONS } from '../../projenrc/ci-workflow';

const ROOT = join(__dirname, '..', '..');
const FOLDER = join(ROOT, '.github', 'workflows');
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf-8'));
const tasks = JSON.parse(readFileSync(join(ROOT, '.projen', 'tasks.json'), 'utf-8')).tasks;

interface Step { readonly run?: string; readonly uses?: string; readonly with?: { readonly [key: string]: string } }
interface Job { readonly needs?: string | string[]; readonly steps: Step[]; readonly permissions?: object }

const WORKFLOWS = readdirSync(FOLDER).map(name => [name, parse(readFileSync(join(FOLDER, name), 'utf-8')).jobs as Record<string, Job>] as const);
const stepsOf = (jobs: Record<string, Job>): Step[] => Object.values(jobs).flatMap(job => job.steps);

test('there are workflows for changes, releases and updates', () => {
  expect(WORKFLOWS.map(([name]) => name)).toEqual(['ci.yml', 'release.yml', 'upgrade-main.yml']);
});

describe.each(WORKFLOWS)('%s', (_, jobs) => {
  test('runs scripts and tasks that exist', () => {
    const named = stepsOf(jobs).flatMap(step => [...(step.run ?? '').matchAll(/(?:npm run|npx projen) (?<script>[\w:-]+)/g)].map(match => match.groups!.script));
    expect(named.filter(script => !manifest.scripts[script] && !tasks[script])).toEqual([]);
    expect(stepsOf(jobs).some(step => /\bnpm (ci|run)\b/.test(step.run ?? ''))).toBe(true);
  });

  test('needs jobs that exist', () => {
    const needed = Object.values(jobs).flatMap(job => job.needs ?? []);
    expect(needed.filter(job => !jobs[job])).toEqual([]);
  });

  test('asks for permissions job by job, and for actions by version', () => {
    expect(Object.entries(jobs).filter(([, job]) => !job.permissions).map(([name]) => name)).toEqual([]);
    expect(stepsOf(jobs).flatMap(step => step.uses ?? []).filter(action => !/@(v\d|[0-9a-f]{40}$)/.test(action))).toEqual([]);
  });
});

test('a release goes to the registries of all five languages, each with provenance', () => {
  const jobs: any = Object.fromEntries(WORKFLOWS)['release.yml'];
  expect(Object.keys(jobs)).toEqual(expect.arrayContaining(['release_npm', 'release_pypi', 'release_maven', 'release_nuget', 'release_golang']));
  const envOf = (job: string) => jobs[job].steps.find((step: any) => step.run?.includes('publib')).env;
  expect(envOf('release_npm')).toMatchObject({ NPM_CONFIG_PROVENANCE: 'true', NPM_TRUSTED_PUBLISHER: 'true' });
  expect(envOf('release_pypi')).toMatchObject({ PYPI_TRUSTED_PUBLISHER: 'true' });
  for (const job of ['release_maven', 'release_nuget', 'release_golang']) {
    expect(jobs[job].steps.map((step: any) => step.uses)).toContainEqual(expect.stringMatching(/^actions\/attest-build-provenance@/));
    expect(jobs[job].permissions).toMatchObject({ 'attestations': 'write', 'id-token': 'write' });
  }
});

test('the Maven group belongs to the owner of the repository', () => {
  const [, owner] = /github\.com\/(?<owner>[^/]+)\//.exec(manifest.repository.url)!;
  expect(manifest.jsii.targets.java.maven.groupId).toBe(`io.github.${owner}`);
});

test('engines, the README and CI name the same versions of Node', () => {
  expect(manifest.engines.node).toBe(`>= ${NODE_VERSIONS[0]}.0`);
  const majors = NODE_VERSIONS.map(version => version.split('.')[0]);
  expect(readFileSync(join(ROOT, 'README.md'), 'utf-8')).toContain(`Node ${majors.slice(0, -1).join(', ')} or ${majors.at(-1)}`);
});
