import { ApiObject } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { isDnsSubdomain } from '../base/kubernetes-name';
import { describe, Problem } from '../base/problems';

/** Where an app keeps its environments; the same in every copy of this library. */
const OF_APP = Symbol.for('cdk8s-nix.environments');

interface EnvironmentsOfApp {
  readonly all: IConstruct[];
  /** The environments by the objects they make: kind, namespace and name. */
  readonly byObject: Map<string, IConstruct[]>;
}

/** Make an environment known to the others of its app, and what it has made for itself: the claim, nix.conf. */
export function registerEnvironment(environment: Construct): void {
  const { all, byObject } = ofApp(environment);
  all.push(environment);
  const own = environment.node.children.map(child => child.node.defaultChild).filter(ApiObject.isApiObject);
  for (const key of own.map(keyOf)) {
    byObject.set(key, [...byObject.get(key) ?? [], environment]);
  }
  Object.defineProperty(environment, OF_APP, { value: own });
}

/** All environments of the app of a construct. */
export function environmentsOf<T extends IConstruct>(construct: IConstruct): T[] {
  return ofApp(construct).all as T[];
}

/** Whether the objects of an environment have names that Kubernetes takes, and that are theirs alone: a chart may make any. */
export function checkObjectNames(environment: IConstruct): string[] {
  const own = (environment as { [OF_APP]?: ApiObject[] })[OF_APP] ?? [];
  return own.flatMap(object => [...checkName(object), ...checkSharing(environment, object)]).map(describe);
}

function checkName({ kind, name }: ApiObject): Problem[] {
  return isDnsSubdomain(name) ? [] : [{
    code: 'CDK8SNIX0514',
    prop: 'metadata.name',
    value: name,
    problem: `The name of the environment's ${kind} has lower-case letters, digits, "-" and "."; 253 at most.`,
    remedy: 'It is made of the ids of the constructs: use ids of such characters.',
  }];
}

function checkSharing(environment: IConstruct, object: ApiObject): Problem[] {
  return ofApp(environment).byObject.get(keyOf(object))!.filter(other => other !== environment).slice(0, 1).map((other): Problem => ({
    code: 'CDK8SNIX0214',
    prop: 'metadata.name',
    value: object.name,
    problem: `This is the ${object.kind} of ${other.node.path} too: in the cluster the two would be one.`,
    remedy: 'Let generateObjectName of the chart give each object a name of its own.',
  }));
}

function ofApp({ node: { root } }: IConstruct): EnvironmentsOfApp {
  const marked = root as { [OF_APP]?: EnvironmentsOfApp };
  if (!marked[OF_APP]) {
    Object.defineProperty(root, OF_APP, { value: { all: [], byObject: new Map() } satisfies EnvironmentsOfApp });
  }
  return marked[OF_APP]!;
}

function keyOf(object: ApiObject): string {
  return `${object.kind}/${object.metadata.namespace ?? ''}/${object.name}`;
}
