import { isDeepStrictEqual } from 'util';
import { ApiObject } from 'cdk8s';
import { ENVIRONMENT_LABEL } from '../pod/pod-labels';
import { finishManifest, manifestAsMade, manifestAsPatched } from '../pod/written-manifest';

/** A manifest: whatever YAML can hold, hence `any`. */
type Manifest = any;

/** A workload, and what its pods are reached by. */
export interface ServedPods {
  readonly workload: ApiObject;
  readonly service: ApiObject;
}

/** The objects of a portal that refer to one another. */
export interface PortalObjects {
  readonly portal: ServedPods;
  /** A bundled one. */
  readonly database?: ServedPods;
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
 * Let objects find each other whatever JSON patches make of their names, and Services the pods whatever they make of the labels.
 *
 * All of it is decided on the finished manifests: a reference that still has the old name gets the new one.
 */
export function followReferences({ portal, database, others }: PortalObjects): void {
  const served = [portal, ...database ? [database] : []];
  const objects = [...served.flatMap(({ workload, service }) => [workload, service]), ...others];
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
        followPorts(backends, manifestAsMade(portal.service), manifestAsPatched(portal.service));
      }
      for (const { workload, service } of served) {
        if (object === service) {
          followLabels(manifest, manifestAsPatched(workload));
        }
        if (object.kind === 'NetworkPolicy') {
          followPods(manifest, manifestAsMade(workload), manifestAsPatched(workload), workload === portal.workload);
        }
      }
      return manifest;
    });
  }
}

/** A selector that no pod fits any longer becomes that of the workload, which has to fit. */
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

/**
 * A policy that no longer covers the pods would forbid nothing.
 *
 * @param isEnvironment they have the label of the environment too
 */
function followPods({ spec }: Manifest, made: Manifest, written: Manifest, isEnvironment: boolean): void {
  const pods = written.spec?.template?.metadata?.labels ?? {};
  const peers = [...listOf(spec?.ingress).flatMap(rule => listOf(rule.from)), ...listOf(spec?.egress).flatMap(rule => listOf(rule.to))];
  const selectors = [spec, ...peers].flatMap(holder => holder?.podSelector?.matchLabels ? [holder.podSelector] : []);
  for (const selector of selectors) {
    const labels = Object.entries(selector.matchLabels);
    const isMeant = isDeepStrictEqual(selector.matchLabels, made.spec?.selector?.matchLabels)
      || (isEnvironment && labels.every(([name]) => name === ENVIRONMENT_LABEL));
    if (isMeant && written.spec?.selector?.matchLabels && labels.some(([name, value]) => pods[name] !== value)) {
      selector.matchLabels = { ...written.spec.selector.matchLabels };
    }
  }
}

function listOf(value: unknown): Manifest[] {
  return Array.isArray(value) ? value : [];
}
