import { ApiObject, Chart, Names } from 'cdk8s';
import { Construct } from 'constructs';
import { NeededObjects } from './needed-objects';
import { contentHash } from '../base/content-hash';
import { verbatim } from '../base/verbatim';

/** What a construct of these files is marked with, in every version of this library: the hash of their content. */
const CONTENT = Symbol.for('cdk8s-nix.sharedFiles');

/** The files by the id of their construct, which always stands for the same ones in one version of this library. */
const known = new Map<string, Content>();

interface Content {
  readonly data: { [key: string]: string };
  readonly hash: string;
}

/**
 * Files in an immutable ConfigMap that all environments of a chart share, so that a thousand workloads carry
 * a script once. The name carries the content's hash: an immutable ConfigMap is replaced, never changed.
 */
export class SharedFiles extends Construct {
  /**
   * The ConfigMap with these files in the chart of `scope`, whose pods need it; made by the first who asks. Two versions of this library
   * in one chart have one each.
   *
   * @param id the construct's id in the chart; one id always stands for the same files
   */
  public static of(scope: Construct, id: string, files: () => { [key: string]: string }): SharedFiles {
    const chart = Chart.of(scope);
    const content = known.get(id) ?? remember(id, files());
    const isSame = (child: unknown): child is SharedFiles => (child as { [CONTENT]?: string } | undefined)?.[CONTENT] === content.hash;
    const find = (name: string): SharedFiles | undefined => {
      const child = chart.node.tryFindChild(name);
      return isSame(child) ? child : undefined;
    };
    const first = chart.node.tryFindChild(id);
    const shared = isSame(first) ? first : find(`${id}-${content.hash}`) ?? new SharedFiles(chart, first ? `${id}-${content.hash}` : id, content);
    NeededObjects.of(scope).add(shared.object);
    return shared;
  }

  /** The name of the ConfigMap. */
  public readonly name: string;

  private readonly object: ApiObject;

  private constructor(scope: Construct, id: string, { data, hash }: Content) {
    super(scope, id);
    Object.defineProperty(this, CONTENT, { value: hash });
    this.name = Names.toDnsLabel(this, { includeHash: false, extra: id.endsWith(hash) ? [] : [hash] });
    this.object = new ApiObject(this, 'Resource', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: this.name },
      immutable: true,
      binaryData: data,
    });
  }
}

function remember(id: string, files: { [key: string]: string }): Content {
  const content = { data: verbatim(files), hash: contentHash('binaryData', ...Object.entries(files).flat()) };
  known.set(id, content);
  return content;
}
