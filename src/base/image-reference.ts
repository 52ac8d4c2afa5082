const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const HOST = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const IPV6 = '\\[[a-fA-F0-9:]+\\]';
// A first part without dot or port is no registry but a part of the repository's name, unless it is localhost.
const REGISTRY = `(?:(?:localhost|${IPV6}|${HOST}(?:\\.${HOST})+|${HOST}(?=:))(?::[0-9]{1,5})?/)?`;
const REFERENCE = new RegExp(
  `^(?<repository>${REGISTRY}${COMPONENT}(?:/${COMPONENT})*)(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?<digest>sha256:[a-f0-9]{64}))?$`,
);

/** The parts of an image reference. */
export interface ImageReference {
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** The parts of `registry/repository:tag@digest`; undefined if it is no such thing. */
export function imageReference(text: string): ImageReference | undefined {
  const groups = REFERENCE.exec(text)?.groups;
  return groups && { repository: groups.repository, tag: groups.tag, digest: groups.digest };
}

/** Whether what a reference stands for depends on the day: no digest, and no tag or the tag `latest`. */
export function isFloating({ tag, digest }: ImageReference): boolean {
  return digest === undefined && (tag === undefined || tag === 'latest');
}
