import { duplicates, entries, Manifest, refuse, Report } from './manifest';
import { dnsLabel, environmentName, portName } from './names';
import { quantity } from './quantity';
import { containersOf, listOf, PodManifest, podsOf } from '../../../src/pod/pod-manifest';

/** What the API server or the kubelet checks in a pod and no schema says. */
export function checkPod(manifest: Manifest, report: Report): void {
  const pod = podsOf(manifest)[0];
  if (!pod) {
    return;
  }
  if (listOf(pod.spec.containers).length === 0) {
    report(`${pod.path}.spec.containers`, 'must hold at least one container');
  }
  checkVolumes(pod, report);
  const claims = manifest.kind === 'StatefulSet' ? listOf(manifest.spec?.volumeClaimTemplates).map(claim => claim.metadata?.name) : [];
  const volumes = [...listOf(pod.spec.volumes).map(volume => volume.name), ...claims];
  const containers = containersOf(pod);
  duplicates(containers.map(({ container }) => container.name))
    .forEach(name => report(`${pod.path}.spec`, `two containers have the name ${name}`));
  for (const { container, path, sort } of containers) {
    refuse(report, `${path}.name`, dnsLabel(container.name));
    if (!container.image) {
      report(`${path}.image`, 'must be given');
    }
    checkMounts(container, volumes, path, report);
    checkEnvironment(container, path, report);
    checkPorts(container, path, report);
    checkResources(container, path, report);
    checkProbes(container, path, sort, report);
    checkSecurityContext(container, pod, path, report);
  }
}

function checkVolumes(pod: PodManifest, report: Report): void {
  const volumes = listOf(pod.spec.volumes);
  volumes.forEach(({ name, ...sources }, i) => {
    const path = `${pod.path}.spec.volumes[${i}]`;
    refuse(report, `${path}.name`, dnsLabel(name));
    const given = Object.keys(sources).filter(source => sources[source] !== undefined);
    if (given.length !== 1) {
      report(path, `must have one source, got ${given.join(' and ') || 'none'}`);
    }
  });
  duplicates(volumes.map(volume => volume.name)).forEach(name => report(`${pod.path}.spec.volumes`, `two volumes have the name ${name}`));
}

function checkMounts(container: any, volumes: string[], path: string, report: Report): void {
  const mounts = listOf(container.volumeMounts);
  mounts.forEach(({ name, mountPath, subPath, subPathExpr }, i) => {
    const at = `${path}.volumeMounts[${i}]`;
    if (!volumes.includes(name)) {
      report(`${at}.name`, `there is no volume ${name}`);
    }
    if (!/^\/[^:]*$/.test(mountPath)) {
      report(`${at}.mountPath`, `must be an absolute path without a colon, got ${JSON.stringify(mountPath)}`);
    }
    if (subPath !== undefined && (String(subPath).startsWith('/') || String(subPath).split('/').includes('..'))) {
      report(`${at}.subPath`, `must be a relative path without .., got ${JSON.stringify(subPath)}`);
    }
    if (subPath && subPathExpr) {
      report(at, 'may not have both subPath and subPathExpr');
    }
  });
  duplicates(mounts.map(mount => String(mount.mountPath).replace(/(.)\/+$/, '$1')))
    .forEach(mountPath => report(`${path}.volumeMounts`, `two volumes are mounted at ${mountPath}`));
}

function checkEnvironment(container: any, path: string, report: Report): void {
  const env = listOf(container.env);
  env.forEach(({ name, value, valueFrom }, i) => {
    refuse(report, `${path}.env[${i}].name`, environmentName(name));
    if (value !== undefined && valueFrom !== undefined) {
      report(`${path}.env[${i}]`, `${name} may not have both value and valueFrom`);
    }
    if (valueFrom !== undefined && entries(valueFrom).length !== 1) {
      report(`${path}.env[${i}].valueFrom`, `must have one source, got ${Object.keys(valueFrom).join(' and ') || 'none'}`);
    }
  });
  duplicates(env.map(variable => variable.name)).forEach(name => report(`${path}.env`, `${name} is set twice`));
}

function checkPorts(container: any, path: string, report: Report): void {
  const ports = listOf(container.ports);
  ports.forEach(({ name, containerPort }, i) => {
    if (name !== undefined) {
      refuse(report, `${path}.ports[${i}].name`, portName(name));
    }
    if (!(containerPort >= 1 && containerPort <= 65535)) {
      report(`${path}.ports[${i}].containerPort`, `must be between 1 and 65535, got ${containerPort}`);
    }
  });
  duplicates(ports.map(port => port.name)).forEach(name => report(`${path}.ports`, `two ports have the name ${name}`));
}

function checkResources(container: any, path: string, report: Report): void {
  const { requests, limits } = container.resources ?? {};
  for (const [resource, request] of entries(requests)) {
    if (quantity(request)! > quantity(limits?.[resource] ?? Infinity)!) {
      report(`${path}.resources.requests.${resource}`, `must be at most the limit, got ${request} > ${limits[resource]}`);
    }
  }
}

function checkProbes(container: any, path: string, sort: string, report: Report): void {
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = container[name];
    if (probe === undefined) {
      continue;
    }
    const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc'].filter(handler => probe[handler] !== undefined);
    if (handlers.length !== 1) {
      report(`${path}.${name}`, `must have one handler, got ${handlers.join(' and ') || 'none'}`);
    }
    if (name !== 'readinessProbe' && (probe.successThreshold ?? 1) !== 1) {
      report(`${path}.${name}.successThreshold`, `must be 1, got ${probe.successThreshold}`);
    }
    if (sort === 'initContainers' && container.restartPolicy !== 'Always') {
      report(`${path}.${name}`, 'may not be given for an init container');
    }
  }
}

function checkSecurityContext(container: any, pod: PodManifest, path: string, report: Report): void {
  const effective = { ...pod.spec.securityContext, ...container.securityContext };
  if (effective.runAsNonRoot === true && effective.runAsUser === 0) {
    report(`${path}.securityContext`, 'asks for runAsNonRoot and for runAsUser 0, such a container never starts');
  }
  if (effective.privileged === true && effective.allowPrivilegeEscalation === false) {
    report(`${path}.securityContext`, 'may not be privileged with allowPrivilegeEscalation: false');
  }
}
