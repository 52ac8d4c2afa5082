/* Writes the pages of docs/ that are made from the library's own data; `npx projen docs` runs it. */
import { writeFileSync } from 'fs';
import { join } from 'path';
import { errorsPage } from './errors-page';
import { decisionMatrix } from '../src/image/decision-matrix';

const DOCS = join(__dirname, '..', 'docs');

writeFileSync(join(DOCS, 'errors.md'), errorsPage());
writeFileSync(join(DOCS, 'decision-matrix.md'), decisionMatrix());
