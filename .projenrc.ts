import { cdk8s, javascript, JsonFile, release, YamlFile } from 'projen';
import { addCiWorkflow } from './projenrc/ci-workflow';
import { allowAttestations, attest } from './projenrc/provenance';

/** Folders of tests that need real Nix or a container runtime and run with jest.system.json: see CONTRIBUTING.md. */
const SYSTEM_SUITES = '(machine|seed|store-care|nix-conf|rewriters|docs|images|home-manager|e2e|helm|binary-cache|package|languages|programs)';

const project = new cdk8s.ConstructLibraryCdk8s({
  name: 'cdk8s-nix',
  description: 'Nix in Kubernetes workloads: a persistent /nix that is seeded safely, as one line of CDK8s.',
  // Construct Hub lists what has the keyword cdk8s.
  keywords: ['cdk8s', 'constructs', 'nix', 'kubernetes', 'home-manager', 'persistent-volume', 'gitops', 'backstage', 'devcontainer'],
  author: 'The cdk8s-nix maintainers',
  authorAddress: 'maintainers@cdk8s-nix.example',
  repositoryUrl: 'https://github.com/cdk8s-nix/cdk8s-nix.git',
  license: 'Apache-2.0',
  copyrightOwner: 'The cdk8s-nix maintainers',
  defaultReleaseBranch: 'main',
  stability: 'experimental',

  packageManager: javascript.NodePackageManager.NPM,
  projenrcTs: true,
  projenVersion: '0.103.25',
  minNodeVersion: '20.16.0',
  jsiiVersion: '~5.9.0',
  typescriptVersion: '~5.9.0',
  cdk8sVersion: '2.70.0',
  constructsVersion: '10.4.2',
  peerDeps: ['cdk8s-plus-28@^2.5.6'],
  devDeps: [
    '@kubernetes/client-node@^1.3.0',
    '@types/node@^20',
    'cdk8s-cli@^2.207.60',
    'cdk8s-plus-28@2.5.6',
    // Other generations, and a second copy of our own one: the door takes the workloads of them all.
    'cdk8s-plus-28-copy@npm:cdk8s-plus-28@2.5.6',
    'cdk8s-plus-32@2.5.92',
    'cdk8s-plus-34@2.0.54',
    'dockerfile-ast@^0.7.1',
    'dockerfile-utils@^0.16.3',
    'fast-check@^4.10.2',
    'jsii-pacmak@^1.140.0',
    'kubernetes-models@^4.5.1',
    'yaml@^2.9.1',
  ],

  npmTrustedPublishing: true,
  publishToPypi: { distName: 'cdk8s-nix', module: 'cdk8s_nix', trustedPublishing: true },
  // The group that belongs to the owner of the repository; Maven Central gives no other without a domain.
  publishToMaven: {
    javaPackage: 'io.github.cdk8snix',
    mavenGroupId: 'io.github.cdk8s-nix',
    mavenArtifactId: 'cdk8s-nix',
    mavenServerId: 'central-ossrh',
    postPublishSteps: [attest('java')],
  },
  publishToGo: { moduleName: 'github.com/cdk8s-nix/cdk8s-nix-go', postPublishSteps: [attest('go')] },
  publishToNuget: { dotNetNamespace: 'Cdk8s.Nix', packageId: 'Cdk8s.Nix', trustedPublishing: true, postPublishSteps: [attest('dotnet')] },

  // Versions are git tags; package.json stays at 0.0.0. Somebody presses the button, and CHANGELOG.md says which version is next.
  release: true,
  releaseTrigger: release.ReleaseTrigger.workflowDispatch(),
  // Newer ones ask for Node 22.
  bumpPackage: 'commit-and-tag-version@^12',
  nextVersionCommand: 'ts-node --transpile-only -P build-tools/tsconfig.json build-tools/next-version.ts',
  sampleCode: false,
  github: true,
  githubOptions: { mergify: false, pullRequestLint: false },
  buildWorkflow: false,
  depsUpgradeOptions: { workflowOptions: { schedule: javascript.UpgradeDependenciesSchedule.WEEKLY } },
  pullRequestTemplate: false,
  workflowNodeVersion: '24',
  docgen: true,

  eslint: true,
  eslintOptions: { dirs: ['src'], devdirs: ['test', 'build-tools', 'bench', 'examples'] },
  jest: true,
  jestOptions: {
    // The default rewrites snapshots silently; this way only `npx projen test:update` does.
    updateSnapshot: javascript.UpdateSnapshot.NEVER,
    jestConfig: {
      // Half of the time of a run; `npx jest --coverage` has it.
      collectCoverage: false,
      moduleNameMapper: { '^cdk8s-nix$': '<rootDir>/src/index.ts' },
      testPathIgnorePatterns: ['/node_modules/', '/lib/', `<rootDir>/test/${SYSTEM_SUITES}/`],
      setupFilesAfterEnv: ['<rootDir>/test/support/matchers.ts'],
      // All processors: nobody works beside it.
      maxWorkers: '100%',
      globalSetup: '<rootDir>/test/support/run/begin-unit-tests.ts',
      globalTeardown: '<rootDir>/test/support/run/end-unit-tests.ts',
    },
  },
  gitignore: ['/.cache/', '/examples/*/dist/', '/bench/work/', '/dist/'],
});

// 1.13.0 ships fewer platform packages than its manifest lists, and `npm ci` fails on it.
project.package.addPackageResolutions('unrs-resolver@1.12.2');

// The package by its own name, as its users import it: in examples, and in snippets copied from the README.
project.package.addField('exports', {
  '.': './lib/index.js',
  './package.json': './package.json',
  './.jsii': './.jsii',
  './.warnings.jsii.js': './.warnings.jsii.js',
});
// A third of the package would be the sources once more, in base64.
project.tryFindObjectFile('tsconfig.json')!.addOverride('compilerOptions.inlineSources', false);
project.tsconfigDev.file.addOverride('compilerOptions.paths', { 'cdk8s-nix': ['../src/index.ts'] });
project.tsconfigDev.addInclude('../examples/**/*.ts');
project.tsconfigDev.addInclude('../build-tools/**/*.ts');
project.tsconfigDev.addInclude('../bench/**/*.ts');

// The rooms of src/, from the top floor down: a room knows those below it only.
const ROOMS = [
  'backstage', 'workloads', 'care-jobs', 'environment', 'program', 'cache', 'care', 'network', 'home', 'config', 'gitops', 'cli', 'store', 'explain', 'image',
  'pod-security', 'pod', 'base',
];
project.eslint!.addRules({
  'import/no-restricted-paths': ['error', {
    zones: [
      ...ROOMS.slice(1).map((room, i) => ({
        target: `./src/${room}`,
        from: ROOMS.slice(0, i + 1).map(above => `./src/${above}`),
        message: 'Rooms use those below them only: see the map in CONTRIBUTING.md.',
      })),
      { target: './src', from: './src/index.ts', message: 'Import the file that has it.' },
    ],
  }],
});
// One concept a file.
project.eslint!.addOverride({
  files: ['src/**/*.ts'],
  rules: { 'max-lines': ['error', 300], 'import/no-cycle': ['error', { ignoreExternal: true }] },
});

// Files that run elsewhere than on the developer's machine: line endings must not follow the checkout.
for (const folder of ['scripts', 'images', 'nix', 'bin']) {
  project.gitattributes.addAttributes(`/${folder}/**`, 'text', 'eol=lf');
}
for (const path of [
  '/.ci/', '/.projenrc.ts', '/bench/', '/build-tools/', '/examples/', '/docs/', '/jest.system.json', '/.cache/', '/rosetta/', '/CONTRIBUTING.md', '/SECURITY.md',
]) {
  project.addPackageIgnore(path);
}

// Suites that use real Nix, real file systems and a real container runtime: two at a time, without a hurry.
new JsonFile(project, 'jest.system.json', {
  obj: {
    testMatch: [`<rootDir>/test/${SYSTEM_SUITES}/**/*.test.ts`],
    testEnvironment: 'node',
    moduleNameMapper: { '^cdk8s-nix$': '<rootDir>/src/index.ts' },
    setupFilesAfterEnv: ['<rootDir>/test/support/matchers.ts'],
    globalSetup: '<rootDir>/test/support/run/begin.ts',
    globalTeardown: '<rootDir>/test/support/run/end.ts',
    testTimeout: 900000,
    testSequencer: '<rootDir>/test/support/run/longest-first.js',
    // They wait for clocks more than they compute.
    maxWorkers: 3,
    ci: true,
    transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: 'test/tsconfig.json' }] },
  },
  marker: false,
});

// The TypeScript of README.md and of the docstrings must compile; it is what users copy.
project.postCompileTask.exec('jsii-rosetta extract --strict');
project.gitignore.exclude('/.jsii.tabl.json');
project.addPackageIgnore('/.jsii.tabl.json');

// The two commands of the README, and the parts of the second one.
project.addTask('example', {
  description: 'Synthesize examples/workspace to YAML',
  steps: [
    { spawn: 'compile' },
    { exec: 'cdk8s synth --no-check-upgrade', cwd: 'examples/workspace' },
    { exec: 'echo "YAML in:" && ls "$PWD"/dist/*.yaml', cwd: 'examples/workspace' },
  ],
});
project.addTask('test:types', {
  description: 'Type-check tests, examples and benchmarks, which jest only transpiles',
  exec: 'tsc -p test',
});
project.addTask('test:scripts', {
  description: 'shellcheck of every shell script of the repository',
  exec: "git ls-files -z '*.sh' | xargs -0 shellcheck",
});
project.addTask('test:system', {
  description: 'Suites on real Nix, real file systems and a real container runtime',
  exec: 'jest -c jest.system.json',
  receiveArgs: true,
});
// The other languages' packages need their compilers; the release builds each where it has one, and test/languages those that are there.
project.packageTask.reset();
project.packageTask.spawn(project.tasks.tryFind('package:js')!);
project.addTask('verify', {
  description: 'Everything: system packages, build with unit tests, types, lint of the scripts, system suites',
  steps: [
    { exec: 'sh test/system-packages.sh' },
    { spawn: 'build' },
    { spawn: 'test:types' },
    { spawn: 'test:scripts' },
    { spawn: 'test:system' },
    { exec: 'sh test/system-packages.sh languages' },
  ],
});
project.addTask('docs', {
  description: "Write the pages of docs/ that are made from the library's own data, and the tables of its types in src/base",
  exec: 'ts-node --transpile-only -P test/tsconfig.json build-tools/generate-docs.ts',
});
project.addTask('sbom', {
  description: 'Write a software bill of materials (CycloneDX), peers and build tools included, to dist/sbom.json',
  exec: 'mkdir -p dist && npm sbom --sbom-format cyclonedx > dist/sbom.json',
});
project.addTask('bench', {
  description: 'Benchmarks; writes bench/results.json',
  steps: [
    { exec: 'sh test/system-packages.sh bench' },
    { spawn: 'compile' },
    { exec: 'ts-node -P test/tsconfig.json bench/bench.ts', receiveArgs: true },
  ],
});
project.package.setScript('test', 'projen verify');
project.package.setScript('prepare', 'node build-tools/prepare.js');

project.addTask('test:languages', {
  description: 'The packages for Python, Java, Go and .NET, built, installed and used',
  steps: [{ exec: 'jest -c jest.system.json test/languages', receiveArgs: true }, { exec: 'sh test/system-packages.sh languages' }],
});
project.addTask('test:cluster', {
  description: 'The scenarios of test/cluster in the cluster of a context that is named; says what it will do',
  exec: 'ts-node --transpile-only -P test/tsconfig.json test/cluster/run.ts',
  receiveArgs: true,
});
// The compiler's eleven lines about the age of Node say nothing to who has a version that `engines` allows.
project.tasks.addEnvironment('JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION', '20');

// Needed by a release only, which fetches it by itself: a quarter of all packages that `npm ci` would install.
project.deps.removeDependency('commit-and-tag-version');
const bump = project.tasks.tryFind('bump')!;
bump.env('npm_config_yes', 'true');
bump.exec('ts-node --transpile-only -P build-tools/tsconfig.json build-tools/release-notes.ts "$LATEST_TAG"');
addCiWorkflow(project.github!);
allowAttestations(project.github!.tryFindWorkflow('release')!, 'release_maven', 'release_nuget', 'release_golang');


new YamlFile(project, '.github/actionlint.yaml', {
  // Style of the scripts in the workflows that projen writes; what is wrong is reported.
  obj: { paths: { '.github/workflows/{release,upgrade-main}.yml': { ignore: ['SC2086:info', 'SC2236:style', 'SC2015:info'] } } },
});

project.synth();
