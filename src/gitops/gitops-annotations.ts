import { ApiObject } from 'cdk8s';
import { renderedAnnotations } from '../pod/rendered-metadata';
import { isPatched, manifestAsPatched } from '../pod/written-manifest';

export const SYNC_WAVE = 'argocd.argoproj.io/sync-wave';
export const ARGO_CD_HOOK = 'argocd.argoproj.io/hook';
export const HELM_HOOK = 'helm.sh/hook';
export const HELM_HOOK_WEIGHT = 'helm.sh/hook-weight';

export interface Annotations {
  readonly [name: string]: string;
}

/** The annotations of an object, as the patches of its user leave them. */
export function annotationsOf(object: ApiObject): Annotations {
  return isPatched(object) ? manifestAsPatched(object).metadata?.annotations ?? {} : renderedAnnotations(object);
}

/** The hooks that an object is part of: none, if it is applied as everything else. */
export function hooksOf(annotations: Annotations): string[] {
  if (annotations[ARGO_CD_HOOK] === undefined && annotations[HELM_HOOK] === undefined) {
    return [];
  }
  return [ARGO_CD_HOOK, HELM_HOOK].flatMap(name => (annotations[name] ?? '').split(',')).map(hook => hook.trim()).filter(hook => hook !== '');
}
