import * as fs from 'fs';
import * as path from 'path';
import { withFigures } from '../../bench/program/page';

const PAGE = fs.readFileSync(path.join(__dirname, '../../docs/programs.md'), 'utf-8');
const NAMES = ['seeded volume, far', 'seeded volume, near', 'empty volume, far', 'empty volume, near', 'image, far', 'image, near', 'clone', 'program', 'image', 'imageWithInit', 'mounted'];
const FIGURES = {
  warmVsImage: 0.987,
  warmVsMounted: 0.912,
  closure: { mebibytes: 162, paths: 41, compressed: { cache: 45, image: 66 } },
  seconds: Object.fromEntries(NAMES.map((name, i) => [name, i + 0.25])),
};

test('the page of programs takes what the benchmark has measured, and keeps all else', () => {
  const page = withFigures(PAGE, FIGURES);
  expect(page).toContain('| in an image (66 MiB), pulled by podman | 4.3 | 5.3 |\n');
  expect(page).toContain('adds to a pod of an image is 0.99 of what an init container adds that does and mounts nothing (9.25 s in all), and\n0.91 of what the same pod');
  expect(withFigures(page, FIGURES)).toBe(page);
  const around = (text: string) => [text.slice(0, text.indexOf('<!-- `npm run bench')), text.slice(text.indexOf('<!-- Up to here'))];
  expect(around(page)).toEqual(around(PAGE));
  expect(() => withFigures('no place', FIGURES)).toThrow('no place for figures');
});

test('the page states what bench/results.json has', () => {
  const { program, seconds } = JSON.parse(fs.readFileSync(path.join(__dirname, '../../bench/results.json'), 'utf-8'));
  expect(program.quick).toBe(false);
  // What a run before had no name for yet stands on no page.
  const rows = (text: string) => text.split('\n').filter(line => /^\| .*\| \d+\.\d \| \d+\.\d \|$/.test(line));
  const measured = withFigures(PAGE, { warmVsMounted: 0, ...program, seconds: { mounted: 0, ...seconds.program } });
  expect(rows(PAGE)).toHaveLength(6);
  expect(rows(PAGE)).toEqual(rows(measured));
  expect(PAGE).toContain(`What a warm start adds to a pod of an image is ${program.warmVsImage.toFixed(2)} of what `);
  expect(PAGE).toContain(`for a program of ${program.closure.paths} store paths and ${program.closure.mebibytes} MiB`);
});
