import { ApiObject, JsonPatch } from 'cdk8s';
import { IConstruct } from 'constructs';
import { renderedMetadata } from './rendered-metadata';
import { AS_DICTIONARY, AS_WRAPPED, hasBuiltInResolvers, resolveValue, UNWRAPPED, Wrap } from './resolved-value';

type Manifest = { [field: string]: any };
type Change = (manifest: any) => any;
type Edit = (manifest: any, rendered: any) => any;

/** What is done to an object as it is written. An app has thousands of these lists: `concat` leaves no room to grow in them, as `push` and `...` do. */
interface Writer {
  /** Before anything is rendered: the last moment to add to the construct. */
  prepare: ReadonlyArray<() => void>;
  /** Before the user's patches. */
  edits: readonly Edit[];
  /** After them. */
  finishes: readonly Change[];
  /** A `toJson` that somebody else has put on the object, which runs too. */
  readonly original?: () => any;
}

/**
 * Where an object keeps its writer. It is the same for every copy of this library in an app: whichever installed it runs the changes
 * of all.
 */
const WRITER = Symbol.for('cdk8s-nix.writer');

/** Let `prepare` run just before an object is rendered. */
export function beforeWriting(object: ApiObject, prepare: () => void): void {
  const writer = writerOf(object);
  writer.prepare = writer.prepare.concat(prepare);
}

/**
 * Change the manifest of an object once all of its lazy values are known and before the JSON patches of the user, which keep the last word.
 * Whatever made the object has rendered it by then; its own code is neither called nor overridden.
 *
 * @param edit gets the manifest, and what it was rendered as, which JSON does not tell from that of `manifestToCheck`
 */
export function editManifest(object: ApiObject, edit: Edit): void {
  const writer = writerOf(object);
  writer.edits = writer.edits.concat(edit);
}

/** Change the manifest of an object after everything else: what has to see the patches too. */
export function finishManifest(object: ApiObject, finish: Change): void {
  const writer = writerOf(object);
  writer.finishes = writer.finishes.concat(finish);
}

/**
 * Keep fields of an object that a typed API object (L1) would drop without a word: those newer than its version of the Kubernetes
 * schema, such as image volumes, and quantities or ports that a JSON patch sets as plain text. Both reach the manifest only because the
 * L1's conversion, which runs after all patches, is undone where it lost something.
 */
export function keepPatchedFields(object: ApiObject): void {
  // Asked at each validation, of each object.
  if (!writerIn(object) && toJsonMethods(object).length > 1) {
    writerOf(object);
  }
}

/** The same for all objects below a construct. */
export function keepPatchedFieldsBelow(scope: IConstruct): void {
  if (ApiObject.isApiObject(scope)) {
    keepPatchedFields(scope);
  }
  scope.node.children.forEach(keepPatchedFieldsBelow);
}

/** Render an object as those are that get Nix: cdk8s' own way to the same takes several times as long, for each of a thousand ConfigMaps. */
export function renderHereToo(object: ApiObject): void {
  writerOf(object);
}

/** The manifest without our changes and without the user's patches: what the object was made to be. */
export function manifestAsMade(object: ApiObject): any {
  writerIn(object)?.prepare.forEach(prepare => prepare());
  return convert(object, render(object));
}

/**
 * The same to look at, for each of a thousand workloads: quantities and the like as plain values, and the names that an L1 spells in its
 * own way as it has them.
 */
export function manifestToCheck(object: ApiObject): any {
  if (!isRenderedHere(object)) {
    return manifestAsMade(object);
  }
  writerIn(object)?.prepare.forEach(prepare => prepare());
  return renderHere(object, UNWRAPPED);
}

/** The manifest with our changes and as the user's patches leave it. */
export function manifestAsPatched(object: ApiObject): any {
  return patchedManifest(object, writerIn(object)?.edits ?? NONE);
}

/** The manifest as the user's patches leave it, without our changes: what somebody wants of the cluster. Patches of what is ours say nothing here. */
export function manifestAsWished(object: ApiObject): any {
  if (!isPatched(object)) {
    return patchedManifest(object, NONE);
  }
  writerIn(object)?.prepare.forEach(prepare => prepare());
  return convert(object, internalsOf(object).patches.reduce((manifest, patch) => {
    try {
      return JsonPatch.apply(manifest, patch);
    } catch {
      return manifest;
    }
  }, render(object)));
}

/** Name, namespace and the like, as they will be in the cluster. */
export function metadataAsWished(object: ApiObject): any {
  return (isPatched(object) ? manifestAsWished(object).metadata : renderedMetadata(object)) ?? {};
}

/** A JSON patch, as its standard (RFC 6902) has it. */
export interface PatchOperation {
  readonly op: string;
  readonly path: string;
  /** Where a move or a copy takes it from. */
  readonly from?: string;
  readonly value?: any;
}

/** The user's patches of an object, in their order. */
export function patchesOf(object: ApiObject): PatchOperation[] {
  return internalsOf(object).patches.map(patch => (patch as unknown as { _toJson(): PatchOperation })._toJson());
}

/** What is seen in the manifest with our changes: before the user's patches, and after each of them. */
export function lookAtPatches<T>(object: ApiObject, look: (manifest: any) => T): T[] {
  const rendered = render(object);
  let manifest = (writerIn(object)?.edits ?? NONE).reduce((changed, edit) => edit(changed, rendered), rendered);
  return [look(manifest), ...internalsOf(object).patches.map(patch => {
    manifest = JsonPatch.apply(manifest, patch);
    return look(manifest);
  })];
}

function patchedManifest(object: ApiObject, edits: readonly Edit[]): any {
  writerIn(object)?.prepare.forEach(prepare => prepare());
  const rendered = render(object);
  const edited = (manifest: any): any => edits.reduce((changed, edit) => edit(changed, rendered), manifest);
  if (isPatched(object)) {
    // Patches are written for what cdk8s renders, before a typed class converts it.
    return convert(object, told(object, () => JsonPatch.apply(edited(rendered), ...internalsOf(object).patches)));
  }
  // What we add needs no conversion.
  return isOfKnownClass(object) ? edited(convert(object, rendered)) : convert(object, edited(rendered));
}

/** Whether the user has patched an object. */
export function isPatched(object: ApiObject): boolean {
  return internalsOf(object).patches.length > 0;
}

function writerIn(object: ApiObject): Writer | undefined {
  return (object as { [WRITER]?: Writer })[WRITER];
}

function writerOf(object: ApiObject): Writer {
  const found = writerIn(object);
  if (found) {
    return found;
  }
  const writer: Writer = { prepare: NONE, edits: NONE, finishes: NONE, original: ownToJson(object) };
  Object.defineProperty(object, WRITER, { value: writer });
  object.toJson = () => told(object, () => writer.finishes.reduce((manifest, finish) => finish(manifest), manifestAsPatched(object)));
  return writer;
}

/** What fails with an object, as cdk8s says it, which it does itself where rendering fails. */
function told<T>(object: ApiObject, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { message } = error as Error;
    throw message.startsWith(FAILED) ? error : new Error(`${FAILED} '${object.node.path}' with name '${object.name}': ${error}`);
  }
}

/** One for all: an app has thousands of objects. */
const NONE: readonly never[] = [];

const FAILED = 'Failed serializing construct at path';

/** What is relied on of cdk8s' ApiObject and not public: it has no other way to ask for the patches and for what it was given. */
function internalsOf(object: ApiObject): { patches: JsonPatch[]; readonly props?: object } {
  return object as unknown as { patches: JsonPatch[]; readonly props?: object };
}

/** Whether the object is one of cdk8s' own, or of an import. */
function isOfKnownClass(object: ApiObject): boolean {
  const writer = writerIn(object);
  const classes = toJsonMethods(object).length;
  return !(writer ? writer.original : ownToJson(object)) && (classes === 1 || (classes === 2 && isTyped(object)));
}

/** Whether the object's class is one of an import, which converts what was rendered. */
function isTyped(object: ApiObject): boolean {
  return 'manifest' in object.constructor;
}

/** The object as cdk8s itself renders it: lazy values resolved, nothing patched, and not yet converted by a typed class. */
function render(object: ApiObject): any {
  return isRenderedHere(object) ? renderHere(object, isTyped(object) && !isPatched(object) ? AS_WRAPPED : AS_DICTIONARY)
    : withPatches(object, [], toJsonMethods(object).pop()!);
}

function isRenderedHere(object: ApiObject): boolean {
  return isOfKnownClass(object) && internalsOf(object).props !== undefined && hasBuiltInResolvers(object);
}

function renderHere(object: ApiObject, wrap: Wrap): any {
  const resolved = resolveValue({ ...internalsOf(object).props, metadata: renderedMetadata(object) }, wrap);
  // Field by field: to spread the rest of an object takes several times as long.
  const manifest: Manifest = { apiVersion: resolved.apiVersion, kind: resolved.kind, metadata: resolved.metadata };
  for (const field of Object.keys(resolved)) {
    manifest[field] = resolved[field];
  }
  return manifest;
}

/** What the object's class makes of a rendered manifest: an L1 has names and classes of its own for some fields. */
function convert(object: ApiObject, manifest: any): any {
  const { manifest: convertL1 } = object.constructor as unknown as { manifest?(props: unknown): Manifest };
  const isKnown = isOfKnownClass(object);
  if (isKnown && !convertL1) {
    return manifest;
  }
  const converted = isKnown ? convertL1!(manifest) : convertByToJson(object, manifest);
  restoreDropped(manifest, converted);
  return converted;
}

/** A class nobody knows is given the manifest as if a patch had made it. */
function convertByToJson(object: ApiObject, manifest: any): any {
  const writer = writerIn(object);
  const original = (writer ? writer.original : ownToJson(object)) ?? toJsonMethods(object)[0];
  return withPatches(object, [JsonPatch.replace('', manifest)], original);
}

/** What a `toJson` says of the object as if it had these patches. */
function withPatches(object: ApiObject, patches: JsonPatch[], toJson: () => any): any {
  const internals = internalsOf(object);
  const own = internals.patches;
  internals.patches = patches;
  try {
    return toJson.call(object);
  } finally {
    internals.patches = own;
  }
}

/** A `toJson` that was put on the object itself. */
function ownToJson(object: ApiObject): (() => any) | undefined {
  return Object.hasOwn(object, 'toJson') ? object.toJson : undefined;
}

/** The `toJson` of the object's classes; that of cdk8s' ApiObject, whichever copy, is the last. */
function toJsonMethods(object: ApiObject): Array<() => any> {
  const methods: Array<() => any> = [];
  for (let prototype = Object.getPrototypeOf(object); prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    if (Object.hasOwn(prototype, 'toJson')) {
      methods.push(prototype.toJson);
    }
  }
  return methods;
}

function restoreDropped(full: unknown, converted: unknown): void {
  if (full === converted || !isObject(full) || !isObject(converted)) {
    return;
  }
  // The items of a list are fields with numbers for names.
  for (const field of Object.keys(full)) {
    if (converted[field] !== undefined) {
      restoreDropped(full[field], converted[field]);
    } else if (!hasOtherSpelling(converted, field)) {
      converted[field] = full[field];
    }
  }
}

/** The L1 has its own spelling of some names (`clusterIp`): those are converted, not dropped. */
function hasOtherSpelling(converted: Manifest, field: string): boolean {
  return Object.keys(converted).some(name => converted[name] !== undefined && name.toLowerCase() === field.toLowerCase());
}

function isObject(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null;
}
