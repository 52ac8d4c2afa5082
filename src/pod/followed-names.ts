import { ApiObject } from 'cdk8s';
import { listOf } from './pod-manifest';
import { isPatched, metadataAsWished } from './written-manifest';

/** The names that patches give to objects, by kind and the name they had. */
export type NewNames = ReadonlyMap<string, string>;

/** What patches call some of the objects. */
export function newNames(objects: readonly ApiObject[]): NewNames {
  return new Map(objects.filter(isPatched).map(object => [keyOf(object.kind, object.name), metadataAsWished(object).name] as const)
    .filter(([key, name]) => typeof name === 'string' && !key.endsWith(`/${name}`)));
}

/** The spec of a pod whose volumes find the claims and ConfigMaps that were renamed. */
export function withNewNames(spec: any, names: NewNames): any {
  const follow = (holder: any, field: string, kind: string): any => {
    const name = names.get(keyOf(kind, holder?.[field]));
    return name === undefined ? holder : { ...holder, [field]: name };
  };
  const followed = (source: any): any => ({
    ...source,
    ...(source.persistentVolumeClaim && { persistentVolumeClaim: follow(source.persistentVolumeClaim, 'claimName', 'PersistentVolumeClaim') }),
    ...(source.configMap && { configMap: follow(source.configMap, 'name', 'ConfigMap') }),
    ...(source.projected && { projected: { ...source.projected, sources: listOf(source.projected.sources).map(followed) } }),
  });
  return { ...spec, volumes: listOf(spec.volumes).map(followed) };
}

function keyOf(kind: string, name: string): string {
  return `${kind}/${name}`;
}
