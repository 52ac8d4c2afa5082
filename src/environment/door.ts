import { IConstruct } from 'constructs';
import { ClaimCompany } from './claim-company';
import { Additions, DoorKeeper, Given } from './door-keeper';
import { Guest } from './guest';
import { checkMadeClaims } from './made-claims';
import { NixEnableOptions } from './nix-enable-options';
import { checkRivals } from './place-checks';
import { checkConstruct, checkSelection } from './selection-checks';
import { shareClaims } from './shared-claims';
import { describe, Problem } from '../base/problems';
import { checkAllInTree } from '../base/tree';
import { takeIntoPhase } from '../gitops/hook-phase';
import { enabledBy, markEnabled } from '../pod/enabled-mark';
import { EnabledWorkload } from '../pod/enabled-workload';
import { NeededObjects } from '../pod/needed-objects';
import { checkOrder } from '../pod/order-checks';
import { PodAdditions } from '../pod/pod-merge';
import { PodTarget, podTargets, selectTargets } from '../pod/pod-targets';
import { keepPatchedFieldsBelow } from '../pod/written-manifest';

/**
 * Where pods get Nix, whatever made them. They all share one representation, the manifest of an object as it is about to be written, and
 * everything happens on that: pods are found, the additions are merged, and the checks read the same.
 */
export class Door {
  private readonly company: ClaimCompany;

  constructor(private readonly keeper: DoorKeeper) {
    const excluded = shareClaims(keeper);
    this.company = new ClaimCompany(keeper);
    keeper.scope.node.addValidation({
      validate: () => [
        ...checkOrder(NeededObjects.of(keeper.scope), keeper.scope), ...checkRivals(keeper.places, () => this.company.parts),
        ...this.company.problems(), ...this.company.apart(), ...excluded(),
        ...checkMadeClaims(keeper, name => this.company.workloadsOn(name)),
      ].map(describe),
    });
  }

  /**
   * @param additions what the pods get, asked as they are written
   * @param follows whether its pods go by themselves where others have the volume, and leave it soon
   * @throws if nothing is behind the construct, something of it has Nix already, or there is no such level of Pod Security
   */
  public enable(construct: IConstruct, options: NixEnableOptions, additions: Additions, follows = false): EnabledWorkload[] {
    checkConstruct(this.keeper.scope, construct);
    const all = podTargets(construct, options.podTemplates);
    const targets = selectTargets(all, options.select);
    checkSelection(this.keeper.scope, construct, all, targets, options);
    targets.forEach(target => this.mark(target, options));
    this.company.add(targets, follows);
    const needed = NeededObjects.of(this.keeper.scope);
    targets.forEach(({ object }) => needed.standBefore(object));
    const given: Given = { additions: () => this.together(additions(), follows), revision: () => this.keeper.revision() + this.company.revision };
    const guests = targets.map(target => new Guest(this.keeper, target, options, given));
    construct.node.addValidation({
      validate: () => {
        keepPatchedFieldsBelow(construct);
        return [
          // What was removed since is not written, and does not tell by itself.
          ...checkAllInTree('environment', [this.keeper.scope, ...needed.objects()]),
          ...guests.flatMap(({ object }) => takeIntoPhase(object, needed)),
          ...(options.containers && checkContainers(guests, options.containers, additions)) ?? [],
          ...checkFirst(guests, options),
        ].map(describe);
      },
    });
    return guests.flatMap(guest => guest.workloads());
  }

  /** With the other workloads on the same node, where their volume is one for a node. */
  private together(additions: PodAdditions, follows: boolean): PodAdditions {
    const affinity = follows ? this.company.affinityOfFollowers() : this.company.affinity();
    const together = affinity.length === 0 ? additions : { ...additions, affinity };
    return follows ? { ...together, ...this.company.followed() } : together;
  }

  private mark({ object, construct, parts }: PodTarget, options: NixEnableOptions): void {
    const first = parts.map(part => enabledBy(object, part)).find(by => by !== undefined);
    if (first !== undefined) {
      throw new Error(`CDK8SNIX0501 ${construct.node.path}: enabled twice, by ${first} and by ${this.keeper.path}. `
        + 'A pod has one /nix: enable each workload once.');
    }
    // After all were asked: what is in a List may have its names made by the cluster, and so be alike.
    parts.forEach(part => markEnabled(object, part, this.keeper.path, options.podTemplates));
  }
}

/** What runs before ours is an init container, and has no Nix. */
function checkFirst(guests: Guest[], { containers = [], initContainersFirst = [] }: NixEnableOptions): Problem[] {
  if (initContainersFirst.length === 0) {
    return [];
  }
  const there = [...new Set(guests.flatMap(guest => guest.initContainerNames()))];
  const lack = (value: string, problem: string, remedy: string): Problem => ({ code: 'CDK8SNIX0502', prop: 'initContainersFirst', value, problem, remedy });
  return [
    ...initContainersFirst.filter(name => !there.includes(name)).map(name => lack(name, 'The workload has no such init container.',
      there.length === 0 ? 'Give it one, or leave it out.' : `Use one of: ${there.join(', ')}.`)),
    ...initContainersFirst.filter(name => there.includes(name) && containers.includes(name)).map(name => lack(name, 'It runs before there is Nix in the pod.',
      'Leave it out of the containers that get Nix.')),
  ];
}

/** Each container that was named has to be somewhere, and each object has to have one of them. */
function checkContainers(guests: Guest[], wanted: readonly string[], additions: Additions): Problem[] {
  // Programs have Nix, whether they are named or not.
  if (additions().containerNames?.size === 0) {
    return [{
      code: 'CDK8SNIX0502', prop: 'containers', value: wanted, problem: 'No container would get Nix.', remedy: 'Name one, or leave it out: then all get it.',
    }];
  }
  const names = wanted.length === 0 ? [] : guests.map(guest => guest.containerNames()).filter(found => found !== undefined);
  if (names.length === 0) {
    return [];
  }
  const missing = wanted.filter(name => !names.some(found => found.includes(name)));
  const without = names.find(found => !found.some(name => wanted.includes(name)));
  const lack = (name: string, there: string[]): Problem => ({
    code: 'CDK8SNIX0502', prop: 'containers', value: name, problem: 'The workload has no such container.', remedy: `Use one of: ${there.join(', ')}.`,
  });
  return missing.length > 0 || !without ? missing.map(name => lack(name, [...new Set(names.flat())])) : [lack(wanted.join(', '), without)];
}
