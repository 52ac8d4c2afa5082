/** What nix.conf can hold as the value of a setting. */
export type SettingKind = 'list' | 'number' | 'boolean' | 'text';

const LISTS = [
  'access-tokens', 'allowed-impure-host-deps', 'allowed-uris', 'allowed-users', 'experimental-features', 'extra-platforms', 'hashed-mirrors', 'ignored-acls',
  'nix-path', 'plugin-files', 'sandbox-paths', 'secret-key-files', 'substituters', 'system-features', 'trusted-public-keys', 'trusted-substituters',
  'trusted-users',
];

const NUMBERS = [
  'build-poll-interval', 'connect-timeout', 'cores', 'download-attempts', 'download-buffer-size', 'download-speed', 'eval-cores', 'eval-profiler-frequency',
  'gc-reserved-space', 'http-connections', 'id-count', 'log-lines', 'max-build-log-size', 'max-call-depth', 'max-free', 'max-jobs', 'max-silent-time',
  'max-substitution-jobs', 'min-free', 'min-free-check-interval', 'nar-buffer-size', 'narinfo-cache-negative-ttl', 'narinfo-cache-positive-ttl', 'repeat',
  'stalled-download-timeout', 'start-id', 'tarball-ttl', 'timeout', 'warn-large-path-threshold',
];

const BOOLEANS = [
  'abort-on-warn', 'accept-flake-config', 'allow-dirty', 'allow-dirty-locks', 'allow-import-from-derivation', 'allow-new-privileges',
  'allow-symlinked-store', 'allow-unsafe-native-code-during-evaluation', 'always-allow-substitutes', 'auto-allocate-uids', 'auto-optimise-store',
  'builders-use-substitutes', 'compress-build-log', 'debugger-on-trace', 'debugger-on-warn', 'enforce-determinism', 'eval-cache', 'fallback',
  'filter-syscalls', 'fsync-metadata', 'fsync-store-paths', 'http2', 'ignore-try', 'impersonate-linux-26', 'keep-build-log', 'keep-derivations',
  'keep-env-derivations', 'keep-failed', 'keep-going', 'keep-outputs', 'lazy-trees', 'nix-shell-always-looks-for-shell-nix',
  'nix-shell-shebang-arguments-relative-to-script', 'preallocate-contents', 'print-missing', 'pure-eval', 'require-drop-supplementary-groups',
  'require-sigs', 'restrict-eval', 'run-diff-hook', 'sandbox-fallback', 'show-trace', 'substitute', 'sync-before-registering', 'trace-function-calls',
  'trace-import-from-derivation', 'trace-verbose', 'trust-tarballs-from-git-forges', 'use-case-hack', 'use-cgroups', 'use-registries', 'use-sqlite-wal',
  'use-xdg-base-directories', 'warn-dirty', 'warn-short-path-literals',
];

const TEXTS = [
  'bash-prompt', 'bash-prompt-prefix', 'bash-prompt-suffix', 'build-dir', 'build-hook', 'build-users-group', 'builders', 'commit-lock-file-summary',
  'commit-lockfile-summary', 'diff-hook', 'eval-profile-file', 'eval-profiler', 'eval-system', 'flake-registry', 'json-log-path', 'lint-url-literals',
  'netrc-file', 'post-build-hook', 'pre-build-hook', 'sandbox', 'sandbox-build-dir', 'sandbox-dev-shm-size', 'ssl-cert-file', 'store', 'system',
  'upgrade-nix-store-path-url', 'user-agent-suffix',
];

/**
 * The settings of nix.conf in Nix 2.8 to 2.34, as `nix show-config` and the manual list them.
 * A name that is not here is a typing mistake, or belongs into `extraLines`.
 */
export const KNOWN_SETTINGS: ReadonlyMap<string, SettingKind> = new Map([
  ...LISTS.map((name): [string, SettingKind] => [name, 'list']),
  ...NUMBERS.map((name): [string, SettingKind] => [name, 'number']),
  ...BOOLEANS.map((name): [string, SettingKind] => [name, 'boolean']),
  ...TEXTS.map((name): [string, SettingKind] => [name, 'text']),
]);

/** Names of long ago, which Nix still reads. */
export const OLD_NAMES: { readonly [name: string]: string } = {
  'binary-cache-public-keys': 'trusted-public-keys',
  'binary-caches': 'substituters',
  'binary-caches-parallel-connections': 'http-connections',
  'build-chroot-dirs': 'sandbox-paths',
  'build-compress-log': 'compress-build-log',
  'build-cores': 'cores',
  'build-fallback': 'fallback',
  'build-impersonate-linux-26': 'impersonate-linux-26',
  'build-keep-log': 'keep-build-log',
  'build-max-jobs': 'max-jobs',
  'build-max-log-size': 'max-build-log-size',
  'build-max-silent-time': 'max-silent-time',
  'build-repeat': 'repeat',
  'build-sandbox-paths': 'sandbox-paths',
  'build-timeout': 'timeout',
  'build-use-chroot': 'sandbox',
  'build-use-sandbox': 'sandbox',
  'build-use-substitutes': 'substitute',
  'env-keep-derivations': 'keep-env-derivations',
  'gc-keep-derivations': 'keep-derivations',
  'gc-keep-outputs': 'keep-outputs',
  'trusted-binary-caches': 'trusted-substituters',
};

/** What the library decides itself, each with the reason. */
export const OWN_SETTINGS: { readonly [name: string]: string } = {
  'sandbox': 'the build sandbox needs namespaces that a restricted pod does not have',
  'sandbox-fallback': 'the sandbox is off',
  'filter-syscalls': 'seccomp filters cannot be added in every container',
  'build-users-group': 'single-user Nix has no build users',
  'auto-allocate-uids': 'single-user Nix has no build users',
  'netrc-file': 'use the prop `netrc`, which mounts a Secret',
  'access-tokens': 'use the prop `accessTokens`, which keeps the tokens in a Secret',
  'ssl-cert-file': 'the environment sets NIX_SSL_CERT_FILE',
  'require-sigs': 'signature checks stay on',
  'store': 'the store is the volume of the environment, at /nix',
  'state': 'the state of Nix is on the volume of the environment, in /nix/var',
  'use-sqlite-wal': 'it follows the store, since all that write to one database must agree',
  'use-xdg-base-directories': 'PATH and the profiles of the home are where Nix has them without it',
};

/** Settings whose value is a secret: it is not repeated in messages. */
export const SECRET_SETTINGS: ReadonlySet<string> = new Set(['access-tokens']);
