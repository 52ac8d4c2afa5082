import { execFileSync } from 'child_process';
import { ClusterPlace } from './cluster-place';
import { Interrupted, Kubectl } from './kubectl';
import { ClusterOptions, parseOptions, USAGE } from './options';
import { SCENARIOS } from './scenarios';

/** One name for all that this run makes. */
const RUN = `cdk8s-nix-test-${process.pid}`;
const namespaceOf = (scenario: number) => `${RUN}-${scenario}`;

/** Run the command; its exit code. */
export function testCluster(args: readonly string[], say: (line: string) => void): number {
  let options: ClusterOptions;
  try {
    options = parseOptions(args);
  } catch (error) {
    say(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const kubectl = new Kubectl(options.context);
  announce(options, say);
  if (options.dryRun) {
    return 0;
  }
  requireDefaultStorageClass(kubectl);
  load(options);
  let failed = 0;
  let passed = 0;
  let interrupted = false;
  for (const [i, scenario] of SCENARIOS.entries()) {
    if (interrupted) {
      break;
    }
    say(scenario.name);
    const steps = scenario.steps(new ClusterPlace(kubectl.inNamespace(namespaceOf(i))), { first: options.seedImage, second: options.upgradeImage });
    try {
      makeNamespace(kubectl, namespaceOf(i));
      for (const [name, step] of Object.entries(steps)) {
        step();
        passed += 1;
        say(`  passed: ${name}`);
      }
    } catch (error) {
      // The steps after it go on where it should have stopped.
      failed += 1;
      interrupted = error instanceof Interrupted;
      say(`  failed: ${(error as Error).message}`);
      say(interrupted ? '' : kubectl.inNamespace(namespaceOf(i)).try(['get', 'events,pods', '--output', 'wide']).stdout);
    } finally {
      failed += removeNamespace(kubectl, namespaceOf(i), say);
    }
  }
  say(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function announce({ context, seedImage, upgradeImage, load: how }: ClusterOptions, say: (line: string) => void): void {
  const contexts = execFileSync('kubectl', ['config', 'get-contexts', '--output', 'name'], { encoding: 'utf-8', env: process.env }).split('\n');
  if (!contexts.includes(context)) {
    throw new Error(`The kubeconfig has no context ${JSON.stringify(context)}.`);
  }
  say(`In the cluster of the context ${context}:`);
  say(`- makes the namespaces ${SCENARIOS.map((_, i) => namespaceOf(i)).join(', ')}, with Pod Security restricted,`);
  say('  and removes them again with all that is in them');
  say('- makes claims of the default storage class there, of 20 GiB and less');
  say(`- runs pods of ${seedImage} and ${upgradeImage}${how === 'none' ? '' : `, which are brought into the nodes by ${how} first`}`);
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
  return 0;
}
