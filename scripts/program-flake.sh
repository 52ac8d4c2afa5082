#!/bin/sh
# shellcheck disable=SC2154 # it shares its variables with who sources it
# What nix run would run of a flake, and whether the flake is the same tomorrow.
# Sourced by bring-programs.sh.
#
# The flake is locked first, and what is evaluated then is that alone, in pure mode: Nix neither asks what moves, nor writes a flake.lock.

# The answer's first line is what is run, the others what has to be realised for it. An app says the whole path, a package its main program. Of the
# places where nix run looks, the first counts that is there.
# shellcheck disable=SC2016 # Nix expands it
DESCRIBE='let
  inherit (builtins.getFlake flake) outputs;
  at = builtins.foldl'"'"' (found: name: if found ? value && builtins.isAttrs found.value && found.value ? ${name} then { value = found.value.${name}; } else { }) { value = outputs; };
  there = builtins.filter (found: found ? value) (map at places);
  names = kind: builtins.attrNames (outputs.${kind}.${system} or { });
  known = builtins.concatStringsSep ", " (names "apps" ++ names "packages");
  missing = throw "it has no app or package ${what} for ${system}; it has: ${if known == "" then "none" else known}";
  value = if there == [ ] then missing else (builtins.head there).value;
  type = value.type or "";
  package = if output == "" then value else value.${output} or (throw "the package has no output ${output}");
  main = value.meta.mainProgram or value.pname or (builtins.parseDrvName value.name).name;
  run = if type == "app" then value.program else if type == "derivation" then "${package}/bin/${main}" else throw "${what} is neither an app nor a package";
  context = builtins.getContext run;
  realise = path: map (output: "${path}!${output}") (context.${path}.outputs or [ ]);
in builtins.concatStringsSep "\n" ([ (builtins.unsafeDiscardStringContext run) ] ++ builtins.concatMap realise (builtins.attrNames context))'

# usage: quote TEXT      sets $quoted to what is that text to Nix
quote() {
  left=$1 quoted=
  while [ -n "$left" ]; do
    tail=${left#?}
    first=${left%"$tail"} left=$tail
    case $first in '"' | \\ | '$') quoted=$quoted\\$first ;; *) quoted=$quoted$first ;; esac
  done
  quoted=\"$quoted\"
}

# usage: list_names ATTRIBUTE      sets $names to a list of Nix; a part of the attribute in quotes may have dots
list_names() {
  names='' part='' in_quotes=no characters=$1.
  while [ -n "$characters" ]; do
    beyond=${characters#?}
    character=${characters%"$beyond"} characters=$beyond
    case $in_quotes$character in
      no'"') in_quotes=yes ;;
      yes'"') in_quotes=no ;;
      no.)
        quote "$part"
        names="$names $quoted" part=
        ;;
      *) part=$part$character ;;
    esac
  done
  # One that nobody has closed.
  [ "$in_quotes" = no ] || { quote "${part%.}" && names="$names $quoted"; }
  names="[$names ]"
}

# Sets $places, where nix run looks, in its order. A command of the container's own is one of the package, whatever app has the package's name.
list_places() {
  case $attribute in
    '')
      what='"default"'
      apps="[ \"apps\" system \"default\" ] [ \"defaultApp\" system ]"
      packages="[ \"packages\" system \"default\" ] [ \"defaultPackage\" system ]"
      ;;
    # As it is.
    .*)
      quote "${attribute#.}" && what=$quoted
      list_names "${attribute#.}"
      apps=$names packages=''
      ;;
    *)
      quote "$attribute" && what=$quoted
      list_names "$attribute"
      apps="([ \"apps\" system ] ++ $names)"
      packages="([ \"packages\" system ] ++ $names) ([ \"legacyPackages\" system ] ++ $names) $names"
      ;;
  esac
  if [ "$kind" = closure ]; then places="[ $packages $apps ]"; else places="[ $apps $packages ]"; fi
}

# Nix answers in $work/description.
describe_flake() {
  flake=${reference%%#*} attribute=${reference#"${reference%%#*}"} named=''
  attribute=${attribute#'#'}
  case $attribute in *^*) named=${attribute#*^} attribute=${attribute%%^*} ;; esac
  lock_flake
  list_places
  quote "$resolved"
  expression="let flake = $quoted; what = $what; places = $places;"
  # Of several outputs the first, of all (*) the one that Nix takes.
  quote "${named%%[,*]*}"
  expression="$expression output = $quoted; system = \"$system\"; in $DESCRIBE"
  run_nix "$work/description" "$work/errors" nix --extra-experimental-features 'nix-command flakes' eval --raw --expr "$expression"
  [ "$status" != 0 ] || return 0
  refuse_to_build
  refuse_unlocked
  die 53 "$name: $reference cannot be evaluated: $(last_error "$work/errors")"
}

# Sets $resolved, the revision that the reference stands for, and the hash of its sources: also for people who want to know what runs.
lock_flake() {
  read_flake --no-update-lock-file
  [ "$status" = 0 ] || refuse_unlocked
  [ "$status" = 0 ] || die 53 "$name: $reference cannot be evaluated: $(last_error "$work/errors")"
  resolved=$(cat "$work/metadata")
  resolved=${resolved##*'"url":"'}
  resolved=${resolved%%\"*}
}

# usage: read_flake OPTION
read_flake() {
  run_nix "$work/metadata" "$work/errors" nix --extra-experimental-features 'nix-command flakes' flake metadata --json "$1" -- "$flake"
}

# What an input is that no flake.lock holds depends on the day.
refuse_unlocked() {
  case $(cat "$work/errors") in *'lock file'* | *'unlocked flake input'* | *'in pure mode'*) ;; *) return 0 ;; esac
  read_flake --no-write-lock-file
  inputs=
  while IFS= read -r message; do
    case $message in
      *"Added input '"* | *"Updated input '"*)
        message=${message#*" input '"}
        inputs="$inputs${inputs:+, }${message%%\'*}"
        ;;
    esac
  done <"$work/errors"
  die 53 "$name: $reference is not pinned: its flake.lock is missing or does not hold what its flake.nix names${inputs:+ ($inputs)}. Run nix flake lock in it and commit flake.lock; if it is not yours, make it an input of a flake that is"
}
