import { IConstruct, Node } from 'constructs';
import { Problem } from './problems';

/**
 * What of a construct was taken out of the tree: itself, or what it is in; nothing while all of it is there.
 *
 * @param seen what has been looked at: it was there, and all that it is in
 */
export function removedPart(construct: IConstruct, seen = new Set<Node>()): IConstruct | undefined {
  let removed: IConstruct | undefined;
  for (let { scope } = construct.node, child = construct; scope && !seen.has(child.node); child = scope, { scope } = scope.node) {
    seen.add(child.node);
    // By their nodes: a construct may be a proxy from another language.
    if (scope.node.tryFindChild(child.node.id)?.node !== child.node) {
      removed = child;
    }
  }
  return removed;
}

/** @param prop what `construct` is */
export function checkInTree(prop: string, construct: IConstruct): Problem[] {
  return checkAllInTree(prop, [construct]);
}

/** The same of the first of several that was removed; what they are in together is looked at once. */
export function checkAllInTree(prop: string, constructs: readonly IConstruct[]): Problem[] {
  const seen = new Set<Node>();
  for (const construct of constructs) {
    const removed = removedPart(construct, seen);
    if (removed) {
      return [notInTree(prop, construct, removed)];
    }
  }
  return [];
}

function notInTree(prop: string, construct: IConstruct, removed: IConstruct): Problem {
  return refused(prop, construct, `${removed.node.path} was removed from the tree of constructs: it is neither checked nor written.`,
    'Use what has come in its place, or leave it in the tree.');
}

/**
 * What two constructs need of each other reaches the cluster with both only if one app writes them.
 *
 * @param prop what `construct` is
 * @param user what works with it
 */
export function checkTree(prop: string, construct: IConstruct, user: IConstruct): Problem[] {
  const removed = checkInTree(prop, construct);
  return removed.length > 0 || construct.node.root.node === user.node.root.node ? removed
    : [refused(prop, construct, `It belongs to another app than ${user.node.path}.`, 'Make both in charts of one app.')];
}

function refused(prop: string, construct: IConstruct, problem: string, remedy: string): Problem {
  return { code: 'CDK8SNIX0528', prop, value: construct.node.path, problem, remedy };
}
