import { ClaimTemplate } from './bound-store';
import { plainValue, withFields } from './plain-value';
import { listOf } from './pod-manifest';

/** As Kubernetes does unless it is told otherwise. */
const KEPT = { whenDeleted: 'Retain', whenScaled: 'Retain' };

/**
 * A StatefulSet with one more claim template. One of that name stays as it is; what becomes of the claims is as the StatefulSet says
 * itself, as far as it does.
 */
export function withClaimTemplate(statefulSet: any, name: string, template: ClaimTemplate): any {
  const templates = listOf(statefulSet.spec?.volumeClaimTemplates);
  if (templates.some(other => other.metadata?.name === name)) {
    return statefulSet;
  }
  const own = statefulSet.spec?.persistentVolumeClaimRetentionPolicy;
  const ours = plainValue({ metadata: { name, ...template.metadata }, spec: template.spec });
  return {
    ...statefulSet,
    spec: withFields(statefulSet.spec, {
      volumeClaimTemplates: [...templates, ours],
      persistentVolumeClaimRetentionPolicy: withFields({ ...KEPT, ...plainValue(template.retention) }, own ?? {}),
    }),
  };
}
