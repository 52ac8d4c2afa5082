import { Duration, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { CareTask, deadlineSeconds } from './care-task';
import { NixPrefetchOptions, NixPrefetchRefresh } from './prefetch-options';
import { STORE_PATH } from './store-path';
import { urlHoldsSecret } from '../base/plain-secret';
import { Problems } from '../base/problems';

/** Those that are installed at first use. */
const ASSISTANTS: readonly string[] = ['claude', 'codex', 'gemini'];

/** Evaluating nixpkgs takes hundreds of MiB. */
const RESOURCES: kplus.ContainerResources = {
  cpu: { request: kplus.Cpu.millis(100) },
  memory: { request: Size.mebibytes(256), limit: Size.mebibytes(2048) },
};

/**
 * @param name tells the set from others on the same store
 * @param goOn a failure must not keep the pod from starting
 */
export function prefetchTask(options: NixPrefetchOptions, problems: Problems, name: string, goOn: boolean): CareTask {
  const { packages = [], shells = [], assistants = [] } = options;
  if (packages.length + shells.length + assistants.length === 0) {
    problems.add('CDK8SNIX0705', 'packages', packages, 'There is nothing to bring.', 'Name packages, shells or assistants.');
  }
  packages.forEach((reference, i) => validate(problems, `packages[${i}]`, reference, true));
  shells.forEach((reference, i) => validate(problems, `shells[${i}]`, reference, false));
  assistants.forEach((assistant, i) => {
    if (!ASSISTANTS.includes(assistant) || assistants.indexOf(assistant) !== i) {
      problems.add('CDK8SNIX0705', `assistants[${i}]`, assistant, 'It is none that comes from npm, or is there twice.', `Use one of ${ASSISTANTS.join(', ')}.`);
    }
  });
  const deadline = options.deadline ?? Duration.minutes(30);
  return {
    name: 'prefetch-store',
    args: [
      ...packages.flatMap(reference => ['package', reference]), ...shells.flatMap(reference => ['shell', reference]),
      ...assistants.flatMap(assistant => ['assistant', assistant]),
    ],
    deadline,
    resources: options.resources,
    suitableResources: RESOURCES,
    variables: {
      CARE_TIMEOUT: String(deadlineSeconds(problems, deadline)),
      ...(goOn ? { CARE_ON_FAILURE: 'go-on' } : {}),
      PREFETCH_NAME: name,
      PREFETCH_REFRESH: options.refresh ?? NixPrefetchRefresh.NEVER,
    },
  };
}

/** Not `$`, which the kubelet would expand in arguments; `#` and the attribute after it are optional here. */
const FLAKE_REFERENCE = /^(?:[a-z][a-z0-9+.-]*:|\/)?[A-Za-z0-9._~:/?@!&'()*+,;=%-]*(?:#[A-Za-z0-9._~@!'"+^*,-]*)?$/;

function validate(problems: Problems, prop: string, reference: string, isPackage: boolean): void {
  if (isPackage && STORE_PATH.test(reference)) {
    return;
  }
  const remedy = isPackage ? 'Use for example "github:owner/repository/v1.2.3#package", or a store path.' : 'Use for example "github:owner/repository/v1.2.3".';
  if (urlHoldsSecret(reference)) {
    problems.add('CDK8SNIX0705', prop, '(not shown)', 'It holds a password, which anyone who can read the manifest would see.',
      'Leave it out, and use config.accessTokens or config.netrc, which take a Secret.');
  } else if (reference === '' || reference.startsWith('-') || reference.startsWith('#') || !FLAKE_REFERENCE.test(reference)) {
    problems.add('CDK8SNIX0705', prop, reference, 'This is no flake reference.', remedy);
  } else if (/^(?:(?:path|git\+file):)?(?:\/\/)?\.{1,2}(?:\/|#|$)/.test(reference)) {
    problems.add('CDK8SNIX0705', prop, reference, 'A relative path depends on where it is used, and the pod does not have your files.', remedy);
  } else if (isPackage && !reference.includes('#')) {
    problems.add('CDK8SNIX0705', prop, reference, 'It does not say which package of the flake.', remedy);
  }
}
