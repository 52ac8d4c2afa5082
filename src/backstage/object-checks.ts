import { ApiObject, ApiObjectMetadata } from 'cdk8s';
import { IConstruct } from 'constructs';
import { BackstageNixProps } from './backstage-nix-props';
import { isDnsSubdomain, isServiceName } from '../base/kubernetes-name';
import { validateMetadata } from '../base/object-metadata';
import { Problem, Problems } from '../base/problems';
import { checkServiceName } from '../pod/service-name';
import { isPatched, manifestAsMade, manifestAsPatched } from '../pod/written-manifest';

/** Record what is wrong with the metadata of a portal's objects. Those of its Deployment are looked at as those of all workloads are. */
export function checkObjects(problems: Problems, props: BackstageNixProps, namespace: string | undefined): void {
  for (const [prop, metadata] of Object.entries(metadataOf(props))) {
    if (metadata) {
      checkMetadata(problems, prop, metadata, namespace);
    }
  }
  checkAccount(problems, props, namespace);
  const { clusterAccess, metadata = {} } = props;
  for (const object of ['serviceAccount', 'clusterRole', 'clusterRoleBinding'] as const) {
    if (clusterAccess === false && metadata[object]) {
      problems.add('CDK8SNIX0916', `metadata.${object}`, metadata[object], 'Without access to the cluster there is no such object.',
        'Leave it out, or clusterAccess; an account of your own is deployment.serviceAccount.');
    }
  }
}

/** Kubernetes looks for the account in the namespace of the pod, and nowhere else. Where one lives that is only named here, nobody knows. */
function checkAccount(problems: Problems, { deployment = {} }: BackstageNixProps, ours: string | undefined): void {
  const { serviceAccount } = deployment;
  const made = serviceAccount?.node.findAll().find(ApiObject.isApiObject);
  const theirs = made?.metadata.namespace;
  if (made && theirs !== ours) {
    problems.add('CDK8SNIX0915', 'deployment.serviceAccount', serviceAccount?.node.path,
      `It is in ${JSON.stringify(theirs) ?? 'the namespace of the release'}, and the pods are in ${JSON.stringify(ours) ?? 'the namespace of the release'}.`,
      'Make it in the chart of the portal, or leave it out and name it by metadata.serviceAccount.');
  }
}

/** What patches have moved to where the other objects do not look for it. */
export function movedProblems(portal: IConstruct): Problem[] {
  return portal.node.findAll().filter(ApiObject.isApiObject).filter(isPatched).flatMap(object => {
    const { namespace } = manifestAsMade(object).metadata;
    const { kind, metadata } = manifestAsPatched(object);
    return metadata?.namespace === namespace ? [] : [{
      code: 'CDK8SNIX0915' as const,
      prop: `${kind} ${metadata?.name}: metadata.namespace`,
      value: metadata?.namespace,
      problem: `The other objects are in ${JSON.stringify(namespace) ?? 'the namespace of the release'}.`,
      remedy: 'Set the namespace on the chart, and leave it alone here.',
    }];
  });
}

/** Names that cdk8s makes of ids, or patches give. What the props name is looked at with them. */
export function serviceNameProblems(portal: IConstruct, { service, database }: BackstageNixProps): Problem[] {
  const said = [service?.metadata?.name, database._source.bundled?.serviceMetadata?.name];
  return portal.node.findAll().filter(ApiObject.isApiObject).filter(({ kind, name }) => kind === 'Service' && !said.includes(name))
    .flatMap(object => checkServiceName(object, 'CDK8SNIX0915'));
}

/** A binding that an API server would refuse, since an account is always one of a namespace. */
export function bindingProblems({ subjects = [] }: { readonly subjects?: any[] }): Problem[] {
  return subjects.filter(({ kind, namespace }) => kind === 'ServiceAccount' && !namespace).map(({ name }): Problem => ({
    code: 'CDK8SNIX0915',
    prop: 'namespace',
    value: undefined,
    problem: `A ClusterRoleBinding has to name the namespace of the ServiceAccount ${name}.`,
    remedy: 'Set the namespace on the chart, or use clusterAccess: false.',
  }));
}

function metadataOf(props: BackstageNixProps): { [prop: string]: ApiObjectMetadata | undefined } {
  const { service, ingress, httpRoute, networkPolicy, metadata = {}, database } = props;
  const { bundled } = database._source;
  const others = Object.entries(metadata).map(([object, its]) => [`metadata.${object}`, its] as const);
  return {
    'service.metadata': service?.metadata,
    'ingress.metadata': ingress?.metadata,
    'httpRoute.metadata': httpRoute?.metadata,
    'networkPolicy.metadata': networkPolicy?.metadata,
    'database.metadata': bundled?.metadata,
    'database.serviceMetadata': bundled?.serviceMetadata,
    ...Object.fromEntries(others),
  };
}

function checkMetadata(problems: Problems, prop: string, metadata: ApiObjectMetadata, ours: string | undefined): void {
  const { name, namespace } = metadata;
  const isService = /service(\.m|M)etadata$/.test(prop);
  if (name !== undefined && !(isService ? isServiceName(name) : isDnsSubdomain(name))) {
    problems.add('CDK8SNIX0915', `${prop}.name`, name,
      `The name of ${isService ? 'a Service begins with a letter and has lower-case letters, digits and "-"; 63' : 'an object has lower-case letters, digits, "-" and "."; 253'} at most.`,
      'Use for example "backstage".');
  }
  if (namespace !== undefined && namespace !== ours) {
    problems.add('CDK8SNIX0915', `${prop}.namespace`, namespace, `The pods are in ${JSON.stringify(ours) ?? 'the namespace of the release'}.`,
      'Set the namespace on the chart.');
  }
  validateMetadata(problems, { labels: metadata.labels, annotations: metadata.annotations }, { labels: `${prop}.labels`, annotations: `${prop}.annotations` });
}
