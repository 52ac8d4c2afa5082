import { record, Verdict } from './kubernetes/recorded-manifests';
import { restrictedProblems } from './kubernetes/restricted';
import { KubernetesOptions, kubernetesProblems } from './kubernetes-schema';

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace jest {
    // eslint-disable-next-line @typescript-eslint/no-unused-vars
    interface Matchers<R, T> {
      /**
       * Every object is one that a cluster accepts and whose pods can start.
       * Takes a chart, the result of `Testing.synth`, or YAML text.
       */
      toBeValidKubernetes(options?: KubernetesOptions): R;

      /**
       * Every pod conforms to the profile `restricted` of the Pod Security Standards, and every container has a read-only root file system.
       * Takes the same as `toBeValidKubernetes`.
       */
      toBeRestricted(): R;
    }
  }
}

expect.extend({
  toBeValidKubernetes(received: unknown, options?: KubernetesOptions) {
    return verdict('valid Kubernetes', kubernetesProblems(received, options), recorder('valid', received));
  },
  toBeRestricted(received: unknown) {
    return verdict('restricted pods', restrictedProblems(received), recorder('restricted', received));
  },
});

/** What passes here has to pass at a real API server: see test/cluster. */
const recorder = (kind: Verdict, received: unknown) => () => record(kind, received);

function verdict(what: string, problems: string[], whenPassed: () => void): jest.CustomMatcherResult {
  if (problems.length === 0) {
    whenPassed();
  }
  return {
    pass: problems.length === 0,
    message: () => problems.length === 0
      ? `expected objects that are not ${what}, but found no problem`
      : `expected ${what}, found ${problems.length} problem(s):\n${problems.map(problem => `  ${problem}`).join('\n')}`,
  };
}
