/** Volumes of files that the kubelet writes. */
const FILES = ['configMap', 'secret', 'projected', 'downwardAPI'];

/** Volumes that can only be read, however they are mounted. */
const READ_ONLY_SOURCES = [...FILES, 'image'];

/** Whether the kubelet writes what is in a volume: a ConfigMap, a Secret and the like. */
export function holdsFiles(volume: any = {}): boolean {
  return FILES.some(source => volume[source] !== undefined);
}

/** Whether nothing can be written to a volume, by what it is, or since its source says so: a claim, an NFS share or a disk can be read-only as a whole. */
export function isReadOnlyVolume(volume: any = {}): boolean {
  return READ_ONLY_SOURCES.some(source => volume[source] !== undefined) || Object.values(volume).some((source: any) => source?.readOnly === true);
}

/** Volumes that each pod has anew: an inline volume of a CSI driver too. */
const OF_EACH_POD = ['emptyDir', 'ephemeral', 'csi', ...READ_ONLY_SOURCES];

/** What a volume is that several pods may have, for people and for comparing: `the claim tools`; undefined if each pod has one of its own. */
export function sharedVolume(source: any): string | undefined {
  if (source === undefined || OF_EACH_POD.some(kind => source[kind] !== undefined)) {
    return undefined;
  }
  const claim = source.persistentVolumeClaim?.claimName;
  return claim === undefined ? `the volume ${JSON.stringify(source)}` : `the claim ${claim}`;
}
