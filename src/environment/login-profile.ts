/** Where home-manager puts `home.sessionVariables`, in the profile that it is installed in. */
const SESSION_VARIABLES = 'etc/profile.d/hm-session-vars.sh';

/**
 * What login shells source from /etc/profile.d: they have just reset PATH, and the profiles' folders
 * must come back, in front. The session variables of home-manager come with them.
 *
 * @param folders plain absolute paths, which need no quoting (checked at synth)
 * @param profile the user's own profile, another such path
 * @param showsWarning whether a shell that somebody sits at shows why the home is not what it should be
 */
export function loginProfile(folders: string[], profile: string, showsWarning = false): string {
  const key = [...folders, profile, showsWarning].join('\n');
  if (last?.key !== key) {
    last = { key, text: renderProfile(folders, profile, showsWarning) };
  }
  return last.text;
}

/** The last one: the environments of an app nearly all have the same. */
let last: { readonly key: string; readonly text: string } | undefined;

function renderProfile(folders: string[], profile: string, showsWarning: boolean): string {
  return [
    '# Written by cdk8s-nix: a login shell has just reset PATH.',
    ...[...folders].reverse().flatMap(folder => [
      'case ":$PATH:" in',
      `  *:${folder}:*) ;;`,
      `  *) PATH="${folder}:$PATH" ;;`,
      'esac',
    ]),
    'export PATH',
    ...sessionVariables(profile),
    // Where the pod was to start all the same, install-container.sh says there why there is no home configuration.
    ...(showsWarning ? [
      'case $- in',
      '  *i*) cat "${XDG_STATE_HOME:-$HOME/.local/state}/cdk8s-nix/home-manager-warning" 2>/dev/null || : ;;',
      'esac',
    ] : []),
    '',
  ].join('\n');
}

/** A script that becomes the command that it is given, with the session variables of home-manager. */
export function sessionScript(profile: string): string {
  return [
    '# usage: session.sh COMMAND [ARGUMENT...]',
    '# Written by cdk8s-nix: what home-manager sets for sessions, for the command of a container.',
    ...sessionVariables(profile),
    'exec "$@"',
    '',
  ].join('\n');
}

function sessionVariables(profile: string): string[] {
  return [`if [ -r ${profile}/${SESSION_VARIABLES} ]; then . ${profile}/${SESSION_VARIABLES}; fi`];
}
