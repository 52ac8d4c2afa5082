import { ApiObject } from 'cdk8s';

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

/**
 * Let objects find each other whatever JSON patches make of their names, and the Service the pods whatever they make of the labels.
 *
 * All of it is decided on the finished manifests: a reference that still has the old name gets the new one.
 */
export function followReferences({ deployment, service, others }: PortalObjects): void {
  const objects = [deployment, service, ...others];
  const render = new Map(objects.map(object => [object, object.toJson.bind(object)]));
  for (const object of objects) {
    object.toJson = () => {
      const manifest = render.get(object)!();
      for (const [kind, holder, field] of REFERENCES[object.kind]?.(manifest) ?? []) {
        const target = objects.find(other => other.kind === kind && other.name === holder?.[field]);
        if (target) {
          holder[field] = render.get(target)!().metadata.name;
        }
      }
      if (object === service) {
        followLabels(manifest, render.get(deployment)!());
      }
      return manifest;
    };
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

function listOf(value: unknown): Manifest[] {
  return Array.isArray(value) ? value : [];
}
