import { readFileSync } from 'fs';
import { join } from 'path';
import { NixImage, NixImageKind, NixImageRecommendation, NixImageRequirements } from '../../src';
import { decisionMatrix } from '../../src/image/decision-matrix';

test('the rows of the matrix', () => {
  expect(NixImageRecommendation.all().map(row => [row.useCase, row.kind, ...row.alternatives.map(other => other.kind)])).toEqual([
    ['Add Nix to an existing app', 'add-nix', 'upstream'],
    ['Production Backstage with AI assistants', 'backstage-nix', 'upstream'],
    ['Kubernetes with a persistent volume', 'ubuntu-nix'],
    ['Quick development', 'ubuntu-nix'],
    ['CI/CD pipelines', 'backstage-nix'],
  ]);
});

test('each row gives reasons and trade-offs, and so does each alternative', () => {
  for (const row of NixImageRecommendation.all().flatMap(recommended => [recommended, ...recommended.alternatives])) {
    expect(row.reasons.length).toBeGreaterThan(0);
    expect(row.tradeOffs.length).toBeGreaterThan(0);
  }
});

const CASES: Array<[NixImageRequirements | undefined, string, NixImageKind]> = [
  [undefined, 'Quick development', NixImageKind.UBUNTU_NIX],
  [{}, 'Quick development', NixImageKind.UBUNTU_NIX],
  [{ persistentVolume: true, existingImage: false, immutable: false }, 'Kubernetes with a persistent volume', NixImageKind.UBUNTU_NIX],
  [{ existingImage: true }, 'Add Nix to an existing app', NixImageKind.ADD_NIX],
  // A volume makes the build unnecessary …
  [{ existingImage: true, persistentVolume: true }, 'Add Nix to an existing app', NixImageKind.UPSTREAM],
  // … unless nothing may change at run time.
  [{ existingImage: true, persistentVolume: true, immutable: true }, 'Add Nix to an existing app', NixImageKind.ADD_NIX],
  [{ existingImage: true, persistentVolume: true, pipeline: true }, 'Add Nix to an existing app', NixImageKind.ADD_NIX],
  [{ backstage: true }, 'Production Backstage with AI assistants', NixImageKind.BACKSTAGE_NIX],
  [{ backstage: true, existingImage: true, persistentVolume: true }, 'Production Backstage with AI assistants', NixImageKind.BACKSTAGE_NIX],
  [{ pipeline: true }, 'CI/CD pipelines', NixImageKind.BACKSTAGE_NIX],
  [{ pipeline: true, persistentVolume: true }, 'CI/CD pipelines', NixImageKind.BACKSTAGE_NIX],
  [{ immutable: true }, 'CI/CD pipelines', NixImageKind.BACKSTAGE_NIX],
];

test.each(CASES)('%j: %s', (requirements, useCase, kind) => {
  const recommended = NixImage.recommend(requirements);
  expect([recommended.useCase, recommended.kind]).toEqual([useCase, kind]);
});

test('a portal as it is is no way to have nothing change', () => {
  const alternatives = (requirements: NixImageRequirements) =>
    NixImage.recommend({ backstage: true, ...requirements }).alternatives.map(({ kind }) => kind);
  expect(alternatives({})).toEqual([NixImageKind.UPSTREAM]);
  expect([alternatives({ immutable: true }), alternatives({ pipeline: true })]).toEqual([[], []]);
});

test('only upstream needs no build', () => {
  expect(NixImage.recommend({ existingImage: true, persistentVolume: true }).needsBuild).toBe(false);
  expect(NixImage.recommend({ existingImage: true }).needsBuild).toBe(true);
});

test('what a caller does with the reasons is its own affair', () => {
  NixImage.recommend().reasons.push('because');
  expect(NixImage.recommend().reasons).not.toContain('because');
});

test('docs/decision-matrix.md is what the data says: else run `npx projen docs`', () => {
  expect(readFileSync(join(__dirname, '..', '..', 'docs', 'decision-matrix.md'), 'utf-8')).toBe(decisionMatrix());
});
