/**
 * What login shells source from /etc/profile.d: they have just reset PATH, and the profiles' folders
 * must come back, in front.
 *
 * @param folders plain absolute paths, which need no quoting (checked at synth)
 * @param showsWarning whether a shell that somebody sits at shows why the home is not what it should be
 */
export function loginProfile(folders: string[], showsWarning = false): string {
  return [
    '# Written by cdk8s-nix: a login shell has just reset PATH.',
    ...[...folders].reverse().flatMap(folder => [
      'case ":$PATH:" in',
      `  *:${folder}:*) ;;`,
      `  *) PATH="${folder}:$PATH" ;;`,
      'esac',
    ]),
    'export PATH',
    // Where the pod was to start all the same, install-container.sh says there why there is no home configuration.
    ...(showsWarning ? [
      'case $- in',
      '  *i*) cat "${XDG_STATE_HOME:-$HOME/.local/state}/cdk8s-nix/home-manager-warning" 2>/dev/null || : ;;',
      'esac',
    ] : []),
    '',
  ].join('\n');
}
