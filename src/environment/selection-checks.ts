import { ApiObject } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { NixEnableOptions } from './nix-enable-options';
import { podOfPatch } from './workload-checks';
import { describe, Problem } from '../base/problems';
import { checkTree } from '../base/tree';
import { leadsToPod, startsPods } from '../pod/pod-manifest';
import { matches, PodTarget, PodTargetPart } from '../pod/pod-targets';
import { manifestAsMade, manifestAsWished } from '../pod/written-manifest';

/** @throws if it is no construct, which only a compiler would say otherwise, or none of this app, whose pods would wait for what nobody makes */
export function checkConstruct(environment: Construct, construct: IConstruct): void {
  const [problem] = Construct.isConstruct(construct) ? [...checkTree('workload', construct, environment), ...checkTree('environment', environment, construct)] : [{
    code: 'CDK8SNIX0516' as const,
    prop: 'workload',
    value: construct,
    problem: 'This is no construct.',
    remedy: Array.isArray(construct) ? 'Call enable() for each.' : 'Make it one: new ApiObject(chart, "app", manifest).',
  }];
  if (problem) {
    throw new Error(`${describe(problem)} (enabled by ${environment.node.path})`);
  }
}

/**
 * Whether there is anything to enable, and all of it was found that was asked for.
 *
 * @param all what is behind the construct
 * @param selected what of it was selected
 * @throws at once: it is known now, and what follows would do nothing
 */
export function checkSelection(
  environment: Construct, construct: IConstruct, all: PodTarget[], selected: PodTarget[], options: NixEnableOptions,
): void {
  const refuse = (problem: Problem): never => {
    throw new Error(`${describe(problem)} (${construct.node.path}, enabled by ${environment.node.path})`);
  };
  const { podTemplates = [], select = [] } = options;
  const malformed = podTemplates.find(pointer => !/^(\/([^~/]|~[01])+)+$/.test(pointer));
  if (malformed !== undefined) {
    refuse(podTemplateProblem(malformed, 'This is no JSON pointer.'));
  }
  const astray = podTemplates.find(pointer => !all.some(({ object }) => mayLeadToPod(object, pointer)));
  if (astray !== undefined) {
    if (construct.node.findAll().filter(ApiObject.isApiObject).some(object => leadsToPod(manifestAsWished(object), astray))) {
      refuse(podOfPatch());
    }
    refuse(podTemplateProblem(astray, 'It leads to no pod template, which has its containers at spec.containers.'));
  }
  const parts = all.flatMap(target => target.parts);
  if (parts.length === 0) {
    refuse({
      code: 'CDK8SNIX0516',
      prop: 'workload',
      value: construct.node.path,
      problem: 'It makes no object that starts pods, as far as their kinds are known.',
      remedy: 'Give a workload, an Include or a Helm chart that has one, or say where the pod templates of a custom resource are: podTemplates.',
    });
  }
  const open = select.findIndex(({ kind, name }) => kind === undefined && name === undefined);
  if (open >= 0) {
    refuse({
      code: 'CDK8SNIX0516',
      prop: `select[${open}]`,
      value: select[open],
      problem: 'A selector names a kind, a name, or both: this one would mean everything.',
      remedy: 'Use for example { kind: "Deployment", name: "portal" }, or leave select out: then all are meant.',
    });
  }
  const unmatched = select.find(wanted => !parts.some(part => matches(part, wanted)));
  if (unmatched ?? selected.length === 0) {
    refuse({
      code: 'CDK8SNIX0516',
      prop: 'select',
      value: unmatched ?? select,
      problem: 'Nothing that has pods is of this kind and name.',
      remedy: `There is: ${parts.map(show).join(', ')}.`,
    });
  }
}

/** A workload of cdk8s-plus may get its containers later, and cannot be rendered before. The checks say so if it gets none. */
function mayLeadToPod(object: ApiObject, podTemplate: string): boolean {
  let made: any;
  try {
    made = manifestAsMade(object);
  } catch {
    return startsPods(object);
  }
  return leadsToPod(made, podTemplate);
}

function podTemplateProblem(value: string, problem: string): Problem {
  return { code: 'CDK8SNIX0517', prop: 'podTemplates', value, problem, remedy: 'Use for example "/spec/template", or "/spec/tasks/*/template" for each item of a list or map.' };
}

function show({ kind, name }: PodTargetPart): string {
  return `${kind}/${name}`;
}
