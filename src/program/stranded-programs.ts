import { ApiObject } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { describe, Problem } from '../base/problems';
import { enabledBy } from '../pod/enabled-mark';
import { mayBeList, objectsOf, startsPods } from '../pod/pod-manifest';
import { partOf } from '../pod/pod-targets';
import { manifestToCheck } from '../pod/written-manifest';

/** An environment, as far as its programs are known by what their containers look like. */
export interface ProgramsEnvironment {
  readonly scope: Construct;
  /** Whether a container, in an object, runs a program of it. */
  runs(container: any, object: any): boolean;
  /** Whether it brings programs to anybody; if not, that is a problem of its own. */
  isEnabled(): boolean;
}

/** Where an app keeps the environments that have programs; the same in every copy of this library. */
const OF_APP = Symbol.for('cdk8s-nix.programs');

/**
 * Make an environment with programs known to its app. The first one looks, for all, at those workloads that no environment with the program is
 * enabled for: whatever they are, and wherever containers are in them.
 */
export function watchStrandedPrograms(environment: ProgramsEnvironment): void {
  const root = environment.scope.node.root as IConstruct & { [OF_APP]?: ProgramsEnvironment[] };
  if (!root[OF_APP]) {
    const all: ProgramsEnvironment[] = [];
    Object.defineProperty(root, OF_APP, { value: all });
    environment.scope.node.addValidation({ validate: () => strandedIn(root, all.filter(known => known.isEnabled())).map(describe) });
  }
  root[OF_APP]!.push(environment);
}

function strandedIn(root: IConstruct, environments: readonly ProgramsEnvironment[]): Problem[] {
  return root.node.findAll().filter(ApiObject.isApiObject).filter(mayHavePods).flatMap(object => {
    const manifests = objectsOf(manifestToCheck(object)).map(found => found.object);
    const without = manifests.filter(manifest => enabledBy(object, partOf(manifest)) === undefined);
    return without.flatMap(manifest => containersIn(manifest).flatMap(container => {
      const brings = environments.find(({ runs }) => runs(container, manifest));
      return brings ? [stranded(container.name, object.node.path, brings.scope.node.path)] : [];
    }));
  });
}

function stranded(container: string, workload: string, environment: string): Problem {
  return {
    code: 'CDK8SNIX1208',
    prop: 'containers',
    value: container,
    problem: `${workload} runs a program of ${environment}, which brings it to other workloads only.`,
    remedy: `Call enable() of ${environment} with this one, too.`,
  };
}

/** Custom resources may; of those that Kubernetes has itself it is known. */
function mayHavePods(object: ApiObject): boolean {
  const [group] = object.apiVersion.split('/');
  return startsPods(object) || mayBeList(object) || (group.includes('.') && !group.endsWith('.k8s.io'));
}

/** Whatever looks like a container, at any depth. */
function containersIn(value: any): any[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const looksLikeOne = Array.isArray(value.command) || typeof value.image === 'string';
  return [...looksLikeOne ? [value] : [], ...Object.values(value).flatMap(containersIn)];
}
