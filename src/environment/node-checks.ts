import { Problem } from '../base/problems';
import { isObject, listOf, PodManifest } from '../pod/pod-manifest';
import { PodAdditions } from '../pod/pod-merge';

/** What every store is for. */
const SYSTEM = 'linux';

/** The programs of a store run on one system and one architecture: no node is of two. */
export function checkNodes({ spec: { nodeSelector = {}, affinity, os } }: PodManifest, additions: PodAdditions): Problem[] {
  if (affinity === undefined && os === undefined && Object.keys(nodeSelector).length === 0) {
    return [];
  }
  const terms = listOf(affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms);
  const labels = Object.entries({ 'kubernetes.io/os': SYSTEM, ...additions.nodeSelector });
  return [
    ...((os?.name ?? SYSTEM) === SYSTEM ? [] : [refused('os.name', os.name, SYSTEM)]),
    // Nodes still have the names of long ago, too.
    ...labels.flatMap(([name, ours]) => [name, `beta.${name}`].flatMap(label => {
      const expressions = terms.map(term => listOf(term?.matchExpressions).filter(expression => isObject(expression) && expression.key === label));
      const isElsewhere = terms.length > 0 && expressions.every(term => term.some(expression => excludes(expression, ours)));
      return [
        ...((nodeSelector[label] ?? ours) === ours ? [] : [refused(`nodeSelector.${label}`, nodeSelector[label], ours)]),
        ...(isElsewhere ? [refused(`affinity.nodeAffinity.${label}`, expressions.flat(), ours)] : []),
      ];
    })),
  ];
}

function refused(prop: string, value: unknown, ours: string): Problem {
  return {
    code: 'CDK8SNIX0215',
    prop,
    value,
    problem: `The store is for ${ours}.`,
    remedy: ours === SYSTEM ? 'Leave it out: Nix has nothing for other systems.' : 'Leave it out, or give nodes of each architecture a store of their own.',
  };
}

/** Whether an expression leaves out all nodes whose label has this value. */
function excludes({ operator, values }: any, value: string): boolean {
  const named = listOf(values).includes(value);
  return (operator === 'In' && !named) || (operator === 'NotIn' && named) || operator === 'DoesNotExist';
}
