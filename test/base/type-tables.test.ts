import { readFileSync } from 'fs';
import { join } from 'path';
import { typeTables } from '../../build-tools/type-tables';

test.each(Object.entries(typeTables()))('src/base/%s is what `npx projen docs` makes of the public interfaces and classes', (file, text) => {
  expect(readFileSync(join(__dirname, '..', '..', 'src', 'base', file), 'utf-8')).toBe(text);
});
