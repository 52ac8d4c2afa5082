/**
 * What login shells source from /etc/profile.d: they have just reset PATH, and the profiles' folders
 * must come back, in front.
 *
 * @param folders plain absolute paths, which need no quoting (checked at synth)
 */
export function loginProfile(folders: string[]): string {
  return [
    '# Written by cdk8s-nix: a login shell has just reset PATH.',
    ...[...folders].reverse().flatMap(folder => [
      'case ":$PATH:" in',
      `  *:${folder}:*) ;;`,
      `  *) PATH="${folder}:$PATH" ;;`,
      'esac',
    ]),
    'export PATH',
    '',
  ].join('\n');
}
