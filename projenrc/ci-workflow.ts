import { github } from 'projen';

/** Versions of Node that CI runs both commands of the README with: `engines` names the oldest, the README all. */
export const NODE_VERSIONS = ['20.16', '22', '24'];

const CHECKOUT: github.workflows.JobStep = { name: 'Checkout', uses: 'actions/checkout@v5', with: { 'fetch-depth': 0 } };
const setupNode = (version: string): github.workflows.JobStep =>
  ({ name: 'Node', uses: 'actions/setup-node@v5', with: { 'node-version': version, 'package-manager-cache': false } });
const READ = { contents: github.workflows.JobPermission.READ };
const RUNS_ON = ['ubuntu-24.04'];

/** An older release of Nix than the default of our images, to be upgraded. By digest: what a tag stands for may change. */
const OLDER_NIX = 'docker.io/nixos/nix:2.24.9@sha256:fd7a5c67d396fe6bddeb9c10779d97541ab3a1b2a9d744df3754a99add4046f1';

/** Two images with Nix, of two releases of it. */
const SEED_IMAGES = [
  'node bin/cdk8s-nix eject add-nix image',
  `docker build --tag add-nix:1 --build-arg NIX_IMAGE=${OLDER_NIX} --file image/images/add-nix/Dockerfile image`,
  'docker build --tag add-nix:2 --file image/images/add-nix/Dockerfile image',
].join('\n');

/** What is checked of each push and pull request. */
export function addCiWorkflow(project: github.GitHub): void {
  const workflow = project.addWorkflow('ci');
  workflow.on({ push: { branches: ['main'] }, pullRequest: {}, workflowDispatch: {} });
  workflow.addJobs({
    commands: {
      name: 'The two commands, Node ${{ matrix.node }}',
      runsOn: RUNS_ON,
      timeoutMinutes: 60,
      permissions: READ,
      strategy: { failFast: false, matrix: { domain: { node: NODE_VERSIONS } } },
      steps: [
        CHECKOUT,
        setupNode('${{ matrix.node }}'),
        { name: 'The first command', run: 'npm ci && npm run example' },
        // The system suites mount file systems and run containers; as root the missing programs are installed, too.
        { name: 'The second command', run: 'sudo env "PATH=$PATH" CI=true sh -c "npm ci && npm test"' },
      ],
    },
    packages: {
      name: 'The packages of all languages',
      runsOn: RUNS_ON,
      timeoutMinutes: 30,
      permissions: READ,
      steps: [
        CHECKOUT,
        setupNode('24'),
        { name: 'Java', uses: 'actions/setup-java@v5', with: { 'distribution': 'temurin', 'java-version': '17' } },
        { name: 'Python', uses: 'actions/setup-python@v6', with: { 'python-version': '3.13' } },
        { name: 'Go', uses: 'actions/setup-go@v6', with: { 'go-version': 'stable', 'cache': false } },
        { name: '.NET', uses: 'actions/setup-dotnet@v5', with: { 'dotnet-version': '8.x' } },
        { run: 'npm ci' },
        { run: 'npm run compile' },
        { run: 'npm run package-all' },
        { name: 'An app in each language', run: 'npm run test:languages' },
        { name: 'Keep the packages', uses: 'actions/upload-artifact@v4', with: { name: 'packages', path: 'dist' } },
      ],
    },
    cluster: {
      name: 'A real cluster',
      runsOn: RUNS_ON,
      timeoutMinutes: 45,
      permissions: READ,
      steps: [
        CHECKOUT,
        setupNode('24'),
        { run: 'npm ci' },
        { run: 'npm run compile' },
        { name: 'Two seed images', run: SEED_IMAGES },
        { name: 'Cluster', run: 'kind create cluster --wait 120s' },
        {
          name: 'The scenarios',
          run: 'npm run test:cluster -- --context kind-kind --load kind --seed-image add-nix:1 --upgrade-image add-nix:2',
        },
      ],
    },
  });
}
