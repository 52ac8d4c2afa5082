import { entries, Manifest, Report, titleOf } from './manifest';
import { containersOf, listOf, PodManifest, podsOf } from '../../../src/pod/pod-manifest';

/** Which names of other objects a set of manifests may rely on. */
export interface References {
  /** Objects that exist already, as `Kind/name`. */
  readonly external: string[];
  /** All objects of the set. */
  readonly manifests: Manifest[];
}

/**
 * Reports references to objects that are neither in the set nor declared to exist.
 * Secrets come from elsewhere more often than not: they are only looked into when they are in the set.
 */
export function checkReferences(manifest: Manifest, references: References, report: Report): void {
  const find = (kind: string, name: string) => references.manifests.find(other =>
    other.kind === kind && other.metadata?.name === name && (other.metadata?.namespace ?? '') === (manifest.metadata?.namespace ?? ''));
  const needs = (kind: string, name: string | undefined, path: string) => {
    const external = references.external.includes('*') || references.external.includes(`${kind}/${name}`);
    if (name !== undefined && !external && !find(kind, name)) {
      report(path, `there is no ${kind}/${name}`);
    }
  };
  const needsKey = (kind: string, name: string, key: string, path: string) => {
    const source = find(kind, name);
    if (source && ![source.data, source.stringData, source.binaryData].some(data => entries(data).some(([k]) => k === key))) {
      report(path, `${titleOf(source)} has no key ${key}`);
    }
  };
  const pod = podsOf(manifest)[0];
  if (pod) {
    checkPodReferences(pod, needs, needsKey);
  }
  checkKindReferences(manifest, needs);
}

type Needs = (kind: string, name: string | undefined, path: string) => void;
type NeedsKey = (kind: string, name: string, key: string, path: string) => void;

function checkPodReferences(pod: PodManifest, needs: Needs, needsKey: NeedsKey): void {
  const { serviceAccountName, volumes } = pod.spec;
  if (serviceAccountName !== 'default') {
    needs('ServiceAccount', serviceAccountName, `${pod.path}.spec.serviceAccountName`);
  }
  listOf(volumes).forEach((volume, i) => {
    const path = `${pod.path}.spec.volumes[${i}]`;
    needs('PersistentVolumeClaim', volume.persistentVolumeClaim?.claimName, `${path}.persistentVolumeClaim.claimName`);
    checkConfig('ConfigMap', volume.configMap, volume.configMap?.name, `${path}.configMap`);
    checkConfig('Secret', volume.secret, volume.secret?.secretName, `${path}.secret`);
    listOf(volume.projected?.sources).forEach((source, j) => {
      checkConfig('ConfigMap', source.configMap, source.configMap?.name, `${path}.projected.sources[${j}].configMap`);
      checkConfig('Secret', source.secret, source.secret?.name, `${path}.projected.sources[${j}].secret`);
    });
  });
  for (const { container, path } of containersOf(pod)) {
    listOf(container.env).forEach(({ valueFrom }, i) => {
      checkKeyRef('ConfigMap', valueFrom?.configMapKeyRef, `${path}.env[${i}].valueFrom.configMapKeyRef`);
      checkKeyRef('Secret', valueFrom?.secretKeyRef, `${path}.env[${i}].valueFrom.secretKeyRef`);
    });
    listOf(container.envFrom).forEach(({ configMapRef }, i) => {
      checkConfig('ConfigMap', configMapRef, configMapRef?.name, `${path}.envFrom[${i}].configMapRef`);
    });
    listOf(container.volumeMounts).forEach((mount, i) => {
      checkSubPath(listOf(volumes).find(volume => volume.name === mount.name), mount.subPath, `${path}.volumeMounts[${i}].subPath`);
    });
  }

  function checkConfig(kind: string, source: any, name: string, path: string): void {
    if (!source || source.optional) {
      return;
    }
    if (kind === 'ConfigMap') {
      needs(kind, name, `${path}.name`);
    }
    listOf(source.items).forEach(({ key }, i) => needsKey(kind, name, key, `${path}.items[${i}].key`));
  }

  function checkKeyRef(kind: string, ref: any, path: string): void {
    checkConfig(kind, ref, ref?.name, path);
    if (ref && !ref.optional) {
      needsKey(kind, ref.name, ref.key, `${path}.key`);
    }
  }

  /** A subPath that a ConfigMap or Secret does not hold makes the kubelet mount an empty folder. */
  function checkSubPath(volume: any, subPath: string | undefined, path: string): void {
    const source = volume?.configMap ?? volume?.secret;
    if (source && subPath && !source.items) {
      needsKey(volume.configMap ? 'ConfigMap' : 'Secret', source.name ?? source.secretName, subPath, path);
    }
  }
}

function checkKindReferences(manifest: Manifest, needs: Needs): void {
  const { kind, spec, roleRef, subjects } = manifest;
  if (kind === 'StatefulSet') {
    needs('Service', spec?.serviceName || undefined, '.spec.serviceName');
  }
  if (kind === 'HorizontalPodAutoscaler') {
    needs(spec?.scaleTargetRef?.kind, spec?.scaleTargetRef?.name, '.spec.scaleTargetRef');
  }
  if (kind === 'Ingress') {
    listOf(spec?.rules).forEach((rule, i) => listOf(rule.http?.paths).forEach(({ backend }, j) =>
      needs('Service', backend?.service?.name, `.spec.rules[${i}].http.paths[${j}].backend.service.name`)));
  }
  // Cluster roles such as `view` come with the cluster.
  if (kind === 'RoleBinding' && roleRef?.kind === 'Role') {
    needs('Role', roleRef.name, '.roleRef.name');
  }
  if (kind === 'RoleBinding') {
    listOf(subjects).filter(subject => subject.kind === 'ServiceAccount' && (subject.namespace ?? '') === (manifest.metadata?.namespace ?? ''))
      .forEach((subject, i) => needs('ServiceAccount', subject.name, `.subjects[${i}].name`));
  }
}
