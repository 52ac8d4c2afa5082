/* Writes the pages of docs/ that are made from the library's own data; `npx projen docs` runs it. */
import { writeFileSync } from 'fs';
import { join } from 'path';
import { errorsPage } from './errors-page';

writeFileSync(join(__dirname, '..', 'docs', 'errors.md'), errorsPage());
