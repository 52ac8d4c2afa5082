import { Problem } from '../base/problems';
import { listOf, PodManifest } from '../pod/pod-manifest';
import { PodAdditions } from '../pod/pod-merge';

/** The programs of a store run on one architecture: no node is of two. */
export function checkNodes({ spec: { nodeSelector = {}, affinity } }: PodManifest, additions: PodAdditions): Problem[] {
  const terms = listOf(affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms);
  return Object.entries(additions.nodeSelector).flatMap(([label, ours]) => {
    const refuse = (prop: string, value: unknown): Problem => ({
      code: 'CDK8SNIX0215',
      prop,
      value,
      problem: `The store is for ${ours}.`,
      remedy: 'Leave it out, or give nodes of each architecture a store of their own.',
    });
    const expressions = terms.map(term => listOf(term.matchExpressions).filter(({ key }) => key === label));
    const isElsewhere = terms.length > 0 && expressions.every(term => term.some(expression => excludes(expression, ours)));
    return [
      ...((nodeSelector[label] ?? ours) === ours ? [] : [refuse(`nodeSelector.${label}`, nodeSelector[label])]),
      ...(isElsewhere ? [refuse(`affinity.nodeAffinity.${label}`, expressions.flat())] : []),
    ];
  });
}

/** Whether an expression leaves out all nodes whose label has this value. */
function excludes({ operator, values }: any, value: string): boolean {
  const named = listOf(values).includes(value);
  return (operator === 'In' && !named) || (operator === 'NotIn' && named) || operator === 'DoesNotExist';
}
