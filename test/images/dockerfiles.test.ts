import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { Dockerfile, DockerfileParser, From, Instruction } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { NixImage } from '../../src/image/nix-image';

const ROOT = path.resolve(__dirname, '../..');
const IMAGES = ['add-nix', 'backstage-nix', 'ubuntu-nix'];

function source(image: string): string {
  return readFileSync(path.join(ROOT, 'images', image, 'Dockerfile'), 'utf8');
}

function parse(image: string): Dockerfile {
  return DockerfileParser.parse(source(image));
}

/** The build arguments that name an image, with their defaults. */
function imageArguments(image: string): Map<string, string> {
  const found = parse(image).getInitialARGs().map(argument => argument.getProperty()!);
  return new Map(found.map(property => [property.getName(), property.getValue() ?? '']));
}

function stages(image: string): From[] {
  return parse(image).getFROMs();
}

/** The instructions of the stage that becomes the image. */
function finalStage(image: string): Instruction[] {
  const begin = stages(image).at(-1)!.getRange().start.line;
  return parse(image).getInstructions().filter(instruction => instruction.getRange().start.line > begin);
}

/** Files of the build context that a Dockerfile copies or mounts. */
function contextFiles(image: string): string[] {
  const copied = parse(image).getCOPYs()
    .filter(copy => !copy.getFlags().some(flag => flag.getName() === 'from'))
    .flatMap(copy => copy.getArguments().slice(0, -1).map(argument => argument.getValue()));
  const mounted = [...source(image).matchAll(/--mount=type=bind,source=([^,\s]+)/g)].map(match => match[1]);
  return [...copied, ...mounted];
}

test('there is a Dockerfile for each image that is tested here', () => {
  const folders = readdirSync(path.join(ROOT, 'images'), { withFileTypes: true }).filter(entry => entry.isDirectory());
  expect(folders.map(entry => entry.name).sort()).toEqual(IMAGES);
});

describe.each(IMAGES)('%s', image => {
  test('has no finding of the linter', () => {
    const findings = validate(source(image)).map(({ range, message }) => `${range.start.line + 1}: ${message}`);
    expect(findings).toEqual([]);
  });

  test('takes each image it is made of from a build argument, pinned by default', () => {
    const defaults = imageArguments(image);
    for (const stage of stages(image)) {
      const variable = /^\$\{(\w+)\}$/.exec(stage.getImage()!)?.[1];
      // A tag that names a version, for people, and the digest.
      expect(defaults.get(variable ?? '')).toMatch(/:[\w.-]*\d[\w.-]*@sha256:[0-9a-f]{64}$/);
      expect(defaults.get(variable ?? '')).not.toContain('latest');
    }
  });

  test('downloads nothing and asks for no rights that a build does not have', () => {
    const instructions = parse(image).getInstructions().map(instruction => instruction.toString()).join('\n');
    expect(instructions).not.toMatch(/\b(sudo|su|gosu|curl|wget|apt|apt-get|apk|dnf|yum|pip|npm|npx)\b/);
    expect(instructions).not.toMatch(/https?:\/\/\S+\.(sh|tar|xz|gz)|\|\s*(ba)?sh\b/);
    expect(parse(image).getInstructions().map(instruction => instruction.getKeyword())).not.toContain('ADD');
  });

  test('builds on any architecture and with builders that know neither heredocs nor links', () => {
    expect(source(image)).not.toMatch(/amd64|x86_64|arm64|aarch64|--platform|<<|--link|# *syntax *=/);
  });

  test('copies only files that this package has', () => {
    const files = contextFiles(image);
    expect(files.length).toBeGreaterThan(5);
    expect(files.filter(file => !existsSync(path.join(ROOT, file)))).toEqual([]);
  });

  test('says in labels what it is and what it was made from', () => {
    const labels = finalStage(image).filter(instruction => instruction.getKeyword() === 'LABEL').map(instruction => instruction.toString()).join('\n');
    for (const name of ['title', 'description', 'source', 'licenses', 'version', 'revision', 'base.name']) {
      expect(labels).toContain(`org.opencontainers.image.${name}=`);
    }
    expect(labels).toContain('io.cdk8s.nix.source="${NIX_IMAGE}"');
  });
});

test('add-nix does nothing in its last stage that would need a shell or change what the base runs', () => {
  const keywords = new Set(finalStage('add-nix').map(instruction => instruction.getKeyword()));
  expect([...keywords].sort()).toEqual(['ARG', 'COPY', 'ENV', 'LABEL']);
});

test('backstage-nix keeps what its base runs', () => {
  const keywords = finalStage('backstage-nix').map(instruction => instruction.getKeyword());
  expect(keywords).not.toContain('ENTRYPOINT');
  expect(keywords).not.toContain('CMD');
});

test('the registry of the images has the nixpkgs of the lock', () => {
  const { locked } = JSON.parse(readFileSync(path.join(ROOT, 'nix/flake.lock'), 'utf8')).nodes.nixpkgs;
  const { owner, repo, rev, type } = locked;
  expect(JSON.parse(readFileSync(path.join(ROOT, 'images/registry.json'), 'utf8')))
    .toEqual({ version: 2, flakes: [{ from: { type: 'indirect', id: 'nixpkgs' }, to: { type, owner, repo, rev } }] });
  for (const image of IMAGES) {
    expect(source(image)).toContain('COPY images/nix.conf images/registry.json /etc/nix/');
  }
});

test('the images and the constructs use the same Nix', () => {
  for (const image of IMAGES) {
    expect(imageArguments(image).get('NIX_IMAGE')).toBe(NixImage.upstream().reference);
  }
});
