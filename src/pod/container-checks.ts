import { Chart, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { imageReference } from '../base/image-reference';
import { isDnsLabel, isDnsSubdomain } from '../base/kubernetes-name';
import { metadataProblems, ObjectMetadata } from '../base/object-metadata';
import { Problem } from '../base/problems';

/**
 * What an API server or a kubelet would refuse in the workload itself, whatever it has to do with Nix: cdk8s and kplus
 * let it through, and it would fail only in the cluster.
 */
export function checkPlainKubernetes(workload: kplus.AbstractPod): Problem[] {
  return [
    ...checkObject(workload),
    ...checkCounts(workload),
    ...checkMetadata('podMetadata', workload.podMetadata.toJson()),
    ...checkContainerNames(workload),
    ...[...workload.initContainers, ...workload.containers].flatMap(container => [
      ...checkImage(container),
      ...checkEnvironment(container),
      ...checkPorts(container),
      ...checkResources(container),
    ]),
  ];
}

function checkObject(workload: kplus.AbstractPod): Problem[] {
  const problems: Problem[] = [];
  const { namespace } = Chart.of(workload);
  if (namespace !== undefined && !isDnsLabel(namespace)) {
    problems.push({
      code: 'CDK8SNIX0514',
      prop: 'namespace',
      value: namespace,
      problem: 'A namespace has lower-case letters, digits and "-"; 63 at most.',
      remedy: 'Give the chart the name of a namespace.',
    });
  }
  if (!isDnsSubdomain(workload.metadata.name ?? '')) {
    problems.push({
      code: 'CDK8SNIX0514',
      prop: 'metadata.name',
      value: workload.metadata.name,
      problem: 'The name of an object has lower-case letters, digits, "-" and "."; 253 at most.',
      remedy: 'Leave it out: cdk8s makes a valid one of the construct ids.',
    });
  }
  return [...problems, ...checkMetadata('metadata', workload.metadata.toJson())];
}

const LARGEST_COUNT = 2 ** 31 - 1;

/** The counts that kplus passes on as they are. */
const COUNTS = ['replicas', 'backoffLimit', 'successfulJobsRetained', 'failedJobsRetained', 'minReadySeconds'];

function checkCounts(workload: kplus.AbstractPod): Problem[] {
  const counts = workload as unknown as { readonly [prop: string]: unknown };
  return COUNTS.filter(prop => typeof counts[prop] === 'number' && !isCount(counts[prop])).map((prop): Problem => ({
    code: 'CDK8SNIX0515',
    prop,
    value: counts[prop],
    problem: `It is a whole number from 0 to ${LARGEST_COUNT}.`,
    remedy: 'Use for example 1, or leave it out.',
  }));
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_COUNT;
}

/** kplus gives nothing for metadata that nobody has set. */
function checkMetadata(prop: string, metadata: ObjectMetadata = {}): Problem[] {
  return metadataProblems('CDK8SNIX0513', metadata, { labels: `${prop}.labels`, annotations: `${prop}.annotations` });
}

function checkContainerNames(workload: kplus.AbstractPod): Problem[] {
  const names = [...workload.initContainers, ...workload.containers].map(container => container.name);
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

function checkImage(container: kplus.Container): Problem[] {
  return imageReference(container.image) ? [] : [{
    code: 'CDK8SNIX0101',
    prop: `containers[${container.name}].image`,
    value: container.image,
    problem: 'This is no image reference.',
    remedy: 'Use registry/repository:tag, in lower case, or registry/repository@sha256:….',
  }];
}

function checkEnvironment(container: kplus.Container): Problem[] {
  const prop = `containers[${container.name}].envVariables`;
  return Object.entries(container.env.variables).flatMap(([name, { value }]): Problem[] => {
    if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name)) {
      return [{
        code: 'CDK8SNIX0510',
        prop,
        value: name,
        problem: 'The name of a variable has letters, digits, "-", "_" and ".", and begins with no digit.',
        remedy: 'Use for example "LOG_LEVEL".',
      }];
    }
    return String(value ?? '').includes('\0') ? [{
      code: 'CDK8SNIX0510', prop: `${prop}.${name}`, value, problem: 'No variable can hold a NUL character.', remedy: 'Encode it, in base64 for example.',
    }] : [];
  });
}

function checkPorts(container: kplus.Container): Problem[] {
  return container.ports.filter(({ number }) => !Number.isInteger(number) || number < 1 || number > 65535).map(({ number }): Problem => ({
    code: 'CDK8SNIX0511',
    prop: `containers[${container.name}].ports`,
    value: number,
    problem: 'A port is a whole number from 1 to 65535.',
    remedy: 'Use for example 8080.',
  }));
}

function checkResources(container: kplus.Container): Problem[] {
  const { cpu, memory } = container.resources ?? {};
  const refuse = (name: string, value: string, limit: string): Problem => ({
    code: 'CDK8SNIX0512',
    prop: `containers[${container.name}].resources.${name}.request`,
    value,
    problem: `It is more than the limit, ${limit}.`,
    remedy: 'Raise the limit, or ask for less.',
  });
  const problems: Problem[] = [];
  if (cpu?.request?.amount && cpu.limit?.amount && cores(cpu.request.amount) > cores(cpu.limit.amount)) {
    problems.push(refuse('cpu', cpu.request.amount, cpu.limit.amount));
  }
  if (memory?.request && memory.limit && kibibytes(memory.request) > kibibytes(memory.limit)) {
    problems.push(refuse('memory', memory.request.asString(), memory.limit.asString()));
  }
  return problems;
}

/** A CPU amount of kplus, such as `100m` or `2`, in cores. */
function cores(amount: string): number {
  return amount.endsWith('m') ? Number(amount.slice(0, -1)) / 1000 : Number(amount);
}

function kibibytes(size: Size): number {
  return size.toKibibytes();
}
