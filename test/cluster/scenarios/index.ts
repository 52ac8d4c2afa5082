import { Scenario } from '../scenario';
import { BINARY_CACHE } from './binary-cache';
import { CUT_SHORT } from './cut-short';
import { DAEMONS } from './daemons';
import { FOREIGN_IMAGE } from './foreign-image';
import { INSIDE } from './inside';
import { JOBS } from './jobs';
import { PORTAL } from './portal';
import { PROGRAMS } from './programs';
import { REPLICAS } from './replicas';
import { SMALL_VOLUME } from './small-volume';
import { STORE_CARE } from './store-care';
import { WORKSPACE } from './workspace';

/** What must go well with the test kubelet and in a real cluster alike. */
export const SCENARIOS: readonly Scenario[] = [
  INSIDE, WORKSPACE, CUT_SHORT, SMALL_VOLUME, REPLICAS, JOBS, DAEMONS, STORE_CARE, PROGRAMS, FOREIGN_IMAGE, BINARY_CACHE, PORTAL,
];
