/** With three numbers: branches have two, as a rule, and tags like that are given by refs/tags/. Behind them only what comes before a version. */
const VERSION = /^(?:([A-Za-z][A-Za-z0-9]*(?:[-_.@][A-Za-z][A-Za-z0-9]*)*)[-_.@]?)?\d+(?:\.\d+){2,}(?:[-_.]?(?:alpha|beta|rc|pre|preview|a|b)(?:[-.]?\d+(?:\.\d+)*)?)?(?:\+[A-Za-z0-9.-]+)?$/;

/** What says no more than that a version follows. */
const MARKS: readonly string[] = ['v', 'ver', 'version'];

/** What people call branches, in repositories of such a name too. */
const BRANCHES: readonly string[] = [
  'backport', 'backports', 'branch', 'bugfix', 'canary', 'dev', 'devel', 'develop', 'development', 'edge', 'feat', 'feature', 'fix', 'head', 'heads', 'hotfix',
  'latest', 'lts', 'main', 'maint', 'maintenance', 'master', 'mr', 'next', 'nightly', 'nixos', 'nixpkgs', 'pr', 'pull', 'refs', 'rel', 'release', 'releases',
  'stable', 'staging', 'support', 'testing', 'trunk', 'unstable', 'update', 'wip',
];

/**
 * Whether a name is clearly one of a version: `v1.2.3`, `1.2.3-rc.1`, `echo-1.2.3` of a repository called `echo`. Nobody can know it of a name alone, so
 * what branches are called like as well is none: `1.2`, `2.24-maintenance`, `bump-1.2.3`, whatever has a slash.
 *
 * @param project the names of the repository and its owner, which tags begin with
 */
export function isVersionName(name: string, project: readonly string[]): boolean {
  const match = VERSION.exec(name);
  const known = [...MARKS, ...project.flatMap(wordsOf)];
  return match !== null && wordsOf(match[1] ?? '').every(word => known.includes(word) && !BRANCHES.includes(word));
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/[^a-z0-9]+/).filter(word => word !== '');
}
