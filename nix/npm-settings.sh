# Joined by npx-wrapper.nix: what of npm's settings counts while an assistant is installed, and whether its registry can be had with them.
#
# Where packages come from, by which way and whom to trust there is for the user to say: in the environment, in ~/.npmrc, in the global npmrc. Anything
# else that npm can be told (what to leave out, which scripts to run, how old a version has to be) decides whether an installation is whole, and
# does not count. So what counts is named here, not what does not, and npm gets copies of those files with nothing else in them.
# shellcheck shell=bash
# shellcheck disable=SC2154
settings_that_count='registry|@[^=[:space:]]+:registry|//[^=]+|_auth|_authtoken|_password|username|email|always-auth'
settings_that_count="$settings_that_count|ca|ca\[\]|cafile|cert|key|strict-ssl|proxy|https-proxy|noproxy|replace-registry-host"

# Variables in any case, with _ for -, for some of which Bash has no name. Of two for one setting the last counts, so they are read in their order.
read_variables() {
  local entry key
  forgotten=() variables=()
  while IFS= read -r -d '' entry; do
    key=${entry%%=*}
    [[ ${key,,} == npm_config_* ]] || continue
    forgotten+=(-u "$key")
    key=${key:11}
    if [[ $key != //* ]]; then
      key=${key,,}
      key=${key/#_/.}
      key=${key//_/-}
      key=${key/#./_}
    fi
    [ -z "${entry#*=}" ] || variables+=("$key=${entry#*=}")
  done <"/proc/$$/environ"
}

trim() {
  trimmed=${1#"${1%%[![:space:]]*}"}
  trimmed=${trimmed%"${trimmed##*[![:space:]]}"}
}

# The last one of a file, as npm reads it.
# usage: read_npmrc FILE KEY      sets value
read_npmrc() {
  local line found=1
  [ -f "$1" ] && [ -r "$1" ] || return 1
  while IFS= read -r line || [ -n "$line" ]; do
    trim "$line"
    [[ $trimmed != '['* ]] || break
    [[ $trimmed == *=* && $trimmed != [';#']* ]] || continue
    line=$trimmed
    trim "${line%%=*}"
    trimmed=${trimmed#[\"\']}
    [ "${trimmed%[\"\']}" = "$2" ] || continue
    trim "${line#*=}"
    case $trimmed in
      [\"\']*) value=${trimmed:1:${#trimmed}-2} ;;
      *)
        trim "${trimmed%%[;#]*}"
        value=$trimmed
        ;;
    esac
    found=0
  done <"$1"
  return $found
}

# usage: look_up KEY      sets value and where it stands; both are empty where nobody says anything
look_up() {
  local entry file
  value='' stands=''
  for entry in "${variables[@]}"; do
    if [ "${entry%%=*}" = "$1" ]; then value=${entry#*=} stands="npm_config_${1//-/_}"; fi
  done
  for file in "$user_npmrc" "$global_npmrc"; do
    if [ -z "$stands" ] && read_npmrc "$file" "$1"; then stands="$1 in $file"; fi
  done
  # ${VARIABLE}; one that is not set stays as it is.
  while [[ $value =~ ^(.*)\$\{([A-Za-z_][A-Za-z0-9_]*)\}(.*)$ && -n ${!BASH_REMATCH[2]+set} ]]; do
    value=${BASH_REMATCH[1]}${!BASH_REMATCH[2]}${BASH_REMATCH[3]}
  done
  case $value in null | undefined) value= ;; esac
}

find_npmrcs() {
  user_npmrc='' global_npmrc=''
  look_up userconfig
  user_npmrc=${value:-${home:+$home/.npmrc}}
  look_up prefix
  global_npmrc=${PREFIX:-${value:-$nodejs}}/etc/npmrc
  look_up globalconfig
  global_npmrc=${value:-$global_npmrc}
  if [ -f "$user_npmrc" ] && [ ! -r "$user_npmrc" ]; then say "$user_npmrc cannot be read, and does not count"; fi
}

# usage: copy_npmrc FILE COPY      read by npm instead; a token may be in it
copy_npmrc() {
  (
    umask 077
    grep -iE "^[[:space:]]*(\[|[\"']?($settings_that_count)[\"']?[[:space:]]*=)" "$1" >"$2" 2>/dev/null || : >"$2"
  )
}

cannot_install() {
  discard "$logs"
  if [ -n "$broken" ]; then say "the installation in $broken is broken"; fi
  fail "cannot install $package@$version: $*"
}

# An address for people, without the password in it.
public() {
  local address=$1
  if [[ $address =~ ^([a-z0-9]+://)[^/]*@(.*)$ ]]; then address=${BASH_REMATCH[1]}${BASH_REMATCH[2]}; fi
  echo "$address"
}

# usage: require_address SCHEMES
require_address() {
  [[ $value =~ ^($1)://[^/?#[:space:]]+ ]] || cannot_install "'$(public "$value")' is no address such as https://host:port ($stands)"
}

find_registry() {
  value='' stands=''
  [[ $package != @* ]] || look_up "${package%%/*}:registry"
  [ -n "$value" ] || look_up registry
  # One that is empty npm takes for an address.
  if [ -z "$value$stands" ]; then value=https://registry.npmjs.org/ stands='the default'; fi
  require_address 'https?'
  registry=$value registry_stands=$stands
}

find_proxy() {
  local entry names=https_proxy
  [[ $registry == https:* ]] || names='https_proxy http_proxy proxy'
  look_up https-proxy
  [ -n "$value" ] || look_up proxy
  if [ "$value" = false ]; then value=; fi
  for name in $names; do
    while [ -z "$value" ] && IFS= read -r -d '' entry; do
      if [[ ${entry,,} == "$name="?* ]]; then value=${entry#*=} stands=${entry%%=*}; fi
    done <"/proc/$$/environ"
  done
  proxy=$value proxy_stands=$stands
  [ -z "$proxy" ] || require_address 'https?|socks|socks4|socks4a|socks5|socks5h'
}

# npm passes over what it cannot read there.
check_certificates() {
  local key
  look_up strict-ssl
  case $value in
    '' | true | false) ;;
    *) cannot_install "strict-ssl is true or false, not '$value' ($stands)" ;;
  esac
  trusted='NIX_SSL_CERT_FILE or NODE_EXTRA_CA_CERTS names a file of those that are'
  for key in ca cert key; do
    look_up "$key"
    case $value in
      '' | *BEGIN*) ;;
      *) cannot_install "the setting $key holds no PEM text, as it begins with -----BEGIN ($stands)" ;;
    esac
    [ "$key:$value" = ca: ] || [ "$key" != ca ] || trusted="only those in the setting ca are ($stands)"
    [ -z "$value" ] || [ "$key" = ca ] || identity="$stands"
  done
  look_up cafile
  [ -n "$value" ] || return 0
  # npm would look for it in the folder that it runs in.
  case $value in
    \~/*) value=$home/${value#??} ;;
    /*) ;;
    *) value=$PWD/$value ;;
  esac
  grep -qs 'BEGIN' "$value" || cannot_install "$value has no certificates, or cannot be read ($stands)"
  cafile=$value
  trusted="only those in $value are ($stands)"
}

# usage: npm_does SECONDS COMMAND ARGUMENT...      npx or npm, in a folder of its own, with what decides about completeness set
npm_does() {
  local seconds=$1 cpu=x64 entry key
  shift
  [ "${system%%-*}" = x86_64 ] || cpu=arm64
  local settings=("${forgotten[@]}")
  for entry in "${variables[@]}"; do
    if [[ ${entry%%=*} =~ ^($settings_that_count)$ ]]; then
      key=${entry%%=*}
      [[ $key == [/@]* ]] || key=${key//-/_}
      settings+=("npm_config_$key=${entry#*=}")
    fi
  done
  [ -z "$cafile" ] || settings+=("npm_config_cafile=$cafile")
  # The cache is named "npm", by which the assistants tell that npx runs them, and do not update themselves.
  settings+=(
    npm_config_cache="$part/npm" npm_config_userconfig="$part/npmrc" npm_config_globalconfig="$part/npmrc-global"
    npm_config_logs_dir="$logs" npm_config_update_notifier=false npm_config_loglevel=warn npm_config_audit=false npm_config_fund=false
    npm_config_allow_scripts="$package" npm_config_include=optional npm_config_script_shell="$BASH"
    npm_config_os=linux npm_config_cpu="$cpu" npm_config_workspaces=false
    npm_config_fetch_retries=3 npm_config_fetch_retry_factor=2 npm_config_fetch_retry_mintimeout=1000 npm_config_fetch_timeout=60000
  )
  # The packages' own scripts find ours as "node".
  (
    cd "$part" || exit
    PATH=$nodejs/bin:$PATH exec timeout --foreground "$seconds" env "${settings[@]}" "$@" </dev/null
  )
}

# Where the registry is, and the way to it, in words.
name_registry() {
  named="the registry $(public "$registry") ($registry_stands)"
  [ -z "$proxy" ] || named="$named through the proxy $(public "$proxy") ($proxy_stands)"
}

# npm itself is silent for a minute and more where no answer comes.
ask_registry() {
  local answer=$part/answer code status=0
  npm_does 8 npm ping --registry="$registry" --fetch-retries=0 >"$answer" 2>&1 || status=$?
  code=$(grep -oE -m 1 "code:? '?[A-Z_0-9]+" "$answer") || code=
  code=${code##*[ \']}
  case $status:$code in
    124:*) cannot_install "no answer for 8 seconds from $named" ;;
    *CERT* | *:UNABLE_TO_* | *:ERR_TLS* | *:ERR_SSL*)
      cannot_install "the certificate of $named is not trusted ($code); $trusted"
      ;;
    *:ERR_OSSL*) cannot_install "the settings cert and key cannot be used ($code; ${identity:-$trusted})" ;;
    *:ENOTFOUND | *:EAI_* | *:ECONN* | *:ETIMEDOUT | *:ENET* | *:EHOST* | *:EPIPE | *:EPROTO | *:ERR_SOCKET* | *:ERR_STREAM* | *:EINVAL* | *:ERR_INVALID*)
      cannot_install "$named does not answer ($code); npm_config_registry names another one, https_proxy a proxy"
      ;;
  esac
  # Anything else is an answer: not every mirror knows this question.
}

settle_npm() {
  cafile='' identity=''
  read_variables
  find_npmrcs
  find_registry
  find_proxy
  check_certificates
  name_registry
  copy_npmrc "$user_npmrc" "$part/npmrc"
  copy_npmrc "$global_npmrc" "$part/npmrc-global"
  # The folder is a project of its own: one around it, as a home that has a package.json, is none of its.
  echo '{}' >"$part/package.json"
}
