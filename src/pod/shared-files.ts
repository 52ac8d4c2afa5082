import { ApiObject, Chart, Names } from 'cdk8s';
import { Construct } from 'constructs';
import { NeededObjects } from './needed-objects';
import { contentHash } from '../base/content-hash';

/**
 * Files in an immutable ConfigMap that all environments of a chart share, so that a thousand workloads carry
 * a script once. The name carries the content's hash: an immutable ConfigMap is replaced, never changed.
 */
export class SharedFiles extends Construct {
  /**
   * The ConfigMap with these files in the chart of `scope`, whose pods need it; made by the first who asks.
   *
   * @param id the construct's id in the chart; one id always stands for the same files
   */
  public static of(scope: Construct, id: string, files: () => { [key: string]: string }): SharedFiles {
    const chart = Chart.of(scope);
    const shared = chart.node.tryFindChild(id) as SharedFiles | undefined ?? new SharedFiles(chart, id, files());
    NeededObjects.of(scope).add(shared.object);
    return shared;
  }

  /** The name of the ConfigMap. */
  public readonly name: string;

  private readonly object: ApiObject;

  private constructor(scope: Construct, id: string, files: { [key: string]: string }) {
    super(scope, id);
    this.name = Names.toDnsLabel(this, { includeHash: false, extra: [contentHash(...Object.entries(files).flat())] });
    this.object = new ApiObject(this, 'Resource', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: this.name },
      immutable: true,
      data: files,
    });
  }
}
