import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { podSecurityViolations } from './pod-security-check';
import { PodSecurityViolation } from './pod-security-violation';
import { checkArguments } from '../base/argument-check';
import { podTemplatesOf } from '../pod/enabled-mark';
import { mayBeList, startsPods } from '../pod/pod-manifest';
import { PodSecurityLevel } from '../pod/pod-security-level';

/**
 * Options of a check against the Pod Security Standards.
 */
export interface PodSecurityOptions {
  /**
   * The profile to check against. `RESTRICTED` includes `BASELINE`.
   *
   * @default PodSecurityLevel.RESTRICTED
   */
  readonly level?: PodSecurityLevel;
}

/**
 * Checks pods against the Pod Security Standards before a cluster does: those of this library and all others, of any
 * workload, with init and ephemeral containers, as they are synthesized.
 *
 * @example PodSecurity.enforce(chart);
 */
export class PodSecurity {
  /**
   * What the admission controller of a namespace with this profile would refuse.
   *
   * @param scope a chart, an app, or any construct: everything below it is checked
   * @param options the profile
   * @returns the violations, in the order of the objects; none if all pods conform
   * @throws if there is no such profile
   */
  public static check(scope: IConstruct, options: PodSecurityOptions = {}): PodSecurityViolation[] {
    checkArguments('PodSecurity.check', arguments);
    return scope.node.findAll().filter(ApiObject.isApiObject).map(object => ({ object, podTemplates: podTemplatesOf(object) }))
      .filter(({ object, podTemplates }) => startsPods(object) || mayBeList(object) || podTemplates.length > 0)
      .flatMap(({ object, podTemplates }) => podSecurityViolations(object.toJson(), options.level, object.node.path, podTemplates));
  }

  /**
   * Let synthesis fail, with one line for each violation.
   *
   * @param scope a chart, an app, or any construct: everything below it is checked, whenever it was added
   * @param options the profile
   * @throws if there is no such profile
   */
  public static enforce(scope: IConstruct, options: PodSecurityOptions = {}): void {
    checkArguments('PodSecurity.enforce', arguments);
    scope.node.addValidation({ validate: () => PodSecurity.check(scope, options).map(violation => violation.message) });
  }

  private constructor() {}
}
