import { App, Yaml } from 'cdk8s';
import { everything } from '../support/everything';

test('nothing in the manifests is a variable or a template to what stands between them and the cluster', () => {
  const app = new App();
  everything(app);
  const lines = Yaml.stringify(...app.charts.flatMap(chart => chart.toJson())).split('\n');
  // `$(NAME)` is Kubernetes' own, and left alone by the others.
  expect(lines.filter(line => /\$[A-Za-z_{$]|\{\{/.test(line))).toEqual([]);
  // Not vacuous: the scripts are there.
  expect(lines.join('\n')).toContain(Buffer.from('#!/bin/sh\n').toString('base64').slice(0, 12));
});
