import { ChildProcess, spawn } from 'child_process';
import { createHash } from 'crypto';
import { once } from 'events';
import * as fs from 'fs';
import * as path from 'path';
import { setTimeout as sleep } from 'timers/promises';
import { Testing } from 'cdk8s';
import { NAME_SERVER } from './name-server';
import { NixBinaryCache, NixBinaryCacheProps, NixEnvironment, Substituter } from '../../../src';
import { filesOf, only, testChart } from '../../support/synth';

export interface Answer {
  readonly status: number;
  readonly sha256: string;
  readonly bytes: number;
  readonly text: string;
}

const CONTAINER = path.join(__dirname, '../../seed/support/container.sh');

let nextPort = 18480;

/**
 * The pod of a `NixBinaryCache` as its manifests say: its command, variables, ConfigMap and user, on a read-only root
 * file system. The program is the nginx of this machine.
 */
export class RunningCache {
  /** @param volume the folder that stands for the volume of the pod */
  public static async start(folder: string, volume: string, props: NixBinaryCacheProps, caFile?: string): Promise<RunningCache> {
    const cache = new RunningCache(folder, volume, { port: nextPort++, ...props }, caFile);
    await cache.start();
    return cache;
  }

  public readonly substituters: string[];
  private readonly container: any;
  private readonly mounts: string[];
  private readonly logFile: string;
  private process?: ChildProcess;

  private constructor(folder: string, volume: string, private readonly props: NixBinaryCacheProps, caFile?: string) {
    const chart = testChart();
    const cache = new NixBinaryCache(chart, 'cache', props);
    const manifests = Testing.synth(chart);
    const config = fs.mkdtempSync(path.join(folder, 'config-'));
    fs.chmodSync(config, 0o755);
    for (const [name, content] of Object.entries(filesOf(only(manifests, 'ConfigMap')))) {
      fs.writeFileSync(path.join(config, name), content);
    }
    fs.writeFileSync(path.join(folder, 'resolv.conf'), `search default.svc.cluster.local\nnameserver ${NAME_SERVER}\noptions ndots:5\n`);
    this.container = only(manifests, 'StatefulSet').spec.template.spec.containers[0];
    const sources: { [volume: string]: string } = { config, cache: volume };
    this.mounts = [
      ...this.container.volumeMounts.filter((mount: any) => mount.name in sources).map((mount: any) => `${sources[mount.name]}:${mount.mountPath}`),
      `${folder}/resolv.conf:/etc/resolv.conf`,
      ...(caFile ? [`${caFile}:/etc/cdk8s-nix-ca/ca-bundle.crt`] : []),
    ];
    this.logFile = `${config}.log`;
    fs.writeFileSync(this.logFile, '');
    // A container's runtime gives the pipes of a process to its user; a file has to be writable by itself.
    fs.chmodSync(this.logFile, 0o666);
    this.substituters = cache.substituters().map(substituter => substituter.url.replace(cache.service.name, `127.0.0.1:${props.port}`));
  }

  public async start(): Promise<void> {
    const { runAsUser, runAsGroup } = this.container.securityContext;
    const log = fs.openSync(this.logFile, 'a');
    this.process = spawn('sh', [CONTAINER, '/', `${runAsUser}:${runAsGroup}:${runAsGroup}`, this.mounts.join(' '), ...this.container.command], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...Object.fromEntries(this.container.env.map((variable: any) => [variable.name, variable.value])) },
      stdio: ['ignore', log, log],
    });
    fs.closeSync(log);
    const probe = this.container.readinessProbe.httpGet;
    for (let tries = 100; ; tries--) {
      const ready = await fetch(`http://127.0.0.1:${probe.port}${probe.path}`).then(response => response.ok, () => false);
      if (ready) {
        return;
      }
      if (tries === 0 || this.process.exitCode !== null) {
        throw new Error(`the cache does not get ready:\n${this.log}`);
      }
      await sleep(100);
    }
  }

  /** nix.conf of an environment that uses this cache, and after it others. */
  public nixConf(others: Substituter[] = []): string[] {
    const chart = testChart();
    const cache = new NixBinaryCache(chart, 'cache', this.props);
    const environment = new NixEnvironment(chart, 'nix', { config: { defaultSubstituter: false, substituters: others } });
    environment.useBinaryCache(cache);
    const conf: string = environment.config.apiObject.toJson().data['nix.conf'];
    return conf.replaceAll(`http://${cache.service.name}/`, `http://127.0.0.1:${this.props.port}/`).trim().split('\n');
  }

  /** What the kubelet does to a pod that has to go: the image's stop signal, which for nginx is QUIT. */
  public stop(): Promise<void> {
    return this.end('SIGQUIT');
  }

  /** Everything in the pod dies at once, as on a lost node. */
  public kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.process && this.process.exitCode === null && this.process.signalCode === null) {
      const closed = once(this.process, 'close');
      // The child is process 1 of the pod; its parent only waits for it.
      const { pid } = this.process;
      process.kill(Number(fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf-8').split(' ')[0]), signal);
      await closed;
    }
  }

  public get log(): string {
    return fs.readFileSync(this.logFile, 'utf-8');
  }

  /** Ask the folder of an upstream for something; fails if the answer is cut off. */
  public async get(object: string, upstream: number = 0, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`${this.substituters[upstream]}/${object}`, { redirect: 'manual', ...init });
    const body = Buffer.from(await response.arrayBuffer());
    return { status: response.status, sha256: createHash('sha256').update(body).digest('hex'), bytes: body.length, text: body.toString('utf-8', 0, 300) };
  }

  /** Wait until the log says something. */
  public async saying(pattern: RegExp): Promise<void> {
    for (let tries = 100; !pattern.test(this.log); tries--) {
      if (tries === 0) {
        throw new Error(`the cache never says ${pattern}:\n${this.log}`);
      }
      await sleep(100);
    }
  }
}
