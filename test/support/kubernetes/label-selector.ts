import { entries } from './manifest';
import { listOf } from '../../../src/pod/pod-manifest';

/** Whether labels satisfy a `LabelSelector`; an empty one selects everything. */
export function selects(selector: any, labels: Record<string, string> = {}): boolean {
  return entries(selector?.matchLabels).every(([key, value]) => labels[key] === value)
    && listOf(selector?.matchExpressions).every(expression => satisfies(expression, labels));
}

function satisfies({ key, operator, values }: any, labels: Record<string, string>): boolean {
  switch (operator) {
    case 'In': return listOf(values).includes(labels[key]);
    case 'NotIn': return !listOf(values).includes(labels[key]);
    case 'Exists': return key in labels;
    case 'DoesNotExist': return !(key in labels);
    default: return false;
  }
}
