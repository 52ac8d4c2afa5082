import { ApiObject, Chart, Cron, JsonPatch, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { GitOps, NixDeployment, NixEnvironment, NixGarbageCollection, NixStore } from 'cdk8s-nix';

/** What the snippets below a heading of docs/python.md, java.md, go.md and dotnet.md say, in TypeScript. */
export const SNIPPETS: { readonly [heading: string]: (chart: Chart) => void } = {
  'Ten lines': chart => {
    new NixDeployment(chart, 'code', { store: NixStore.persistent({ size: Size.gibibytes(40), retain: true }) });
  },
  'Options': chart => {
    new NixDeployment(chart, 'workspace', {
      config: { maxJobs: 2, extraLines: ['warn-dirty = false'] },
      seed: { jobs: 4 },
      containers: [{ image: 'registry.example.org/worker:3.2.0', portNumber: 8080 }],
    });
  },
  'What is left out': chart => {
    new NixDeployment(chart, 'workspace', { config: { settings: { 'connect-timeout': 5 } } });
  },
  'Your own workload': chart => {
    const portal = new kplus.Deployment(chart, 'portal', {
      containers: [{ image: 'registry.example.org/portal:1.4.2', portNumber: 7007 }],
    });
    new NixEnvironment(chart, 'nix').enable(portal);
  },
  'What a construct has': chart => {
    const workspace = new NixDeployment(chart, 'workspace');
    workspace.environment.collectGarbage({ whenFreeBelow: Size.gibibytes(5) });
    new NixGarbageCollection(chart, 'collection', { environment: workspace.environment, schedule: Cron.weekly() });
  },
  'Patches': chart => {
    const workspace = new NixDeployment(chart, 'workspace');
    ApiObject.of(workspace).addJsonPatch(JsonPatch.add('/spec/template/spec/hostUsers', false));
  },
  'An object of any kind': chart => {
    const application = new ApiObject(chart, 'application', {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: 'workspaces', namespace: 'argocd' },
    });
    application.addJsonPatch(JsonPatch.add('/spec', {
      destination: { server: 'https://kubernetes.default.svc' },
      ignoreDifferences: GitOps.argoCdIgnoreDifferences(),
      project: 'default',
    }));
  },
};
