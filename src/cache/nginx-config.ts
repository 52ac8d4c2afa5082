import { Duration, Size } from 'cdk8s';
import { decimalsFrom } from '../base/decimal-pattern';

/** One binary cache behind ours. */
export interface NginxUpstream {
  /** The folder it is served under: plain letters, digits, "." and "-". */
  readonly name: string;
  /** Where it is: `https://host[:port][/path]`, without a slash at the end. */
  readonly url: string;
}

/** What nginx.conf is made from. */
export interface NginxCacheSettings {
  readonly upstreams: NginxUpstream[];
  readonly port: number;
  /** Where the cache volume is mounted. */
  readonly cacheDir: string;
  /** A writable folder outside of the volume, shared with `start-binary-cache.sh`. */
  readonly runDir: string;
  /** The certificates upstreams are checked against. */
  readonly caFile: string;
  readonly maxSize: Size;
  readonly minFree: Size;
  /** Answers larger than this are passed on without being stored. */
  readonly largestObject: Size;
  /** Memory for the index of the cache, which bounds the number of objects: about 8000 for each MiB. */
  readonly indexSize: Size;
  readonly hitTtl: Duration;
  readonly missTtl: Duration;
  readonly unusedFor: Duration;
  readonly priority: number;
}

/** Below the five minutes without a byte after which Nix gives a download up. */
const LOCK_TIMEOUT = '4m';

/** What an upstream says when it has no such path: S3 says 403 to those who may not list. */
const MISSES = '403 404 410';

/**
 * The nginx.conf of a binary cache that stores what it has fetched from its upstreams.
 *
 * One folder for each upstream: its narinfo files and its NARs stay together, its 404 is not hidden by the failure of another one,
 * and Nix, which asks its substituters in order anyway, does the falling back.
 */
export function renderNginxConfig(settings: NginxCacheSettings): string {
  return `${[
    '# Written by cdk8s-nix.',
    'worker_processes 2;',
    `pid ${settings.runDir}/nginx.pid;`,
    'error_log stderr warn;',
    '',
    'events {',
    '  worker_connections 4096;',
    '}',
    '',
    'http {',
    ...indent([
      ...renderClientSide(settings),
      '',
      ...renderUpstreamSide(settings),
      '',
      ...renderStorage(settings),
      '',
      ...renderRedirects(),
      '',
      'server {',
      ...indent(renderServer(settings)),
      '}',
    ]),
    '}',
  ].join('\n')}\n`;
}

function renderClientSide({ runDir }: NginxCacheSettings): string[] {
  return [
    'log_format cache \'$time_iso8601 $remote_addr "$request" $status $body_bytes_sent ${request_time}s $upstream_cache_status\';',
    'access_log /dev/stdout cache;',
    'server_tokens off;',
    'default_type application/octet-stream;',
    'sendfile on;',
    'tcp_nopush on;',
    'keepalive_requests 10000;',
    '# Nothing is uploaded, and nothing is passed on through a file; nginx makes the folders all the same.',
    'client_max_body_size 1k;',
    ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${runDir}/${kind};`),
  ];
}

function renderUpstreamSide({ runDir, caFile }: NginxCacheSettings): string[] {
  return [
    '# The name servers of the pod. Addresses given as variables are looked up when they are needed: an upstream may move, or be down at start.',
    `include ${runDir}/resolver.conf;`,
    'proxy_ssl_verify on;',
    'proxy_ssl_verify_depth 5;',
    'proxy_ssl_server_name on;',
    'proxy_ssl_protocols TLSv1.2 TLSv1.3;',
    `proxy_ssl_trusted_certificate ${caFile};`,
    'proxy_http_version 1.1;',
    'proxy_set_header Connection "";',
    'proxy_set_header User-Agent cdk8s-nix-binary-cache;',
    'resolver_timeout 10s;',
    'proxy_connect_timeout 10s;',
    'proxy_read_timeout 60s;',
    '# All clients share the answers, so nothing of one client may shape them: no credentials, no encodings.',
    'proxy_pass_request_headers off;',
    'proxy_pass_request_body off;',
    'proxy_hide_header Set-Cookie;',
    'proxy_ignore_headers Cache-Control Expires Set-Cookie Vary X-Accel-Buffering X-Accel-Charset X-Accel-Expires X-Accel-Limit-Rate X-Accel-Redirect;',
  ];
}

function renderStorage(settings: NginxCacheSettings): string[] {
  return [
    '# use_temp_path=off: half a download lies on the volume, where it is renamed into place.',
    `proxy_cache_path ${settings.cacheDir} levels=1:2 use_temp_path=off keys_zone=nix:${mebibytes(settings.indexSize)}`
      + ` max_size=${mebibytes(settings.maxSize)} min_free=${mebibytes(settings.minFree)} inactive=${seconds(settings.unusedFor)};`,
    'proxy_cache nix;',
    'proxy_cache_key $upstream_url;',
    '# Many pods that ask for one path make one download. The others wait for it.',
    'proxy_cache_lock on;',
    `proxy_cache_lock_age ${LOCK_TIMEOUT};`,
    `proxy_cache_lock_timeout ${LOCK_TIMEOUT};`,
    '# Not "updating": it would answer the first question after a quiet day with the 404 of yesterday.',
    'proxy_cache_use_stale error timeout invalid_header http_429 http_500 http_502 http_503 http_504;',
    'proxy_cache_revalidate on;',
    '# Storing on a full disk would cut the answer off: pass on what may not fit.',
    'map $upstream_http_content_length $too_large {',
    '  volatile;',
    '  default "";',
    `  "~${decimalsFrom(settings.largestObject.toKibibytes() * 1024 + 1)}" 1;`,
    '}',
    'proxy_no_cache $disk_full $too_large;',
    'proxy_max_temp_file_size 0;',
    '# A download that was cut off goes on where it ended, stored or not.',
    'proxy_force_ranges on;',
  ];
}

/** Caches that keep their NARs in a bucket answer with a redirect to a signed address, which has to be stored like an answer of their own. */
function renderRedirects(): string[] {
  return [
    'proxy_intercept_errors on;',
    'map $upstream_http_location $redirect_target {',
    '  volatile;',
    '  default "";',
    '  "~^https?://" $upstream_http_location;',
    '  "~^/(?!/)" $upstream_origin$upstream_http_location;',
    '}',
  ];
}

function renderServer(settings: NginxCacheSettings): string[] {
  const { runDir, port, upstreams } = settings;
  return [
    `listen ${port};`,
    'set $disk_full "";',
    `if (-f ${runDir}/disk-full) {`,
    '  set $disk_full 1;',
    '}',
    'if ($request_method !~ ^(GET|HEAD)$) {',
    '  return 405;',
    '}',
    'recursive_error_pages on;',
    'error_page 502 504 = @unreachable;',
    '# A name that cannot be looked up is no error that use_stale knows: ask nobody, which is one.',
    'location @unreachable {',
    '  proxy_cache_lock off;',
    '  error_page 502 504 = @missing;',
    `  proxy_pass http://unix:${runDir}/nobody;`,
    '}',
    'location @missing {',
    '  default_type text/plain;',
    '  return 502 "not in this cache, and its upstream cannot be reached: $upstream_url\\n";',
    '}',
    'location = /healthz {',
    '  access_log off;',
    '  default_type text/plain;',
    '  return 200 "ok\\n";',
    '}',
    'location / {',
    '  return 404;',
    '}',
    ...renderKinds(settings).flatMap(kind => [`location ${kind.redirect} {`, ...indent([...kind.validity, 'set $redirect_url $redirect_target;', 'proxy_pass $redirect_url;']), '}']),
    ...upstreams.flatMap(upstream => renderUpstream(upstream, settings)),
  ];
}

/** NARs never change; what describes them may. */
interface ObjectKind {
  readonly pattern: string;
  readonly validity: string[];
  readonly redirect: string;
}

function renderKinds({ hitTtl, missTtl }: NginxCacheSettings): ObjectKind[] {
  const validity = (hits: string): string[] => [`proxy_cache_valid 200 ${hits};`, `proxy_cache_valid ${MISSES} ${seconds(missTtl)};`];
  return [
    { pattern: 'nar/[A-Za-z0-9._+=/-]+', validity: validity('365d'), redirect: '@redirected_nar' },
    { pattern: '[A-Za-z0-9][A-Za-z0-9._+=:!~/-]*', validity: validity(seconds(hitTtl)), redirect: '@redirected' },
  ];
}

function renderUpstream(upstream: NginxUpstream, settings: NginxCacheSettings): string[] {
  const pathOf = (pattern: string): string => `"^/${upstream.name.replace(/\./g, '\\.')}/(?<object>${pattern})$"`;
  return [
    '',
    `# ${upstream.url}`,
    `location = /${upstream.name}/nix-cache-info {`,
    '  default_type text/x-nix-cache-info;',
    `  return 200 "StoreDir: /nix/store\\nWantMassQuery: 1\\nPriority: ${settings.priority}\\n";`,
    '}',
    ...renderKinds(settings).flatMap(kind => [
      `location ~ ${pathOf(kind.pattern)} {`,
      ...indent([
        `set $upstream_origin "${new URL(upstream.url).origin}";`,
        // Not $uri: decoded, it may hold line ends. The pattern lets plain characters through only.
        `set $upstream_url "${upstream.url}/$object$is_args$args";`,
        ...kind.validity,
        `error_page 301 302 303 307 308 = ${kind.redirect};`,
        // Naming an error_page here hides those of the server.
        'error_page 502 504 = @unreachable;',
        'proxy_pass $upstream_url;',
      ]),
      '}',
    ]),
  ];
}

function indent(lines: string[]): string[] {
  return lines.map(line => line === '' ? '' : `  ${line}`);
}

function mebibytes(size: Size): string {
  return `${Math.floor(size.toKibibytes() / 1024)}m`;
}

function seconds(duration: Duration): string {
  return `${duration.toSeconds()}s`;
}
