#!/bin/sh
# Puts a command where npx would install it, and records arguments, folder and environment.
set -eu
echo "npx $* in $PWD with npm_config_cache=${npm_config_cache:?}" >>"$NPX_RECORD"
env | grep -i '^npm_config_' | sort >"$NPX_RECORD.settings"
echo "node: $(command -v node)" >>"$NPX_RECORD.settings"
mkdir -p "${npm_config_logs_dir:?}"
echo "${NPX_LOG:-silly}" >"$npm_config_logs_dir/0-debug-0.log"
[ -z "${NPX_FAILS:-}" ] || { echo 'npm error network' >&2; exit 1; }
bin=$npm_config_cache/_npx/0123456789abcdef/node_modules/.bin
mkdir -p "$bin" "$npm_config_cache/_cacache"
cat >"$bin/$NPX_INSTALLS" <<END
#!/bin/sh
${NPX_INSTALLS_STUB:+echo "native binary not installed"; exit 1}
echo "$NPX_INSTALLS runs with \$# arguments: \$*"
echo "process \$\$, DISABLE_AUTOUPDATER=\${DISABLE_AUTOUPDATER:-}"
echo "certificates \${NODE_EXTRA_CA_CERTS:-none} \${CODEX_CA_CERTIFICATE:-none}"
END
echo '// one of many' >"$bin/../chunk.js"
# As big as what the proof remembers the size of.
dd if=/dev/zero of="$bin/../program" bs=1M count=2 2>/dev/null
if [ -n "${NPX_PAUSE:-}" ]; then
  touch "$NPX_PAUSE"
  # Until a file is there, or it is killed.
  seconds=0
  until [ -e "${NPX_GOES_ON:-/nowhere}" ] || [ "$seconds" = 60 ]; do sleep 1; seconds=$((seconds + 1)); done
fi
chmod +x "$bin/$NPX_INSTALLS"
