import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { App, Chart, Cron, Duration, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { PublicTypes } from '../../build-tools/public-types';
import * as library from '../../src';

/** Values that are right, made of the types of the public API. */
export class Samples {
  private readonly chart = new Chart(new App(), 'samples');
  private readonly instances = new Map<string, unknown>();
  private made = 0;

  constructor(private readonly types: PublicTypes) {}

  /** Of a type as the tables write it, with what is optional too if asked for. */
  public of(text: string, full = false): any {
    const type = text.replace(/!|\.\.\.$/, '');
    if (type.endsWith('[]')) {
      return [this.of(type.slice(0, -2), full)];
    }
    if (type.endsWith('{}')) {
      return { name: this.of(type.slice(0, -2), full) };
    }
    const plain: { [type: string]: unknown } = { text: 'x', number: 1, boolean: true, any: { a: 1 } };
    if (type in plain) {
      return plain[type];
    }
    const members = this.types.enums.get(type);
    return members ? members[0] : this.types.structs.has(type) ? this.struct(type, full) : this.instance(type);
  }

  /** All props of an interface, those of its parents first. */
  public propsOf(name: string): { readonly [prop: string]: string } {
    const { parents, props } = this.types.structs.get(name)!;
    return Object.assign({}, ...parents.map(parent => this.propsOf(parent)), props);
  }

  /** Its name for a construct that nobody has yet. */
  public newId(): string {
    return `c${this.made++}`;
  }

  private struct(name: string, full: boolean): object {
    return Object.fromEntries(Object.entries(this.propsOf(name)).filter(([, type]) => full || type.endsWith('!')).map(([prop, type]) => [prop, this.of(type, full)]));
  }

  private instance(name: string): unknown {
    if (!this.instances.has(name)) {
      this.instances.set(name, this.makeInstance(name));
    }
    return this.instances.get(name);
  }

  private makeInstance(name: string): unknown {
    const { chart } = this;
    const secret = kplus.Secret.fromSecretName(chart, this.newId(), 'secret');
    const service = () => new kplus.Service(chart, this.newId(), { ports: [{ port: 80 }] });
    const makers: { [name: string]: () => unknown } = {
      'AiAssistant': () => library.AiAssistant.claude(),
      'BackstageDatabase': () => library.BackstageDatabase.existing({ host: 'db', password: { secret, key: 'password' } }),
      'BackstageEnvironments': () => new library.BackstageEnvironments(new App(), 'portals', this.of('BackstageEnvironmentsProps')),
      'BackstageImages': () => images(),
      'CaBundle': () => library.CaBundle.fromSecret(secret),
      'HomeManager': () => library.HomeManager.flake('github:owner/home/v1.0.0'),
      'McpServer': () => library.McpServer.command('a', 'b'),
      'NixBinaryCache': () => new library.NixBinaryCache(chart, this.newId()),
      'NixConfig': () => new library.NixConfig(chart, this.newId()),
      'NixCronJob': () => new library.NixCronJob(chart, this.newId(), { schedule: Cron.daily() }),
      'NixDaemonSet': () => new library.NixDaemonSet(chart, this.newId()),
      'NixDataSource': () => library.NixDataSource.claim('claim'),
      'NixDeployment': () => new library.NixDeployment(chart, this.newId()),
      'NixEnvironment': () => new library.NixEnvironment(chart, this.newId()),
      'NixHome': () => library.NixHome.ephemeral(),
      'NixHomeFile': () => library.NixHomeFile.folderFromSecret('.ssh', secret),
      'NixImage': () => library.NixImage.upstream(),
      'NixImageRecipe': () => library.NixImageRecipe.of(library.NixImageKind.ADD_NIX),
      'NixJob': () => new library.NixJob(chart, this.newId()),
      'NixProgram': () => library.NixProgram.flake('github:owner/echo/v1.0.0'),
      'NixRuntimeClass': () => library.NixRuntimeClass.nixSnapshotter(),
      'NixSeedSource': () => library.NixSeedSource.initContainer(),
      'NixStatefulSet': () => new library.NixStatefulSet(chart, this.newId()),
      'NixStore': () => library.NixStore.emptyDir(),
      'NixUser': () => library.NixUser.code(),
      'Substituter': () => library.Substituter.nixos(),
      'cdk8s.Cron': () => Cron.daily(),
      'cdk8s.Duration': () => Duration.minutes(1),
      'cdk8s.Size': () => Size.gibibytes(1),
      'constructs.Construct': () => new Chart(new App(), 'chart'),
      'constructs.IConstruct': () => new Construct(chart, this.newId()),
      'kplus.Cpu': () => kplus.Cpu.millis(1),
      'kplus.DeploymentStrategy': () => kplus.DeploymentStrategy.recreate(),
      'kplus.EnvFrom': () => kplus.Env.fromSecret(secret),
      'kplus.EnvValue': () => kplus.EnvValue.fromValue('x'),
      'kplus.Handler': () => kplus.Handler.fromCommand(['true']),
      'kplus.IConfigMap': () => kplus.ConfigMap.fromConfigMapName(chart, this.newId(), 'config'),
      'kplus.IPodSelector': () => kplus.Pods.all(chart, this.newId()),
      'kplus.ISecret': () => secret,
      'kplus.IServiceAccount': () => kplus.ServiceAccount.fromServiceAccountName(chart, this.newId(), 'account'),
      'kplus.Probe': () => kplus.Probe.fromCommand(['true']),
      'kplus.Service': service,
      'kplus.StatefulSetUpdateStrategy': () => kplus.StatefulSetUpdateStrategy.onDelete(),
      'kplus.Volume': () => kplus.Volume.fromEmptyDir(chart, this.newId(), 'volume'),
    };
    if (!makers[name]) {
      throw new Error(`no sample of ${name}`);
    }
    return makers[name]();
  }
}

function images(): library.BackstageImages {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'images-'));
  try {
    fs.writeFileSync(path.join(folder, 'images.json'), '{"name": "example/portal:1"}');
    return library.BackstageImages.fromFile(path.join(folder, 'images.json'));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
