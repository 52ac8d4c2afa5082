import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { join } from 'path';
import { CACHE, copy, generatePeer, ROOT, run, versionOf } from './packages';

/** Peers by the name of their npm package, as NuGet packages; each after those it depends on. */
const PEERS = {
  'constructs': 'Constructs',
  'cdk8s': 'Org.Cdk8s',
  'cdk8s-plus-28': 'Org.Cdk8s.Plus28',
} as const;

/** What a new console project has without saying so: a name of ours that is also one of these would be ambiguous in it. */
const IMPLICIT = ['System', 'System.Collections.Generic', 'System.IO', 'System.Linq', 'System.Net.Http', 'System.Threading', 'System.Threading.Tasks'];

/** Projects in C# that take our package from a folder, and all else from NuGet. */
export class DotnetProject {
  constructor(private readonly folder: string, source: string) {
    const packages = join(CACHE, 'dotnet', 'packages');
    // There the version is always the same, and a package that was unpacked once is not looked at again.
    rmSync(join(packages, 'cdk8s.nix'), { recursive: true, force: true });
    mkdirSync(join(folder, 'feed'));
    writeFileSync(join(folder, 'NuGet.Config'), `<configuration>
  <config><add key="globalPackagesFolder" value="${packages}"/></config>
  <packageSources><add key="feed" value="${join(folder, 'feed')}"/></packageSources>
</configuration>
`);
    for (const [name, id] of Object.entries(PEERS)) {
      if (!this.isServed(id, versionOf(name))) {
        copy(generatePeer(name, 'dotnet'), join(folder, 'peers'));
        this.pack(join(folder, 'peers', id));
      }
    }
    copy(source, join(folder, 'source'));
    this.pack(join(folder, 'source', 'Cdk8s.Nix'));
  }

  runApp(outdir: string): void {
    this.run('app', readFileSync(join(ROOT, 'test', 'languages', 'dotnet', 'Program.cs'), 'utf-8'), this.folder, outdir);
  }

  /** Run the snippets of a page one after the other; they write into `dist/` of `folder`. */
  runSnippets(folder: string, snippets: ReadonlyMap<string, string>): void {
    const methods = [...snippets].map(([name, code], i) => {
      const program = /^using /m.test(code);
      return `    private static void Snippet${i}()\n    {\n${program ? code.replace(/^using .*\n/gm, '') : [
        'var app = new App();',
        `var chart = new Chart(app, "${name}", new ChartProps { Namespace = "development" });`,
        code,
        'app.Synth();',
      ].join('\n')}\n    }\n`;
    });
    this.run('snippets', [
      ...[...IMPLICIT, 'Org.Cdk8s', 'Org.Cdk8s.Plus28', 'Cdk8s.Nix'].map(namespace => `using ${namespace};`), '',
      'public static class Snippets', '{', ...methods,
      `    public static void Main()\n    {\n${methods.map((_, i) => `        Snippet${i}();`).join('\n')}\n    }`, '}', '',
    ].join('\n'), folder);
  }

  /** Build a program, and run it in `cwd`. */
  private run(name: string, program: string, cwd: string, ...args: string[]): void {
    const folder = this.project(name, { 'Cdk8s.Nix': '0.0.0' }, '<OutputType>Exe</OutputType>');
    writeFileSync(join(folder, 'Program.cs'), program);
    this.dotnet(folder, 'build', '--configuration', 'Release', '--output', 'out');
    run(cwd, 'dotnet', [join(folder, 'out', `${name}.dll`), ...args]);
  }

  private project(name: string, packages: { readonly [id: string]: string }, properties = ''): string {
    const folder = join(this.folder, name);
    mkdirSync(folder);
    writeFileSync(join(folder, `${name}.csproj`), `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net6.0</TargetFramework>
    <RollForward>Major</RollForward>
    ${properties}
  </PropertyGroup>
  <ItemGroup>
    ${Object.entries(packages).map(([id, version]) => `<PackageReference Include="${id}" Version="[${version}]"/>`).join('\n    ')}
  </ItemGroup>
</Project>
`);
    return folder;
  }

  private isServed(id: string, version: string): boolean {
    try {
      this.dotnet(this.project(`probe-${id}`, { [id]: version }), 'restore');
      return true;
    } catch (error) {
      // NuGet knows no such package, or no such version of it. Anything else is no answer.
      if (/\bNU110[12]\b/.test((error as Error).message)) {
        return false;
      }
      throw error;
    }
  }

  /** As jsii-pacmak does it; the projects that it writes make a package whenever they are built. */
  private pack(folder: string): void {
    this.dotnet(folder, 'build', '--force', '--configuration', 'Release');
    const output = join(folder, 'bin', 'Release');
    for (const file of readdirSync(output).filter(name => name.endsWith('.nupkg'))) {
      copy(join(output, file), join(this.folder, 'feed', file));
    }
  }

  private dotnet(folder: string, command: string, ...args: string[]): void {
    // Nothing stays behind: neither a build server, nor a certificate for web servers.
    run(folder, 'dotnet', [command, ...args, ...command === 'build' ? ['-nodeReuse:false', '-p:UseSharedCompilation=false'] : []], {
      DOTNET_CLI_TELEMETRY_OPTOUT: 'true',
      DOTNET_GENERATE_ASPNET_CERTIFICATE: 'false',
      DOTNET_NOLOGO: 'true',
    });
  }
}
