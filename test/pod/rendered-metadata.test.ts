import { ApiObject, ApiObjectMetadata, App, Chart, Lazy } from 'cdk8s';
import { renderedMetadata } from '../../src/pod/rendered-metadata';

const CASES: { [title: string]: [metadata?: ApiObjectMetadata, change?: (object: ApiObject) => void] } = {
  'no metadata': [],
  'names, labels and annotations in any order': [
    { name: 'theirs', namespace: 'other', labels: { b: '1', a: '' }, annotations: { 'z.example.org/one': 'ü', 'a.example.org/two': '2' } },
    object => object.metadata.addAnnotation('m', 'late'),
  ],
  'a lazy label': [{ labels: { late: Lazy.any({ produce: () => 'value' }) } }],
  'a label that is a number': [{ labels: { number: 1 as unknown as string } }],
  'a label that is none': [{ labels: { none: undefined as unknown as string, nothing: null as unknown as string } }],
  'a lazy name': [{ name: Lazy.any({ produce: () => 'late' }) }],
  'finalizers': [{ finalizers: ['example.org/keep'] }],
  'owners': [{}, object => object.metadata.addOwnerReference({ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: '1' })],
  'a field that is newer than cdk8s': [{ generateName: 'run-' }, object => object.metadata.add('managedFields', [{ manager: 'us' }])],
};

const rendered = (title: string, app: App, render: (object: ApiObject) => any) => {
  const [metadata, change] = CASES[title];
  const object = new ApiObject(new Chart(app, 'test', { labels: { chart: 'yes' } }), 'object', { apiVersion: 'v1', kind: 'ConfigMap', metadata });
  change?.(object);
  return JSON.stringify(render(object));
};

describe.each(Object.keys(CASES))('%s', title => {
  const resolvers = [{ resolve: (context: any) => context.value === 'yes' && context.replaceValue('resolved') }];

  test.each([['with the resolvers of cdk8s', () => new App()], ['with one of the app\'s own', () => new App({ resolvers })]])('as cdk8s renders it, %s', (_, app) => {
    expect(rendered(title, app(), renderedMetadata)).toBe(rendered(title, app(), object => object.metadata.toJson()));
  });
});
