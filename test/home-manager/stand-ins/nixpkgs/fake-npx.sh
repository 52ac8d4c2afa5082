#!/bin/sh
# Puts a command where npx would install it, and records arguments, folder and environment.
set -eu
echo "npx $* in $PWD with npm_config_cache=${npm_config_cache:?}" >>"$NPX_RECORD"
echo "scripts: ignore=${npm_config_ignore_scripts:-} allow=${npm_config_allow_scripts:-}; node: $(command -v node)" >>"$NPX_RECORD.settings"
[ -z "${NPX_FAILS:-}" ] || { echo 'npm error network' >&2; exit 1; }
bin=$npm_config_cache/_npx/0123456789abcdef/node_modules/.bin
mkdir -p "$bin" "$npm_config_cache/_cacache"
cat >"$bin/$NPX_INSTALLS" <<END
#!/bin/sh
${NPX_INSTALLS_STUB:+echo "native binary not installed"; exit 1}
echo "$NPX_INSTALLS runs with \$# arguments: \$*"
echo "DISABLE_AUTOUPDATER=\${DISABLE_AUTOUPDATER:-}"
END
if [ -n "${NPX_PAUSE:-}" ]; then
  touch "$NPX_PAUSE"
  sleep 60
fi
chmod +x "$bin/$NPX_INSTALLS"
