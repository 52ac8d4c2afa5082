import { Testing } from 'cdk8s';
import { NixDeployment, NixProgram } from '../../src';
import { Problems } from '../../src/base/problems';
import { podSpec, testChart } from '../support/synth';
import { synthError } from '../support/synth-error';

const REV = '4f3cbb5f9ae5a4fbd57fd4b6b0a1e3a0d7a0b3c1';
const HASH = 'narHash=sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

/** What the step that brings programs is told to bring. */
function brought(reference: string, allowMoving?: boolean): string {
  const chart = testChart();
  new NixDeployment(chart, 'echo', { programs: [NixProgram.flake(reference, { allowMoving })] });
  expect(Testing.synth(chart)).toBeValidKubernetes();
  return podSpec(chart).initContainers.find((container: any) => container.env.some((entry: any) => entry.name === 'PROGRAMS_SET')).args[3];
}

const refusal = (reference: string, allowMoving?: boolean): string =>
  synthError(chart => new NixDeployment(chart, 'echo', { programs: [NixProgram.flake(reference, { allowMoving })] }));

test.each([
  'github:owner/echo/v1.2.3', 'github:owner/echo/1.2.3', 'github:owner/echo/echo-1.2.3', 'github:golang/go/go1.22.3', 'github:jqlang/jq/jq-1.7.1', 'github:owner/echo/v1.2.3-rc1', 'github:owner/echo/v1.2.3-beta.2',
  'github:owner/echo/1.2.3.4', 'github:owner/echo/v1.2.3+build.5', 'github:owner/my-echo/my-echo-v1.2.3', 'github:owner/My_Echo/echo@1.2.3', 'github:owner/echo/version-1.2.3',
  'gitlab:group%2Fsub/echo/echo-1.2.3', 'github:owner/echo?ref=v1.2.3',
  `github:owner/echo/${REV}`, `github:owner/echo/${REV.toUpperCase()}`, `github:owner/echo?rev=${REV}`, `github:owner/echo/v1.2.3?dir=nix&${HASH}`, 'github:owner/echo/refs/tags/2.24-maintenance',
  'gitlab:group%2Fsub/echo/v1.2.3', 'gitlab:owner/echo/refs/tags/1.2', 'sourcehut:~owner/echo/v1.2.3', `sourcehut:~owner/echo/${REV}`,
  'git+https://git.example.org/echo?ref=refs/tags/v1', `git+ssh://git@git.example.org/echo?rev=${REV}`, `git+https://git.example.org/echo?ref=main&rev=${REV}`, `git://git.example.org/echo?rev=${REV}`,
  `https://example.org/main.tar.gz?${HASH}`, `https://example.org/main.tar.gz?rev=${REV}&${HASH}`, `path:/srv/echo?${HASH}`, 'path:/nix/store/3n58xw4373jp0ljirf06d8077j15pc4j-source',
  `git+https://[2001:db8::1]:8443/echo?rev=${REV}`, 'git+ssh://git@[::1]/echo?ref=refs/tags/v1', `https://[::1]/main.tar.gz?${HASH}`,
])('%s is pinned', reference => {
  expect(brought(reference)).toBe(reference);
});

const OF_ARCHIVE = 'Of an archive Nix checks nothing but its narHash';
const OF_FOLDER = 'Of a folder Nix checks nothing but its narHash';

test.each([
  ['github:owner/echo', 'It names neither a revision nor a tag', 'Name one, as in "github:owner/echo/v1.2.3"'],
  ['github:owner/echo?dir=nix', 'It names neither a revision nor a tag', '"github:owner/echo/v1.2.3?dir=nix"'],
  ...[
    'v1.2', '1.2', '1.2.x', 'nixos-26.05', 'nix-darwin-24.11', '2.24-maintenance', 'staging-24.11', '1.2-stable', 'release-1.2.3', 'nixos-24.11.1', 'dev-1.2.3', 'python-3.11',
    'v1.2.3-maintenance', '1.2.3-next', '20240101', '2024-01-01', 'feature/1.2-branch', 'feature/1.2.3', 'stable/1.2.3', 'pull/1.2/head', 'v2.x.1',
    'bump-1.2.3', 'prepare-1.2.3', 'upgrade-to-v1.2.3', 'alice-1.2.3', 'echo-bump-1.2.3', 'go1.22.3',
  ].map(name => [`github:owner/echo/${name}`, `"${name}" may well be a branch`, `If it is a tag, write "github:owner/echo/refs/tags/${name}"; otherwise name a revision, as in "github:owner/echo/${REV}"`]),
  ['github:owner/echo/main', '"main" may well be a branch', `Name a revision, as in "github:owner/echo/${REV}"`],
  ['github:owner/echo/HEAD', '"HEAD" may well be a branch', `Name a revision, as in "github:owner/echo/${REV}"`],
  [`github:owner/echo/${REV.slice(0, 7)}`, `"${REV.slice(0, 7)}" is less than a revision.`, `Write all forty digits of it, as in "github:owner/echo/${REV}"`],
  ['git+https://git.example.org/echo?tag=v1.2.3', 'It names neither a revision nor a tag', 'as in "git+https://git.example.org/echo?ref=refs/tags/v1.2.3"'],
  ['github:owner/echo?ref=v1.2', '"v1.2" may well be a branch', 'If it is a tag, write "github:owner/echo/refs/tags/v1.2"'],
  ['github:owner/echo/refs/heads/v1.2.3', '"refs/heads/v1.2.3" may well be a branch', `Name a revision, as in "github:owner/echo/${REV}"`],
  ['github:owner/echo/%E9', '"%E9" may well be a branch', 'allowMoving'],
  ['gitlab:group/sub/echo/v1.2.3', '"echo/v1.2.3" may well be a branch', 'write its group as "group%2Fsubgroup", "gitlab:group%2Fsub/echo/v1.2.3". If it is a tag'],
  ['gitlab:group/sub/echo/main', '"echo/main" may well be a branch', 'write its group as "group%2Fsubgroup". If it is a tag'],
  ['github:owner/echo/tags/v1', '"tags/v1" may well be a branch', 'If it is a tag, write "github:owner/echo/refs/tags/v1"; otherwise'],
  ['git+https://git.example.org/echo?ref=tags/v1', 'Nix takes the ref "tags/v1" for a branch', 'If it is a tag, write "git+https://git.example.org/echo?ref=refs/tags/v1"; otherwise'],
  ['git+https://git.example.org/echo?ref=heads/v1', 'Nix takes the ref "heads/v1" for a branch', `Name a revision, as in "git+https://git.example.org/echo?rev=${REV}"`],
  ['github:owner/echo/a%20b?dir=c%20d', '"a b" may well be a branch', 'write "github:owner/echo/refs/tags/a%20b?dir=c%20d"'],
  ['sourcehut:~owner/echo/tags/v1.2.3', '"tags/v1.2.3" may well be a branch', 'If it is a tag, write "sourcehut:~owner/echo/v1.2.3"; otherwise'],
  ['git+https://[::1]/echo?ref=v1', 'Nix takes the ref "v1" for a branch', 'write "git+https://[::1]/echo?ref=refs/tags/v1"'],
  ['sourcehut:~owner/echo/v1', '"v1" may well be a branch', `Name a revision, as in "sourcehut:~owner/echo/${REV}"`],
  ['git+https://git.example.org/echo', 'It names neither a revision nor a tag', 'as in "git+https://git.example.org/echo?ref=refs/tags/v1.2.3"'],
  ['git+https://git.example.org/echo?ref=v1.2.3', 'Nix takes the ref "v1.2.3" for a branch', 'write "git+https://git.example.org/echo?ref=refs/tags/v1.2.3"'],
  ['git+ssh://git@git.example.org/echo?ref=v1.2.3&submodules=1', 'Nix takes the ref "v1.2.3" for a branch', 'write "git+ssh://git@git.example.org/echo?ref=refs/tags/v1.2.3&submodules=1"'],
  ['git+https://git.example.org/echo?ref=refs/heads/1.2.3', 'Nix takes the ref "refs/heads/1.2.3" for a branch', `"git+https://git.example.org/echo?rev=${REV}"`],
  [`git+https://git.example.org/echo?ref=${REV}`, 'A revision is no ref.', `Write "git+https://git.example.org/echo?rev=${REV}".`],
  ['https://example.org/main.tar.gz', OF_ARCHIVE, 'narHash=sha256-…'],
  ['https://example.org/main.tar.gz?ref=v1.2.3', OF_ARCHIVE, 'narHash=sha256-…'],
  ['https://example.org/releases/v1.2.3/echo.tar.gz', OF_ARCHIVE, 'narHash=sha256-…'],
  ['https://example.org/archive/refs/tags/v1.tar.gz', OF_ARCHIVE, 'narHash=sha256-…'],
  ['https://example.org/f/owner/echo/0.1.tar.gz', OF_ARCHIVE, 'narHash=sha256-…'],
  [`https://example.org/archive/${REV}.tar.gz`, OF_ARCHIVE, 'narHash=sha256-…'],
  ['path:/nix/store/3n58xw4373jp0ljirf06d8077j15pc4j-source/../../../srv/echo', OF_FOLDER, 'narHash=sha256-…'],
  // Nix does not look at it there.
  [`git+https://git.example.org/echo?ref=main&${HASH}`, 'Nix takes the ref "main" for a branch', `"git+https://git.example.org/echo?rev=${REV}&${HASH}"`],
  [`github:owner/echo?${HASH}`, 'It names neither a revision nor a tag', `"github:owner/echo/v1.2.3?${HASH}"`],
  ['github:owner/echo/v1#server', '"v1" may well be a branch', 'If it is a tag, write "github:owner/echo/refs/tags/v1#server"'],
  ['path:/srv/echo', OF_FOLDER, 'narHash=sha256-…'],
  ['/srv/echo', OF_FOLDER, 'narHash=sha256-…'],
  [`flake:nixpkgs/${REV}`, 'What a name of the registry stands for is said where it is looked up.', 'Name the repository, as in "github:NixOS/nixpkgs/'],
])('%s moves, and is taken only by that name', (reference, problem, remedy) => {
  const message = refusal(reference);
  expect(message).toContain(`CDK8SNIX1203 programs[main]: got ${JSON.stringify(reference)}. ${problem}`);
  expect(message).toContain(remedy);
  expect(brought(reference, true)).toBe(reference);
});

test.each([
  [`https://example.org/main.tar.gz?rev=${REV}`, 'whether an archive or a folder is of that revision', 'narHash=sha256-…'],
  [`path:/srv/echo?rev=${REV}`, 'whether an archive or a folder is of that revision', 'narHash=sha256-…'],
  ['path:/srv/echo?ref=v1.2.3', 'A folder has no ref', 'git+file:'],
  [`path:/nix/store/3n58xw4373jp0ljirf06d8077j15pc4j-source?rev=${REV}`, 'whether an archive or a folder is of that revision', 'or leave the rev out'],
  ...['github:', 'github:owner', 'github:owner/', 'github://owner/echo/v1.2.3'].map(reference => [reference, 'It names no repository.', 'Use "github:owner/repository/v1.2.3"']),
  [`github:owner/echo?rev=${REV}&ref=v1.2.3`, 'It names what to fetch twice', 'all forty digits'],
  ['https://example.org/main.tar.gz?narHash=sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73', 'no hash of a source', 'narHash=sha256-…'],
  ['path:echo', 'relative', 'github:owner'],
  ['path:./echo', 'relative', 'github:owner'],
  [`git+file:echo?rev=${REV}`, 'relative', 'github:owner'],
  [`hg+https://example.org/echo?rev=${REV}`, 'no Mercurial', 'narHash'],
  [`ssh://git@example.org/echo?rev=${REV}`, 'Nix fetches nothing by "ssh"', `Use "git+ssh://git@example.org/echo?rev=${REV}"`],
  ['docker://owner/echo:1.2.3', 'Nix fetches nothing by "docker"', 'github:owner'],
  ['sourcehut:~owner/echo/refs/tags/v1.2.3#server', 'no whole name of a ref', 'Use "sourcehut:~owner/echo/v1.2.3#server", or a revision.'],
  ['https://[::1/main.tar.gz', 'This is no flake reference', 'github:owner'],
  ['https://[host]/main.tar.gz', 'This is no flake reference', 'github:owner'],
  ['https://[::1]x/main.tar.gz', 'This is no flake reference', 'github:owner'],
  ['github:owner/echo/[1]', 'This is no flake reference', 'github:owner'],
])('%s is refused, whether it may move or not', (reference, problem, remedy) => {
  for (const allowMoving of [false, true]) {
    const message = refusal(reference, allowMoving);
    expect(message).toContain(`CDK8SNIX1201 programs[main]: got ${JSON.stringify(reference)}. `);
    expect(message).toContain(problem);
    expect(message).toContain(remedy);
    expect(message.match(/CDK8SNIX/g)).toHaveLength(1);
  }
});

test.each([
  ['sourcehut:~owner/echo/refs/tags/v1', `Name a revision, as in "sourcehut:~owner/echo/${REV}", or use "sourcehut:~owner/echo/v1" and say allowMoving: true.`, 'Use "sourcehut:~owner/echo/v1", or a revision.'],
  ['ssh://git@example.org/echo?ref=v1.2.3#server', 'If it is a tag, write "git+ssh://git@example.org/echo?ref=refs/tags/v1.2.3#server"; otherwise name', 'Use "git+ssh://git@example.org/echo?ref=v1.2.3#server".'],
  ['ssh://git@example.org/echo', 'Name one, as in "git+ssh://git@example.org/echo?ref=refs/tags/v1.2.3"', 'Use "git+ssh://git@example.org/echo".'],
  ['path:/srv/echo?ref=v1.2.3', '`nix flake metadata` says it in its place, or use "git+file:" for a repository.', 'Leave it out, or use "git+file:"'],
  [`path:/srv/echo?rev=${REV}`, '`nix flake metadata` says it.', ', or leave the rev out.'],
])('%s is refused with what is taken at once, whether it may move or not', (reference, remedy, remedyIfMoving) => {
  expect(refusal(reference)).toContain(remedy);
  expect(refusal(reference, true)).toContain(remedyIfMoving);
});

describe('what is to be written instead is taken', () => {
  const NAMES = ['v1', 'v1.2.3', 'bump-1.2.3', 'main', 'HEAD', 'tags/v1', 'heads/v1', 'refs/tags/v1', 'refs/heads/v1', 'refs/tags/', 'refs/pull/1/head', 'refs/tags/*', REV, REV.slice(0, 9),
    'a%20b', '%E9', 'echo/v1.2.3', 'sub/echo/v1'];
  const references = [
    ...['github:owner/echo', 'gitlab:group/sub', 'gitlab:group%2Fsub/echo', 'sourcehut:~owner/echo'].flatMap(place => ['', ...NAMES].map(name => name === '' ? place : `${place}/${name}`)),
    ...['github:owner/echo', 'sourcehut:~owner/echo', 'git+https://example.org/echo', 'git+ssh://git@[::1]/echo', 'ssh://git@example.org/echo', 'git://example.org/echo', 'git+file:///srv/echo']
      .flatMap(place => ['', ...NAMES.map(name => `?ref=${name}`)].map(query => `${place}${query}`)),
    ...['https://example.org/main.tar.gz', 'path:/srv/echo', '/nix/store/3n58xw4373jp0ljirf06d8077j15pc4j-source'].flatMap(place => [place, `${place}?ref=v1`, `${place}?rev=${REV}`]),
    'flake:nixpkgs', 'path:echo', 'docker:echo', 'hg+https://example.org/echo', 'github:echo',
  ];
  const written = references.flatMap(reference => [reference, `${reference}${reference.includes('?') ? '&' : '?'}dir=nix`, `${reference}#server`]);

  test.each([false, true])('of every reference, with allowMoving: %s', allowMoving => {
    const advice = written.flatMap(reference => findings(reference, allowMoving).flatMap(message =>
      [...message.matchAll(/(?<!got )"([a-z][a-z0-9+]*:[^"…]+)"( and say allowMoving: true)?/g)]
        .map(([, text, moving]) => ({ of: reference, text, mayMove: allowMoving || moving !== undefined }))));
    expect(advice.length).toBeGreaterThan(allowMoving ? 40 : 300);
    expect(advice.filter(({ text, mayMove }) => findings(text, mayMove).length > 0)).toEqual([]);
    // The attribute goes with it, unless all of it is an example.
    expect(advice.filter(({ of, text }) => of.includes('#') && !text.includes('#') && !text.includes('owner/repository'))).toEqual([]);
  });

  function findings(reference: string, allowMoving: boolean): string[] {
    const chart = testChart();
    NixProgram.flake(reference, { allowMoving })._validate(new Problems(chart), 'program');
    return chart.node.validate();
  }
});
