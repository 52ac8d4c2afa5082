import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'fs';
import { join } from 'path';
import { copy, generatePeer, ROOT, run, versionOf } from './packages';

/** Peers by the name of their npm package, as Go modules. */
const PEERS = {
  'constructs': 'github.com/aws/constructs-go/constructs/v10',
  'cdk8s': 'github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2',
  'cdk8s-plus-28': 'github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2',
} as const;
const MODULE = 'github.com/cdk8s-nix/cdk8s-nix-go/cdk8snix';

const IMPORTS = `import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"${MODULE}"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"
)

var _ constructs.Construct
var _ kplus.Deployment
var _ cdk8snix.NixDeployment
`;

/** A project in Go: a module that replaces ours by the generated one, and takes all else from the module proxy. */
export class GoProject {
  constructor(private readonly folder: string, source: string) {
    const [generated] = readdirSync(source);
    const replaced: string[] = [`${MODULE} => ${join(source, generated)}`];
    const runtime = /jsii-runtime-go (?<version>\S+)/.exec(readFileSync(join(source, generated, 'go.mod'), 'utf-8'))!.groups!.version;
    for (const [name, path] of Object.entries(PEERS)) {
      if (!isServed(folder, `${path}@v${versionOf(name)}`)) {
        const peer = generatePeer(name, 'go');
        replaced.push(`${path} => ${join(peer, readdirSync(peer)[0])}`);
      }
    }
    writeFileSync(join(folder, 'go.mod'), [
      'module example.org/app', 'go 1.25', '',
      'require (', `\t${MODULE} v0.0.0`, `\tgithub.com/aws/jsii-runtime-go ${runtime}`,
      ...Object.entries(PEERS).map(([name, path]) => `\t${path} v${versionOf(name)}`), ')', '',
      ...replaced.map(replacement => `replace ${replacement}`), '',
    ].join('\n'));
  }

  runApp(outdir: string): void {
    copy(join(ROOT, 'test', 'languages', 'go'), join(this.folder, 'app'));
    this.build('app');
    run(this.folder, join(this.folder, 'app', 'app'), [outdir]);
  }

  /** Run the snippets of a page one after the other; they write into `dist/` of `folder`. */
  runSnippets(folder: string, snippets: ReadonlyMap<string, string>): void {
    const functions = [...snippets].map(([name, code], i) => {
      const body = /^func main\(\) \{\n(?<body>[^]*?)\n\}$/m.exec(code)?.groups!.body;
      return `func snippet${i}() {\n${body ?? [
        'app := cdk8s.NewApp(nil)',
        `chart := cdk8s.NewChart(app, jsii.String("${name}"), &cdk8s.ChartProps{Namespace: jsii.String("development")})`,
        code,
        'app.Synth()',
      ].join('\n')}\n}\n`;
    });
    mkdirSync(join(this.folder, 'snippets'), { recursive: true });
    writeFileSync(join(this.folder, 'snippets', 'main.go'),
      `package main\n\n${IMPORTS}\n${functions.join('\n')}\nfunc main() {\n${functions.map((_, i) => `\tsnippet${i}()`).join('\n')}\n}\n`);
    this.build('snippets');
    run(folder, join(this.folder, 'snippets', 'snippets'), []);
  }

  private build(name: string): void {
    run(this.folder, 'go', ['mod', 'tidy']);
    run(this.folder, 'go', ['build', '-o', join(name, name), `./${name}`]);
  }
}

function isServed(folder: string, module: string): boolean {
  const probe = join(folder, 'probe');
  try {
    if (!existsSync(probe)) {
      mkdirSync(probe);
      writeFileSync(join(probe, 'go.mod'), 'module example.org/probe\n');
    }
    run(probe, 'go', ['mod', 'download', module]);
    return true;
  } catch {
    return false;
  }
}
