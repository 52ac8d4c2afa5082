import { ContainerModel, VolumeModel, WorkloadModel } from './workload-model';

/** Workloads as a mermaid flowchart: containers in their order, volumes and Secrets they use, shared ones once. */
export function workloadsMermaid(workloads: WorkloadModel[]): string {
  return new Flowchart().draw(workloads);
}

class Flowchart {
  private readonly ids = new Map<string, string>();
  private readonly outside: string[] = [];
  private readonly edges: string[] = [];

  public draw(workloads: WorkloadModel[]): string {
    const pods = workloads.flatMap((workload, i) => this.pod(workload, `w${i}`));
    return ['flowchart LR', ...[...pods, ...this.outside, ...this.edges].map(line => `  ${line}`)].join('\n');
  }

  private pod(workload: WorkloadModel, id: string): string[] {
    const containerIds = workload.containers.map((_, i) => `${id}c${i}`);
    workload.volumes.forEach((volume, i) => this.volume(volume, workload, containerIds, `${id}v${i}`));
    workload.containers.forEach((container, i) => this.secrets(container, containerIds[i]));
    return [
      `subgraph ${id}[${quote(`${workload.title}<br/>${workload.scale}<br/>Pod Security: ${workload.verdict}`)}]`,
      ...workload.containers.map(({ name, role, image }, i) => `  ${containerIds[i]}[${quote(`${name}<br/>${role ? `${role} ${i + 1}` : image}`)}]`),
      ...this.order(workload.containers, containerIds).map(line => `  ${line}`),
      'end',
    ];
  }

  /** Init containers come first and one after the other, then all others at once. */
  private order(containers: ContainerModel[], ids: string[]): string[] {
    const last = containers.filter(({ role }) => role !== '').length - 1;
    return ids.slice(1).flatMap((id, i) => {
      const before = Math.min(i, last);
      return before < 0 ? [] : [`${ids[before]} ==> ${id}`];
    });
  }

  private volume({ name, source, sharedAs, mounts }: VolumeModel, workload: WorkloadModel, containerIds: string[], ownId: string): void {
    const id = this.node(sharedAs ?? ownId, `[(${quote(`${name}<br/>${source}`)})]`, 'v');
    for (const { container, path, subPath, readOnly } of mounts) {
      const from = containerIds[workload.containers.findIndex(other => other.name === container)];
      this.edges.push(`${from} ${readOnly ? '-.-' : '---'}|${quote(subPath ? `${path}<br/>only ${subPath}` : path)}| ${id}`);
    }
  }

  private secrets({ env }: ContainerModel, containerId: string): void {
    for (const { name, secret } of env.filter(variable => variable.secret !== undefined)) {
      const id = this.node(`Secret/${secret}`, `{{${quote(`Secret ${secret}`)}}}`, 's');
      this.edges.push(`${id} -.->|${quote(name)}| ${containerId}`);
    }
  }

  /** The id of a node outside the pods; the same object has one node. */
  private node(key: string, shape: string, prefix: string): string {
    let id = this.ids.get(key);
    if (!id) {
      id = `${prefix}${this.ids.size}`;
      this.ids.set(key, id);
      this.outside.push(`${id}${shape}`);
    }
    return id;
  }
}

/** Text in quotes; what mermaid or the browser would read as markup is written as an entity. Line breaks are ours. */
function quote(text: string): string {
  const escaped = text.split('<br/>').map(line => line.replace(/[&"<>#`|]/g, char => `#${char.charCodeAt(0)};`)).join('<br/>');
  return `"${escaped}"`;
}
