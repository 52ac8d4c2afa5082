import { ApiObject, Chart } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { isDnsSubdomain } from '../base/kubernetes-name';
import { Problems } from '../base/problems';

/** Where an app keeps its environments; the same in every copy of this library. */
const OF_APP = Symbol.for('cdk8s-nix.environments');

interface EnvironmentsOfApp {
  readonly all: IConstruct[];
  /** Whose an object is, by its kind and namespace, and then by its name. */
  readonly byObject: Map<string, Map<string, IConstruct>>;
}

/**
 * Make an environment known to the others of its app, and with it what it has made for itself: the claim, nix.conf. A chart may give them
 * any names, such as no valid ones, or one to two of them.
 */
export function registerEnvironment(environment: Construct, problems: Problems): void {
  const { all, byObject } = ofApp(environment);
  all.push(environment);
  for (const { node } of environment.node.children) {
    const object = node.defaultChild;
    if (!object || !ApiObject.isApiObject(object)) {
      continue;
    }
    const { kind, name } = object;
    const key = `${kind}/${object.metadata.namespace ?? ''}`;
    const byName = byObject.get(key) ?? new Map<string, IConstruct>();
    const other = byName.get(name);
    if (!isDnsSubdomain(name)) {
      problems.add('CDK8SNIX0514', 'metadata.name', name, `The name of the environment's ${kind} has lower-case letters, digits, "-" and "."; 253 at most.`,
        'It is made of the ids of the constructs: use ids of such characters.');
    } else if (other) {
      problems.add('CDK8SNIX0214', 'metadata.name', name, `This is the ${kind} of ${other.node.path} too: in the cluster the two would be one.`,
        Chart.of(object).generateObjectName(object) === name ? 'Let generateObjectName of the chart give each object a name of its own.'
          : 'Give it another name, or let one environment use what the other has made: NixStore.existing().');
    }
    byObject.set(key, byName.set(name, environment));
  }
}

/** All environments of the app of a construct. */
export function environmentsOf<T extends IConstruct>(construct: IConstruct): T[] {
  return ofApp(construct).all as T[];
}

function ofApp({ node: { root } }: IConstruct): EnvironmentsOfApp {
  const marked = root as { [OF_APP]?: EnvironmentsOfApp };
  marked[OF_APP] ??= { all: [], byObject: new Map() };
  return marked[OF_APP];
}
