import { outOfRange, repeatedNames, twice, wrongNames } from './container-ports';
import { checkInitContainers } from './init-container-checks';
import { isKind } from './object-kind';
import { containersOf, isObject, listOf, PodManifest, startsPods } from './pod-manifest';
import { quantityOf } from './quantity';
import { checkSleepingContainers } from './sleeping-containers';
import { checkStrategy } from './strategy-checks';
import { checkSecurityTypes, LARGEST_COUNT } from './written-types';
import { imageReference } from '../base/image-reference';
import { isDnsLabel, isDnsSubdomain } from '../base/kubernetes-name';
import { metadataProblems, ObjectMetadata } from '../base/object-metadata';
import { Problem } from '../base/problems';

/**
 * What an API server or a kubelet would refuse in the workload itself, whatever it has to do with Nix: cdk8s and the libraries above it
 * let it through, and it would fail only in the cluster.
 *
 * @param nameIsMade whether the object's name was made of the ids of constructs
 */
export function checkPlainWorkload({ owner, metadata }: PodManifest, nameIsMade: () => boolean): Problem[] {
  return [
    ...checkObject(owner, nameIsMade),
    ...checkCounts(owner),
    ...checkStrategy(owner),
    ...(owner.metadata === metadata ? [] : checkMetadata('podMetadata', metadata)),
  ];
}

/** The part of it that differs from one workload of a loop to the next. */
export function checkNames(owner: any, podMetadata: ObjectMetadata, nameIsMade: () => boolean): Problem[] {
  return [...checkObject(owner, nameIsMade), ...checkMetadata('podMetadata', podMetadata)];
}

/** What they would refuse in its pod. */
export function checkPlainPod(pod: PodManifest): Problem[] {
  return [
    ...checkContainerNames(pod),
    ...checkSecurityTypes(pod),
    ...checkSleepingContainers(pod),
    ...checkInitContainers(pod),
    ...containersOf(pod).flatMap(({ container }) => [
      ...checkImage(container),
      ...checkEnvironment(container),
      ...checkPorts(container),
      ...checkResources(container),
    ]),
  ];
}

/** How long a name may be where that is less than for others: it is in a label of the pods, at times with something behind it. */
const LONGEST_NAMES: ReadonlyArray<readonly [kind: string, group: string, longest: number]> = [
  ['CronJob', 'batch', 52], ['Job', 'batch', 63], ['StatefulSet', 'apps', 52], ['Service', 'serving.knative.dev', 63],
];

function checkNameLength(object: any, nameIsMade: () => boolean): Problem[] {
  const name = object.metadata?.name ?? '';
  const [kind, , longest] = name.length <= 52 ? [] : LONGEST_NAMES.find(([each, group]) => isKind(object, each, group)) ?? [];
  return longest === undefined || name.length <= longest ? [] : [{
    code: 'CDK8SNIX0514',
    prop: 'metadata.name',
    value: name,
    problem: `The name of a ${kind} has ${longest} characters at most, and this one has ${name.length}.`,
    remedy: nameIsMade() ? 'It is made of the ids of the constructs: use shorter ones, or set metadata.name.' : 'Give it a shorter one.',
  }];
}

function checkObject(owner: any, nameIsMade: () => boolean): Problem[] {
  const { metadata = {} } = owner;
  const problems = checkNameLength(owner, nameIsMade);
  const { namespace, name = '' } = metadata;
  if (namespace !== undefined && !isDnsLabel(namespace)) {
    problems.push({
      code: 'CDK8SNIX0514',
      prop: 'namespace',
      value: namespace,
      problem: 'A namespace has lower-case letters, digits and "-"; 63 at most.',
      remedy: 'Give the chart the name of a namespace.',
    });
  }
  // What the cluster makes of generateName is its own affair.
  if (!isDnsSubdomain(name) && (name !== '' || metadata.generateName === undefined)) {
    problems.push({
      code: 'CDK8SNIX0514',
      prop: 'metadata.name',
      value: name,
      problem: 'The name of an object has lower-case letters, digits, "-" and "."; 253 at most.',
      remedy: nameIsMade()
        ? 'It is made of the ids of the constructs: use ids of such characters, or set metadata.name.'
        : name === '' ? 'Give it one.' : 'Leave it out: cdk8s makes one of the construct ids.',
    });
  }
  return [...problems, ...checkMetadata('metadata', metadata)];
}

/** The counts of a workload, by the names of their props. */
const COUNTS = Object.entries<(spec: any) => unknown>({
  replicas: spec => spec.replicas,
  backoffLimit: spec => spec.backoffLimit ?? spec.jobTemplate?.spec?.backoffLimit,
  parallelism: spec => spec.parallelism ?? spec.jobTemplate?.spec?.parallelism,
  successfulJobsRetained: spec => spec.successfulJobsHistoryLimit,
  failedJobsRetained: spec => spec.failedJobsHistoryLimit,
  minReadySeconds: spec => spec.minReadySeconds,
});

function checkCounts(owner: any): Problem[] {
  const { spec = {} } = owner;
  const isKnown = startsPods(owner);
  return COUNTS.filter(([, count]) => isWrongCount(count(spec), isKnown)).map(([prop, count]): Problem => ({
    code: 'CDK8SNIX0515',
    prop,
    value: count(spec),
    problem: `It is a whole number from 0 to ${LARGEST_COUNT}.`,
    remedy: typeof count(spec) === 'string' ? 'Write it without quotes, 1 for example.' : 'Use for example 1, or leave it out.',
  }));
}

/** @param isKnown whether the kind is known: a custom resource may have more than a number there */
function isWrongCount(value: unknown, isKnown: boolean): boolean {
  const isMeant = typeof value === 'number' || typeof value === 'string' || (isKnown && (typeof value === 'boolean' || isObject(value)));
  return isMeant && !(Number.isInteger(value) && Number(value) >= 0 && Number(value) <= LARGEST_COUNT);
}

function checkMetadata(prop: string, metadata: ObjectMetadata): Problem[] {
  return metadataProblems('CDK8SNIX0513', metadata, { labels: `${prop}.labels`, annotations: `${prop}.annotations` });
}

/** Names by which a container cannot be told from others. */
export function checkContainerNames(pod: PodManifest): Problem[] {
  // Knative names those that have none.
  const unnamed = isKind(pod.owner, 'Service', 'serving.knative.dev') ? [] : [''];
  const names = containersOf(pod).flatMap(({ container }): string[] => container.name === undefined ? unnamed : [container.name]);
  return [
    ...names.filter(name => !isDnsLabel(name)).map((name): Problem => ({
      code: 'CDK8SNIX0509',
      prop: 'containers.name',
      value: name,
      problem: 'The name of a container has lower-case letters, digits and "-"; 63 at most.',
      remedy: 'Use for example "app".',
    })),
    ...names.filter((name, i) => names.indexOf(name) !== i).map((name): Problem => ({
      code: 'CDK8SNIX0509',
      prop: 'containers.name',
      value: name,
      problem: 'Two containers of the pod have this name.',
      remedy: 'Give each a name of its own; without one it is "main".',
    })),
  ];
}

function checkImage({ name, image = '' }: any): Problem[] {
  return imageReference(image) ? [] : [{
    code: 'CDK8SNIX0101',
    prop: `containers[${name}].image`,
    value: image,
    problem: 'This is no image reference.',
    remedy: 'Use registry/repository:tag, in lower case, or registry/repository@sha256:….',
  }];
}

function checkEnvironment(container: any): Problem[] {
  const prop = `containers[${container.name}].envVariables`;
  return listOf(container.env).flatMap(({ name, value }): Problem[] => {
    if (typeof name !== 'string' || !/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name)) {
      return [{
        code: 'CDK8SNIX0510',
        prop,
        value: name,
        problem: 'The name of a variable has letters, digits, "-", "_" and ".", and begins with no digit.',
        remedy: 'Use for example "LOG_LEVEL".',
      }];
    }
    if (typeof (value ?? '') !== 'string') {
      const remedy = typeof value === 'object' ? 'Write it as text, all of it in quotes.' : `Put it in quotes: "${value}".`;
      return [{ code: 'CDK8SNIX0510', prop: `${prop}.${name}`, value, problem: 'The value of a variable is text.', remedy }];
    }
    return (value ?? '').includes('\0') ? [{
      code: 'CDK8SNIX0510', prop: `${prop}.${name}`, value, problem: 'No variable can hold a NUL character.', remedy: 'Encode it, in base64 for example.',
    }] : [];
  });
}

function checkPorts(container: any): Problem[] {
  const prop = `containers[${container.name}].ports`;
  const ports: unknown[] = listOf(container.ports).map(port => port.containerPort);
  return [
    ...ports.filter(port => !Number.isInteger(port) || (port as number) < 1 || (port as number) > 65535).map(port => outOfRange(prop, port)),
    ...wrongNames(prop, listOf(container.ports)),
    ...repeatedNames(listOf(container.ports)).map(name => twice(prop, name, 'name')),
  ];
}

function checkResources({ name, resources = {} }: any): Problem[] {
  const { requests = {}, limits = {} } = resources;
  return ['cpu', 'memory'].filter(resource => quantityOf(requests[resource])! > quantityOf(limits[resource])!).map((resource): Problem => ({
    code: 'CDK8SNIX0512',
    prop: `containers[${name}].resources.${resource}.request`,
    value: requests[resource],
    problem: `It is more than the limit, ${limits[resource]}.`,
    remedy: 'Raise the limit, or ask for less.',
  }));
}
