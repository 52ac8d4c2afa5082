/**
 * The settings of nix.conf in Nix 2.8 to 2.34, as `nix show-config` and the manual list them.
 * A name that is not here is a typing mistake, or belongs into `extraLines`.
 */
export const KNOWN_SETTINGS: ReadonlySet<string> = new Set([
  'abort-on-warn', 'accept-flake-config', 'access-tokens', 'allow-dirty', 'allow-dirty-locks', 'allow-import-from-derivation',
  'allow-new-privileges', 'allow-symlinked-store', 'allow-unsafe-native-code-during-evaluation', 'allowed-impure-host-deps',
  'allowed-uris', 'allowed-users', 'always-allow-substitutes', 'auto-allocate-uids', 'auto-optimise-store', 'bash-prompt',
  'bash-prompt-prefix', 'bash-prompt-suffix', 'build-dir', 'build-hook', 'build-poll-interval', 'build-users-group', 'builders',
  'builders-use-substitutes', 'commit-lock-file-summary', 'commit-lockfile-summary', 'compress-build-log', 'connect-timeout', 'cores',
  'debugger-on-trace', 'debugger-on-warn', 'diff-hook', 'download-attempts', 'download-buffer-size', 'download-speed',
  'enforce-determinism', 'eval-cache', 'eval-cores', 'eval-profile-file', 'eval-profiler', 'eval-profiler-frequency', 'eval-system',
  'experimental-features', 'extra-platforms', 'fallback', 'filter-syscalls', 'flake-registry', 'fsync-metadata', 'fsync-store-paths',
  'gc-reserved-space', 'hashed-mirrors', 'http-connections', 'http2', 'id-count', 'ignore-try', 'ignored-acls', 'impersonate-linux-26',
  'json-log-path', 'keep-build-log', 'keep-derivations', 'keep-env-derivations', 'keep-failed', 'keep-going', 'keep-outputs',
  'lazy-trees', 'lint-url-literals', 'log-lines', 'max-build-log-size', 'max-call-depth', 'max-free', 'max-jobs', 'max-silent-time',
  'max-substitution-jobs', 'min-free', 'min-free-check-interval', 'nar-buffer-size', 'narinfo-cache-negative-ttl',
  'narinfo-cache-positive-ttl', 'netrc-file', 'nix-path', 'nix-shell-always-looks-for-shell-nix', 'nix-shell-shebang-arguments-relative-to-script',
  'plugin-files', 'post-build-hook', 'pre-build-hook', 'preallocate-contents', 'print-missing', 'pure-eval', 'repeat', 'require-drop-supplementary-groups',
  'require-sigs', 'restrict-eval', 'run-diff-hook', 'sandbox', 'sandbox-build-dir', 'sandbox-dev-shm-size', 'sandbox-fallback',
  'sandbox-paths', 'secret-key-files', 'show-trace', 'ssl-cert-file', 'stalled-download-timeout', 'start-id', 'store', 'substitute',
  'substituters', 'sync-before-registering', 'system', 'system-features', 'tarball-ttl', 'timeout', 'trace-function-calls',
  'trace-import-from-derivation', 'trace-verbose', 'trust-tarballs-from-git-forges', 'trusted-public-keys', 'trusted-substituters',
  'trusted-users', 'upgrade-nix-store-path-url', 'use-case-hack', 'use-cgroups', 'use-registries', 'use-sqlite-wal', 'use-xdg-base-directories',
  'user-agent-suffix', 'warn-dirty', 'warn-large-path-threshold', 'warn-short-path-literals',
]);

/** What the library decides itself, each with the reason. */
export const OWN_SETTINGS: { readonly [name: string]: string } = {
  'sandbox': 'the build sandbox needs namespaces that a restricted pod does not have',
  'sandbox-fallback': 'the sandbox is off',
  'filter-syscalls': 'seccomp filters cannot be added in every container',
  'build-users-group': 'single-user Nix has no build users',
  'netrc-file': 'use the prop `netrc`, which mounts a Secret',
  'access-tokens': 'use the prop `accessTokens`, which keeps the tokens in a Secret',
  'ssl-cert-file': 'the environment sets NIX_SSL_CERT_FILE',
  'require-sigs': 'signature checks stay on',
};
