import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { ClaimTemplate } from './bound-store';
import { withClaimTemplate } from './claim-templates';
import { plainValue } from './plain-value';
import { mapObjects, mapPods } from './pod-manifest';
import { editManifest } from './written-manifest';

/** Change the spec of a workload's pods, once its construct has rendered it and before the JSON patches of the user. */
export function transformPodSpec(workload: IConstruct, transform: (spec: any) => any): void {
  editManifest(ApiObject.of(workload), manifest =>
    mapObjects(manifest, object => mapPods(object, [], ({ metadata, spec }) => ({ metadata, spec: plainValue(transform(spec)) }))));
}

/** Give a StatefulSet claim templates, which cdk8s-plus-28 has no props for. */
export function addClaimTemplate(workload: IConstruct, name: string, template: ClaimTemplate): void {
  editManifest(ApiObject.of(workload), manifest => withClaimTemplate(manifest, name, template));
}
