import { alsoWhenCutShort } from './cut-short';
import { beginRunFolder, endRunFolder } from './run-folder';

export default function () {
  beginRunFolder();
  alsoWhenCutShort(endRunFolder);
}
