import { mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { RECORD_VARIABLE, recorded } from '../support/kubernetes/recorded-manifests';

// npm run test:cluster asks a real API server of what the tests take for right.
describe('what the matchers write down', () => {
  const before = process.env[RECORD_VARIABLE];
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'recorded-'));
    process.env[RECORD_VARIABLE] = folder;
  });
  afterEach(() => {
    if (before === undefined) {
      delete process.env[RECORD_VARIABLE];
    } else {
      process.env[RECORD_VARIABLE] = before;
    }
    rmSync(folder, { recursive: true });
  });

  const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

  test('is each manifest once, by what was said of it', () => {
    expect([configMap('a'), configMap('b')]).toBeValidKubernetes();
    expect('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: b }\n').toBeValidKubernetes();
    expect(recorded(folder, 'valid')).toEqual([configMap('a'), configMap('b')]);
    expect(recorded(folder, 'restricted')).toEqual([]);
  });

  test('is nothing that is not right', () => {
    expect([configMap('Wrong_Name')]).not.toBeValidKubernetes();
    expect(recorded(folder, 'valid')).toEqual([]);
  });
});
