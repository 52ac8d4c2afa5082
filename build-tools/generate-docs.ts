/* Writes the pages of docs/ that are made from the library's own data, and the tables of its types in src/base; `npx projen docs` runs it. */
import { writeFileSync } from 'fs';
import { join } from 'path';
import { errorsPage } from './errors-page';
import { typeTables } from './type-tables';
import { decisionMatrix } from '../src/image/decision-matrix';

const DOCS = join(__dirname, '..', 'docs');
const TABLES = join(__dirname, '..', 'src', 'base');

writeFileSync(join(DOCS, 'errors.md'), errorsPage());
writeFileSync(join(DOCS, 'decision-matrix.md'), decisionMatrix());
Object.entries(typeTables()).forEach(([file, text]) => writeFileSync(join(TABLES, file), text));
