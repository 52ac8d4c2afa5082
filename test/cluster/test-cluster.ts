import { execFileSync } from 'child_process';
import { ClusterPlace } from './cluster-place';
import { checkEveryManifest } from './every-manifest';
import { Interrupted, Kubectl } from './kubectl';
import { leftBehind } from './left-behind';
import { ClusterOptions, parseOptions, USAGE } from './options';
import { SCENARIOS } from './scenarios';

/** One name for all that this run makes. */
const RUN = `cdk8s-nix-test-${process.pid}`;

/** What is run in a namespace of its own. */
interface Part {
  readonly name: string;
  readonly namespace: string;
  readonly steps: () => { readonly [step: string]: () => string | void };
}

/** Run the command; its exit code. */
export function testCluster(args: readonly string[], say: (line: string) => void): number {
  if (args.includes('--help') || args.includes('-h')) {
    say(USAGE);
    return 0;
  }
  let options: ClusterOptions;
  try {
    options = parseOptions(args);
  } catch (error) {
    say(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const kubectl = new Kubectl(options.context);
  const parts = partsOf(kubectl, options);
  if (parts.length === 0) {
    say(`--only: no scenario has ${JSON.stringify(options.only)} in its name.`);
    return 2;
  }
  announce(options, parts, say);
  if (options.dryRun) {
    return 0;
  }
  requireDefaultStorageClass(kubectl);
  load(options);
  let failed = 0;
  let passed = 0;
  let interrupted = false;
  const seconds = stopwatch();
  for (const { name: part, namespace, steps } of parts) {
    if (interrupted) {
      break;
    }
    say(part);
    const secondsOfPart = stopwatch();
    try {
      makeNamespace(kubectl, namespace);
      for (const [name, step] of Object.entries(steps())) {
        const secondsOfStep = stopwatch();
        const more = step();
        passed += 1;
        say(`  passed: ${name}${more ? `: ${more}` : ''}; ${secondsOfStep()} s`);
      }
    } catch (error) {
      // The steps after it go on where it should have stopped.
      failed += 1;
      interrupted = error instanceof Interrupted;
      say(`  failed: ${(error as Error).message}`);
      const state = [['get', 'pods', '--output', 'wide'], ['get', 'events', '--field-selector', 'type=Warning']];
      say(interrupted ? '' : state.map(command => kubectl.inNamespace(namespace).try(command).stdout).join('\n'));
    } finally {
      const left = removeNamespace(kubectl, namespace, say);
      failed += left;
      say(`  ${left === 0 ? 'nothing is left of it' : 'something is left of it'}; ${secondsOfPart()} s`);
    }
  }
  say(`${passed} passed, ${failed} failed; ${seconds()} s`);
  return failed === 0 ? 0 : 1;
}

/** The scenarios, and what only a real API server can say. */
function partsOf(kubectl: Kubectl, options: ClusterOptions): Part[] {
  const images = { first: options.seedImage, second: options.upgradeImage, plain: options.plainImage, nginx: options.nginxImage };
  const scenarios = SCENARIOS.map(({ name, steps }) => ({
    name, steps: (namespace: string) => steps(new ClusterPlace(kubectl, namespace), images),
  }));
  return [...scenarios, {
    name: 'every manifest that the tests and the pages make',
    steps: (namespace: string) => ({
      'is accepted without a warning, strictly validated': () => {
        const { accepted, ofCustomKinds, notJudged, problems } = checkEveryManifest(kubectl, namespace);
        if (problems.length > 0) {
          throw new Error(problems.join('\n'));
        }
        return `${accepted} objects, of custom kinds ${counts(ofCustomKinds)}; not judged, since this cluster lacks their kinds, ${counts(notJudged)}`;
      },
    }),
  }]
    .filter(({ name }) => name.includes(options.only))
    .map(({ name, steps }, i) => ({ name, namespace: `${RUN}-${i}`, steps: () => steps(`${RUN}-${i}`) }));
}

/** As `2 of batch.volcano.sh/v1alpha1/Job`. */
function counts(objects: ReadonlyMap<string, number>): string {
  return [...objects].sort().map(([kind, count]) => `${count} of ${kind}`).join(', ') || 'none';
}

/** Whole seconds from now on. */
function stopwatch(): () => number {
  const start = Date.now();
  return () => Math.round((Date.now() - start) / 1000);
}

function announce(options: ClusterOptions, parts: Part[], say: (line: string) => void): void {
  const { context, seedImage, upgradeImage, plainImage, nginxImage, load: how } = options;
  const contexts = execFileSync('kubectl', ['config', 'get-contexts', '--output', 'name'], { encoding: 'utf-8', env: process.env }).split('\n');
  if (!contexts.includes(context)) {
    throw new Error(`The kubeconfig has no context ${JSON.stringify(context)}.`);
  }
  say(`In the cluster of the context ${context}:`);
  say(`- makes the namespaces ${parts.map(({ namespace }) => namespace).join(', ')}, with Pod Security restricted,`);
  say('  and removes them again with all that is in them');
  say('- makes claims of the default storage class there, of 20 GiB and less');
  say(`- runs pods of ${seedImage} and ${upgradeImage}${how === 'none' ? '' : `, which are brought into the nodes by ${how} first`},`);
  say(`  of ${plainImage} and ${nginxImage}`);
  say('- asks the API server of the manifests of all tests and pages whether it would take them');
}

function requireDefaultStorageClass(kubectl: Kubectl): void {
  const classes: any[] = kubectl.json(['get', 'storageclasses']).items;
  if (!classes.some(storageClass => storageClass.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true')) {
    throw new Error('The cluster has no default storage class.');
  }
}

function load({ load: how, context, seedImage, upgradeImage }: ClusterOptions): void {
  const images = [seedImage, upgradeImage];
  if (how === 'kind') {
    execFileSync('kind', ['load', 'docker-image', ...images, '--name', context.replace(/^kind-/, '')], { stdio: 'inherit' });
  } else if (how === 'k3d') {
    execFileSync('k3d', ['image', 'import', ...images, '--cluster', context.replace(/^k3d-/, '')], { stdio: 'inherit' });
  }
}

function makeNamespace(kubectl: Kubectl, namespace: string): void {
  kubectl.run(['create', 'namespace', namespace]);
  kubectl.run(['label', 'namespace', namespace, ...['enforce', 'warn'].map(mode => `pod-security.kubernetes.io/${mode}=restricted`)]);
}

/** How many failures that was: the namespace, with all that is in it, must be gone. */
function removeNamespace(kubectl: Kubectl, namespace: string, say: (line: string) => void): number {
  const { status, stderr } = kubectl.try(['delete', 'namespace', namespace, '--ignore-not-found', '--wait', '--timeout=300s']);
  if (status !== 0) {
    say(`  failed: the namespace ${namespace} does not go away: ${stderr.trim()}`);
    return 1;
  }
  const left = leftBehind(kubectl, namespace);
  if (left.length > 0) {
    say(`  failed: left behind are ${left.join(', ')}`);
    return 1;
  }
  return 0;
}
