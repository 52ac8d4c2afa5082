import { App, Chart } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { AiAssistant, BackstageDatabase, BackstageNix, NixImage, PodSecurity } from 'cdk8s-nix';

const app = new App();
const chart = new Chart(app, 'portal', { namespace: 'portal' });

// Made elsewhere: by hand, by External Secrets, by Sealed Secrets. Its name is all that stands in the manifests.
const credentials = kplus.Secret.fromSecretName(chart, 'credentials', 'portal-credentials');

new BackstageNix(chart, 'backstage', {
  // Your build of images/backstage-nix: `npx cdk8s-nix eject backstage-nix ./portal-image`.
  image: NixImage.backstageNix({ repository: 'registry.example.org/team/portal', tag: '1.0.0' }),
  baseUrl: 'https://portal.example.org',
  database: BackstageDatabase.existing({ host: 'postgres.databases.svc', password: { secret: credentials, key: 'postgres' } }),
  ingress: { className: 'nginx', tlsSecret: kplus.Secret.fromSecretName(chart, 'tls', 'portal-tls') },
  assistants: [AiAssistant.claude({ apiKey: kplus.EnvValue.fromSecretValue({ secret: credentials, key: 'anthropic' }) })],
});

PodSecurity.enforce(chart);
app.synth();
