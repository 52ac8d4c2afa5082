import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'fs';
import * as path from 'path';
import { cachedImage, partFolder } from '../support/image-cache';
import { tryPodman } from '../support/podman';

const NAME = 'half-made';
const RECIPE = { name: NAME, sources: [__filename], config: [] };
const reference = () => tryPodman(['images', '--format', '{{.Repository}}:{{.Tag}}', '--filter', `reference=localhost/cdk8s-nix-test/${NAME}`]).stdout.trim();

afterEach(() => {
  rmSync(partFolder(NAME), { recursive: true, force: true });
  tryPodman(['rmi', '--force', reference()]);
});

test('what a killed maker of an image has left is not in the next one, and nothing stays', () => {
  mkdirSync(partFolder(NAME), { recursive: true });
  [path.join(partFolder(NAME), 'left'), `${partFolder(NAME)}.tar`].forEach(file => writeFileSync(file, 'left'));
  let found: string[] | undefined;
  const made = cachedImage({
    ...RECIPE,
    fill: folder => {
      found = readdirSync(folder);
      writeFileSync(path.join(folder, 'file'), 'made');
    },
  });
  expect(found).toEqual([]);
  expect(reference()).toBe(made);
  expect([partFolder(NAME), `${partFolder(NAME)}.tar`].filter(existsSync)).toEqual([]);
});

test('one that fails leaves nothing, and is made by the next', () => {
  expect(() => cachedImage({ ...RECIPE, fill: () => { throw new Error('no network'); } })).toThrow('no network');
  expect([existsSync(partFolder(NAME)), reference()]).toEqual([false, '']);
  expect(cachedImage({ ...RECIPE, fill: folder => writeFileSync(path.join(folder, 'file'), 'made') })).toBe(reference());
});
