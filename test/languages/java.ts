import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { delimiter, join } from 'path';
import { CACHE, copy, generatePeer, ROOT, run, versionOf } from './packages';

/** The oldest versions that the package asks for, which are those of our own lock file. */
const PINNED: readonly (readonly [group: string, artifact: string, version: string])[] = [
  ['org.cdk8s', 'cdk8s', versionOf('cdk8s')],
  ['software.constructs', 'constructs', versionOf('constructs')],
  ['software.amazon.jsii', 'jsii-runtime', versionOf('jsii-pacmak')],
  ['org.jetbrains', 'annotations', '16.0.3'],
  ['javax.annotation', 'javax.annotation-api', '1.3.2'],
];

const dependency = ([group, artifact, version]: readonly string[]) =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>${version ? `<version>${version}</version>` : ''}</dependency>`;
const MANAGEMENT = `<dependencyManagement><dependencies>${PINNED.map(dependency).join('')}</dependencies></dependencyManagement>`;

/** A project in Java: modules of one Maven build, so that what is built here need not go into anybody's local repository. */
export class JavaProject {
  private readonly folder = join(CACHE, 'java');

  constructor(source: string, snippets: ReadonlyMap<string, string>) {
    rmSync(join(this.folder, 'cdk8s-nix'), { recursive: true, force: true });
    rmSync(join(this.folder, 'app'), { recursive: true, force: true });
    mkdirSync(join(this.folder, 'app', 'src', 'main', 'java'), { recursive: true });
    copy(source, join(this.folder, 'cdk8s-nix'));
    pin(join(this.folder, 'cdk8s-nix', 'pom.xml'));
    copy(join(ROOT, 'test', 'languages', 'java'), join(this.folder, 'app', 'src', 'main', 'java'));
    writeFileSync(join(this.folder, 'app', 'src', 'main', 'java', 'Snippets.java'), snippetsClass(snippets));
    writeFileSync(join(this.folder, 'app', 'pom.xml'), APP);
    this.build();
  }

  runApp(outdir: string): void {
    this.run(this.folder, 'Main', outdir);
  }

  /** Run the snippets of the page one after the other; they write into `dist/` of `folder`. */
  runSnippets(folder: string): void {
    this.run(folder, 'Snippets');
  }

  private run(folder: string, main: string, ...args: string[]): void {
    const target = join(this.folder, 'app', 'target');
    // The runtime of jsii unpacks itself there, and leaves it. Java does not look at TMPDIR.
    const temporary = `-Djava.io.tmpdir=${tmpdir()}`;
    run(folder, 'java', [temporary, '-cp', [join(target, 'app-1.jar'), join(target, 'dependency', '*')].join(delimiter), main, ...args]);
  }

  private build(): void {
    const peer = join(this.folder, 'cdk8s-plus-28');
    try {
      this.maven(existsSync(peer) ? ['cdk8s-plus-28'] : []);
    } catch (error) {
      if (existsSync(peer) || !/cdk8s-plus-28/.test((error as Error).message)) {
        throw error;
      }
      copy(generatePeer('cdk8s-plus-28', 'java'), peer);
      pin(join(peer, 'pom.xml'));
      this.maven(['cdk8s-plus-28']);
    }
  }

  private maven(peers: readonly string[]): void {
    const modules = [...peers, 'cdk8s-nix', 'app'].map(name => `<module>${name}</module>`).join('');
    writeFileSync(join(this.folder, 'pom.xml'), project('all', `<packaging>pom</packaging><modules>${modules}</modules>`));
    // What is left out is for people: the archives of sources and of documentation.
    run(this.folder, 'mvn', ['--batch-mode', '--no-transfer-progress', 'package', '-Dmaven.javadoc.skip', '-Dmaven.source.skip', '-Dgpg.skip']);
  }
}

const project = (artifact: string, content: string) => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.example</groupId><artifactId>${artifact}</artifactId><version>1</version>
  ${content}
</project>
`;

const APP = project('app', `<properties>
    <maven.compiler.source>11</maven.compiler.source><maven.compiler.target>11</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  ${MANAGEMENT}
  <dependencies>${dependency(['io.github.cdk8s-nix', 'cdk8s-nix', '0.0.0'])}</dependencies>
  <build><plugins><plugin>
    <groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId><version>3.6.1</version>
    <executions><execution><phase>package</phase><goals><goal>copy-dependencies</goal></goals></execution></executions>
  </plugin></plugins></build>`);

/** Versions instead of ranges: for a range Maven asks for the description of each version there is, which takes minutes. */
function pin(pom: string): void {
  const pinned = readFileSync(pom, 'utf-8')
    .replace(/<version>\[(?<lowest>[^,]+),[^)]*\)<\/version>/g, '<version>$<lowest></version>')
    .replace('<dependencies>', `${MANAGEMENT}\n  <dependencies>`);
  writeFileSync(pom, PINNED.reduce((text, [, artifact, version]) =>
    text.replace(new RegExp(`(<artifactId>${artifact}</artifactId>\\s*<version>)[^<]+`, 'g'), `$1${version}`), pinned));
}

function snippetsClass(snippets: ReadonlyMap<string, string>): string {
  const methods = [...snippets].map(([name, code], i) => {
    const body = /public static void main\([^)]*\) \{\n(?<body>[^]*?)\n {4}\}/.exec(code)?.groups!.body;
    return `static void snippet${i}() {\n${body ?? [
      'final App app = new App();',
      `final Chart chart = new Chart(app, "${name}", ChartProps.builder().namespace("development").build());`,
      code,
      'app.synth();',
    ].join('\n')}\n}\n`;
  });
  return ['import io.github.cdk8snix.*;', 'import java.util.*;', 'import org.cdk8s.*;', 'import org.cdk8s.plus28.*;', '',
    'public final class Snippets {', ...methods,
    'public static void main(final String[] args) {', ...methods.map((_, i) => `snippet${i}();`), '}', '}', ''].join('\n');
}
