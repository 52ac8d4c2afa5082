import * as kplus from 'cdk8s-plus-28';
import { ClaimTemplate } from './bound-store';

/** The part of kplus' pods that renders their spec; internal to kplus, and the only internal we rely on in all of them. */
interface RendersPodSpec {
  _toPodSpec(): kplus.k8s.PodSpec;
}

/**
 * Let `transform` have the last word on the pod's spec of a workload, before the JSON patches of the user.
 *
 * kplus-28 has no typed API for several fields (seccomp of the pod, claim templates, ephemeral volumes) and none to
 * put init containers first. Every kind of workload goes through `_toPodSpec`, so this is one hook for all of them.
 */
export function transformPodSpec(workload: kplus.AbstractPod, transform: (spec: kplus.k8s.PodSpec) => kplus.k8s.PodSpec): void {
  const pod = workload as unknown as RendersPodSpec;
  const render = pod._toPodSpec.bind(workload);
  pod._toPodSpec = () => transform(render());
}

/** Give a StatefulSet claim templates, which kplus-28 has no props for. */
export function addClaimTemplate(workload: kplus.StatefulSet, name: string, template: ClaimTemplate): void {
  const render = workload._toKube.bind(workload);
  workload._toKube = () => ({
    ...render(),
    volumeClaimTemplates: [{ metadata: { name, ...template.metadata }, spec: template.spec }],
    persistentVolumeClaimRetentionPolicy: template.retention,
  });
}

/** Let `prepare` run just before the pod's spec of a workload is rendered: the last moment to add to it. */
export function beforePodSpec(workload: kplus.AbstractPod, prepare: () => void): void {
  const pod = workload as unknown as RendersPodSpec;
  const render = pod._toPodSpec.bind(workload);
  pod._toPodSpec = () => {
    prepare();
    return render();
  };
}

/** The props a workload was made with. kplus keeps them; they tell a default from a wish. */
export function workloadProps(workload: kplus.AbstractPod): Record<string, unknown> {
  return (workload as unknown as { _props?: Record<string, unknown> })._props ?? {};
}
