import { Scenario } from '../scenario';
import { PASSING_STORES } from './passing-stores';
import { REPLICAS } from './replicas';
import { WORKSPACE } from './workspace';

/** What must go well with the test kubelet and in a real cluster alike. */
export const SCENARIOS: readonly Scenario[] = [WORKSPACE, REPLICAS, PASSING_STORES];
