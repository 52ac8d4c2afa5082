import { alsoWhenCutShort } from './cut-short';
import { beginRun, endRun } from './run';

export default function () {
  beginRun();
  alsoWhenCutShort(endRun);
}
