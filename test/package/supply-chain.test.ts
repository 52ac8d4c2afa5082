import { execFileSync, spawnSync } from 'child_process';
import { readFileSync } from 'fs';
import { join } from 'path';

const ROOT = join(__dirname, '..', '..');
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf-8'));

test('nothing is installed beside the peers', () => {
  expect(manifest.dependencies ?? {}).toEqual({});
  expect(manifest.bundledDependencies ?? manifest.bundleDependencies ?? []).toEqual([]);
  expect(Object.keys(manifest.peerDependencies)).toEqual(['cdk8s', 'cdk8s-plus-28', 'constructs']);
});

test('the lock file pins every package by its content', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf-8'));
  const loose = Object.entries<any>(packages).filter(([path, entry]) => path !== '' && !entry.link && !entry.inBundle && !entry.integrity).map(([path]) => path);
  expect(loose).toEqual([]);
});

test('what ships has no known vulnerability', () => {
  const audit = spawnSync('npm', ['audit', '--omit=dev', '--json'], { cwd: ROOT, encoding: 'utf-8' });
  expect(JSON.parse(audit.stdout).metadata.vulnerabilities.total).toBe(0);
});

test('the bill of materials names the peers and what the package is built with', () => {
  execFileSync('npx', ['projen', 'sbom'], { cwd: ROOT, stdio: 'pipe' });
  const sbom = JSON.parse(readFileSync(join(ROOT, 'dist', 'sbom.json'), 'utf-8'));
  expect(sbom.bomFormat).toBe('CycloneDX');
  expect(sbom.metadata.component.purl).toContain('pkg:npm/cdk8s-nix@');
  const names = sbom.components.map((component: any) => component.name);
  expect(names).toEqual(expect.arrayContaining(['cdk8s', 'cdk8s-plus-28', 'constructs', 'jsii', 'projen']));
  expect(sbom.components.filter((component: any) => !component.version)).toEqual([]);
});
