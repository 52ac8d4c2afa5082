import { ApiObject, Chart } from 'cdk8s';
import { IConstruct } from 'constructs';
import { NeededObjects } from './needed-objects';
import { Problem } from '../base/problems';

/**
 * Claims and ConfigMaps that somebody has put behind a workload whose pods need them, which stands behind them itself. cdk8s would speak of a cycle, and
 * of constructs that nobody knows.
 */
export function checkOrder(needed: NeededObjects, owner: IConstruct): Problem[] {
  if (!dependOnAnything(needed.objects())) {
    return [];
  }
  const chart = Chart.of(owner);
  const workloads = new Set<IConstruct>(needed.workloads.filter(workload => Chart.of(workload) === chart));
  for (const object of needed.objects()) {
    const way = wayBack(object, workloads, chart);
    if (way) {
      const [source, first, ...rest] = way;
      const on = [first, ...rest].map(({ node }) => node.path);
      return [{
        code: 'CDK8SNIX0529',
        prop: 'dependencies',
        value: source.node.path,
        problem: `It depends on ${on.join(', which depends on ')}, and its own objects stand before the workload: pods wait for the claims and ConfigMaps that they mount.`,
        remedy: `Leave out that ${source.node.path} depends on ${first.node.path}${rest.length === 0 ? ', or depend on the one object that is meant' : ', or one of the others'}.`,
      }];
    }
  }
  return [];
}

/** Whether somebody has put anything behind others that holds some of the objects: nearly nobody has. */
function dependOnAnything(objects: readonly IConstruct[]): boolean {
  const seen = new Set<IConstruct>();
  for (const object of objects) {
    for (let scope: IConstruct | undefined = object; scope && !seen.has(scope); scope = scope.node.scope) {
      if (scope.node.dependencies.length > 0) {
        return true;
      }
      seen.add(scope);
    }
  }
  return false;
}

/** From what holds an object and not its workload, by the dependencies that somebody has made, to one of the workloads; nearly nobody has made any. */
function wayBack(object: ApiObject, workloads: ReadonlySet<IConstruct>, chart: Chart): IConstruct[] | undefined {
  const dependsOn = (scope: IConstruct): IConstruct[] => scope.node.dependencies.filter(target => Chart.of(target) === chart);
  if (!object.node.scopes.some(scope => dependsOn(scope).length > 0)) {
    return undefined;
  }
  const holders = new Set([...workloads].flatMap(({ node }) => node.scopes));
  const seen = new Set<IConstruct>();
  // What people have written is said of the outermost; cdk8s says it of each object in there too.
  const follow = (scopes: IConstruct[]): IConstruct[] | undefined => {
    for (const scope of scopes.filter(each => !seen.has(each))) {
      seen.add(scope);
      for (const target of dependsOn(scope)) {
        const rest = reach(target);
        if (rest) {
          return [scope, ...rest];
        }
      }
    }
    return undefined;
  };
  const reach = (target: IConstruct): IConstruct[] | undefined => {
    const all = target.node.findAll();
    const rest = all.some(each => workloads.has(each)) ? [] : all.map(each => follow(each.node.scopes)).find(way => way !== undefined);
    return rest && (rest[0] === target ? rest : [target, ...rest]);
  };
  return follow(object.node.scopes.filter(scope => !holders.has(scope)));
}
