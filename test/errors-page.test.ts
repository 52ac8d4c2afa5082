import { readFileSync, readdirSync } from 'fs';
import { join } from 'path';
import { errorsPage } from '../build-tools/errors-page';
import { ERROR_CODES } from '../src/base/error-code';

const ROOT = join(__dirname, '..');

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory() ? sources(join(folder, entry.name)) : [join(folder, entry.name)]);
}

test('docs/errors.md is what `npx projen docs` writes', () => {
  expect(readFileSync(join(ROOT, 'docs', 'errors.md'), 'utf-8')).toBe(errorsPage());
});

test('every code is on it', () => {
  expect(Object.keys(ERROR_CODES).filter(code => !errorsPage().includes(`| \`${code}\` |`))).toEqual([]);
});

test('every code is used by the library, and by a test', () => {
  const library = sources(join(ROOT, 'src')).filter(file => !file.endsWith('error-code.ts')).map(file => readFileSync(file, 'utf-8')).join();
  const tests = sources(join(ROOT, 'test')).filter(file => file.endsWith('.ts')).map(file => readFileSync(file, 'utf-8')).join();
  const codes = Object.keys(ERROR_CODES);
  expect(codes.filter(code => !library.includes(code))).toEqual([]);
  expect(codes.filter(code => !tests.includes(code))).toEqual([]);
});
