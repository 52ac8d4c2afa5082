import { isDeepStrictEqual } from 'util';
import { ApiObject } from 'cdk8s';
import { ENVIRONMENT_LABEL } from '../pod/pod-labels';
import { finishManifest, manifestAsMade, manifestAsPatched } from '../pod/written-manifest';

/** A manifest: whatever YAML can hold, hence `any`. */
type Manifest = any;

/** The objects of a portal that refer to one another. */
export interface PortalObjects {
  readonly deployment: ApiObject;
  readonly service: ApiObject;
  /** All others. */
  readonly others: readonly ApiObject[];
}

/** Where an object names another one: the kind it names, and the places that hold the name. */
const REFERENCES: { readonly [kind: string]: (manifest: Manifest) => Array<readonly [kind: string, holder: Manifest, field: string]> } = {
  Deployment: ({ spec }) => {
    const pod = spec?.template?.spec;
    return [
      ['ServiceAccount', pod, 'serviceAccountName'],
      ...listOf(pod?.volumes).map(volume => ['ConfigMap', volume.configMap, 'name'] as const),
      ...listOf(pod?.volumes).map(volume => ['PersistentVolumeClaim', volume.persistentVolumeClaim, 'claimName'] as const),
    ];
  },
  StatefulSet: ({ spec }) => [['Service', spec, 'serviceName']],
  ClusterRoleBinding: manifest => [
    ['ClusterRole', manifest.roleRef, 'name'],
    ...listOf(manifest.subjects).filter(({ kind }) => kind === 'ServiceAccount').map(subject => ['ServiceAccount', subject, 'name'] as const),
  ],
  HTTPRoute: ({ spec }) => listOf(spec?.rules).flatMap(rule => listOf(rule.backendRefs)).map(backend => ['Service', backend, 'name']),
  Ingress: ({ spec }) => listOf(spec?.rules).flatMap(rule => listOf(rule.http?.paths)).map(path => ['Service', path.backend?.service, 'name']),
};

/** Where an object names a port of the Service by its number. */
const BACKEND_PORTS: { readonly [kind: string]: (manifest: Manifest) => Array<readonly [holder: Manifest, field: string]> } = {
  HTTPRoute: ({ spec }) => listOf(spec?.rules).flatMap(rule => listOf(rule.backendRefs)).map(backend => [backend, 'port']),
  Ingress: ({ spec }) => listOf(spec?.rules).flatMap(rule => listOf(rule.http?.paths)).flatMap(path => {
    const port = path.backend?.service?.port;
    return port ? [[port, 'number'] as const] : [];
  }),
};

/**
 * Let objects find each other whatever JSON patches make of their names, and the Service the pods whatever they make of the labels.
 *
 * All of it is decided on the finished manifests: a reference that still has the old name gets the new one.
 */
export function followReferences({ deployment, service, others }: PortalObjects): void {
  const objects = [deployment, service, ...others];
  for (const object of objects) {
    finishManifest(object, manifest => {
      for (const [kind, holder, field] of REFERENCES[object.kind]?.(manifest) ?? []) {
        const target = objects.find(other => other.kind === kind && other.name === holder?.[field]);
        if (target) {
          holder[field] = manifestAsPatched(target).metadata.name;
        }
      }
      const backends = BACKEND_PORTS[object.kind]?.(manifest) ?? [];
      if (backends.length > 0) {
        followPorts(backends, manifestAsMade(service), manifestAsPatched(service));
      }
      if (object === service) {
        followLabels(manifest, manifestAsPatched(deployment));
      }
      if (object.kind === 'NetworkPolicy') {
        followPods(manifest, manifestAsMade(deployment), manifestAsPatched(deployment));
      }
      return manifest;
    });
  }
}

/** A selector that no pod fits any longer becomes that of the Deployment, which has to fit. */
function followLabels(service: Manifest, { spec }: Manifest): void {
  const labels = spec?.template?.metadata?.labels ?? {};
  const selector = Object.entries(service.spec?.selector ?? {});
  if (spec?.selector?.matchLabels && selector.some(([name, value]) => labels[name] !== value)) {
    service.spec.selector = { ...spec.selector.matchLabels };
  }
}

/** A port of the Service that a patch gave another number is still the one that is meant. */
function followPorts(backends: Array<readonly [holder: Manifest, field: string]>, made: Manifest, written: Manifest): void {
  const [before, after] = [made, written].map(({ spec }) => listOf(spec?.ports).map(({ port }) => port));
  for (const [holder, field] of backends) {
    const moved = after[before.indexOf(holder[field])];
    if (moved !== undefined && !after.includes(holder[field])) {
      holder[field] = moved;
    }
  }
}

/** A policy that no longer covers the portal's pods would forbid nothing. */
function followPods({ spec }: Manifest, made: Manifest, written: Manifest): void {
  const pods = written.spec?.template?.metadata?.labels ?? {};
  const peers = [...listOf(spec?.ingress).flatMap(rule => listOf(rule.from)), ...listOf(spec?.egress).flatMap(rule => listOf(rule.to))];
  const selectors = [spec, ...peers].flatMap(holder => holder?.podSelector?.matchLabels ? [holder.podSelector] : []);
  for (const selector of selectors) {
    const labels = Object.entries(selector.matchLabels);
    const isPortal = isDeepStrictEqual(selector.matchLabels, made.spec?.selector?.matchLabels)
      || labels.every(([name]) => name === ENVIRONMENT_LABEL);
    if (isPortal && written.spec?.selector?.matchLabels && labels.some(([name, value]) => pods[name] !== value)) {
      selector.matchLabels = { ...written.spec.selector.matchLabels };
    }
  }
}

function listOf(value: unknown): Manifest[] {
  return Array.isArray(value) ? value : [];
}
