import { NixEnvironmentProps } from './nix-environment-props';
import { isPlainAbsolutePath } from '../base/kubernetes-name';
import { validateMetadata } from '../base/object-metadata';
import { Problem, Problems } from '../base/problems';
import { shownValue } from '../base/shown-value';
import { writtenSettings } from '../config/written-settings';
import { BoundHome } from '../home/bound-home';
import { NixUser } from '../home/nix-user';
import { NixImage } from '../image/nix-image';
import { BoundStore } from '../pod/bound-store';
import { STORE_FOLDER } from '../pod/pod-names';
import { sharedVolume } from '../pod/volume-kind';

/** What a runtime of the node would not hear of. */
const OF_OUR_OWN = ['image', 'config', 'seed', 'path', 'nixPath', 'bringPrograms'] as const;

/** What only the store that came of the props can tell. */
export function checkVolumes(props: NixEnvironmentProps, store: BoundStore, problems: Problems): void {
  if (store.runtime) {
    checkOwnRuntime(props, problems);
  }
}

/** Whether a home is on a volume of its own, and in the folder that is for a store. */
export function mayHoldStore({ folder, source }: BoundHome): boolean {
  return source !== undefined && folder.split('/')[0] === STORE_FOLDER;
}

/** A home in the folder in which its volume holds a store, of this environment or another one in its namespace. */
export function checkHomeFolder({ folder, source: home }: BoundHome, stores: ReadonlyArray<BoundStore['source']>): Problem[] {
  const volume = sharedVolume(home);
  if (home === undefined || volume === undefined || !stores.some(store => sharedVolume(store) === volume)) {
    return [];
  }
  const claim = home.persistentVolumeClaim?.claimName;
  return [{
    code: 'CDK8SNIX0217',
    prop: 'home.folder',
    value: folder,
    problem: `${claim === undefined ? 'The volume' : `The claim ${claim}`} holds a store there.`,
    remedy: 'Use another folder, or NixHome.onStoreVolume().',
  }];
}

/** An environment, as others that share its claim know it. */
interface Seeded {
  readonly node: { readonly path: string };
  readonly claim?: { readonly name: string };
  readonly image: NixImage;
}

/** All that write to one database must be of one version, and the seed image decides which. */
export function checkSharedStore({ claim, image }: Seeded, neighbours: readonly Seeded[]): Problem[] {
  const others = claim === undefined ? [] : neighbours.filter(other => other.claim?.name === claim.name && other.image.reference !== image.reference);
  return others.slice(0, 1).map(other => ({
    code: 'CDK8SNIX0213',
    prop: 'image',
    value: image.reference,
    problem: `${other.node.path} shares the claim ${claim!.name} and seeds it from ${other.image.reference}, maybe with another version of Nix.`,
    remedy: 'Use one image for both.',
  }));
}

/** What is asked for in vain where the node brings the programs. */
function checkOwnRuntime(props: NixEnvironmentProps, problems: Problems): void {
  OF_OUR_OWN.filter(prop => props[prop] !== undefined).forEach(prop => problems.add('CDK8SNIX1206', prop, shownValue(prop, prop === 'image' ? props.image?.reference : props[prop]),
    'The runtime of the node brings the programs with a Nix of its own, which does not hear of this.', 'Leave it out, or use a store that is seeded.'));
  const { home } = props;
  if (home && !(home.isEphemeral && home.files.length === 0 && home._folders.length === 0)) {
    problems.add('CDK8SNIX1206', 'home', home.isOnStoreVolume ? 'onStoreVolume' : home.isEphemeral ? 'ephemeral' : 'persistent', 'No container of ours runs before the workload, which would make a home.',
      'Use NixHome.ephemeral() without folders and files, or a store that is seeded.');
  }
}

/** What is wrong with the props of an environment by themselves. */
export function checkEnvironmentProps(props: NixEnvironmentProps, user: NixUser, problems: Problems): void {
  // The defaults are fine.
  props.image?._validate(problems, 'image');
  props.user?._validate(problems);
  (props.path ?? []).forEach((folder, i) => {
    if (!isPlainAbsolutePath(folder)) {
      problems.add('CDK8SNIX0506', `path[${i}]`, folder, 'An entry is an absolute folder of letters, digits, ".", "_", "+" and "-".', 'Use for example "/opt/app/bin".');
    }
  });
  if (props.nixPath !== undefined && (props.nixPath === '' || /[\s\0$]/.test(props.nixPath))) {
    problems.add('CDK8SNIX0506', 'nixPath', props.nixPath, 'NIX_PATH is a list of name=place entries separated by ":", without white space or "$".',
      'Use for example "nixpkgs=flake:nixpkgs", or leave it out.');
  }
  if (props.nixPath !== undefined) {
    writtenSettings(props.config ?? {}).filter(({ name }) => name === 'nix-path').forEach(({ prop, value }) => problems.add('CDK8SNIX0305', prop, value,
      'The prop nixPath sets NIX_PATH, which takes its place.', 'Keep one of the two.'));
  }
  const { jobs, source } = props.seed ?? {};
  if (jobs !== undefined && (!Number.isInteger(jobs) || jobs < 1 || jobs > 64)) {
    problems.add('CDK8SNIX0103', 'seed.jobs', jobs, 'It is a whole number from 1 to 64.', 'Use for example 4, or leave it out.');
  }
  source?._validate(problems);
  if (user.isRoot && source?._shellImage !== undefined) {
    problems.add('CDK8SNIX0103', 'seed.source', 'imageVolume', 'As root Nix insists on a store that it could write, even to read it, and an image volume is read-only.',
      'Use NixSeedSource.initContainer(), or another user.');
  }
  validateMetadata(problems, { labels: props.objectLabels, annotations: props.objectAnnotations }, { labels: 'objectLabels', annotations: 'objectAnnotations' });
}
