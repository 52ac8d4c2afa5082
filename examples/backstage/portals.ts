import { App, Duration } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  AiAssistant, BackstageDatabase, BackstageEnvironments, BackstageImages, CaBundle, GitOps, PodSecurity, RestrictedNamespace,
} from 'cdk8s-nix';

/**
 * The portal in three environments.
 *
 * @param images the file that a promotion writes
 */
export function portals(app: App, images: string): BackstageEnvironments {
  // Made elsewhere, in each namespace: by hand, by External Secrets, by Sealed Secrets. Their names are all that stands in the manifests.
  const credentials = kplus.Secret.fromSecretName(app, 'credentials', 'portal-credentials');
  const tlsSecret = kplus.Secret.fromSecretName(app, 'tls', 'portal-tls');
  const databaseCa = kplus.Secret.fromSecretName(app, 'database-ca', 'portal-db-ca');
  // What CloudNativePG writes for a Cluster called `portal-db`.
  const cluster = BackstageDatabase.fromSecret({
    secret: kplus.Secret.fromSecretName(app, 'database', 'portal-db-app'), caBundle: CaBundle.fromSecret(databaseCa, 'ca.crt'),
  });

  const environments = new BackstageEnvironments(app, 'portal', {
    // Builds of images/backstage-nix: `npx cdk8s-nix eject backstage-nix ./portal-image`.
    images: BackstageImages.fromFile(images, { backstageNix: true }),
    portal: {
      ingress: { className: 'nginx', tlsSecret },
      assistants: [AiAssistant.claude({ apiKey: kplus.EnvValue.fromSecretValue({ secret: credentials, key: 'anthropic' }) })],
      secrets: { GITHUB_TOKEN: { secret: credentials, key: 'github' } },
      appConfig: { integrations: { github: [{ host: 'github.com', token: '${GITHUB_TOKEN}' }] } },
    },
    environments: {
      development: {
        baseUrl: 'https://portal.dev.example.org',
        database: BackstageDatabase.bundled({ password: { secret: credentials, key: 'postgres' } }),
        appConfig: { app: { title: 'Portal (development)' } },
      },
      staging: { baseUrl: 'https://portal.staging.example.org', database: cluster },
      production: { baseUrl: 'https://portal.example.org', database: cluster, probes: { startup: Duration.minutes(15) } },
    },
  });

  for (const name of environments.names) {
    const chart = environments.chart(name);
    new RestrictedNamespace(chart, 'namespace', { metadata: { name } });
    GitOps.argoCd(chart);
    PodSecurity.enforce(chart);
  }
  return environments;
}
