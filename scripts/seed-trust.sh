#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# Why Nix trusts the paths that are brought, which --load-db does not take: signatures, and what it has built itself or knows by its content.
# Sourced by seed-nix-store.sh.

# What --load-db cannot take: why Nix trusts the paths. In the background from before they are registered on, where what becomes of that can be told.
ask_for_trust() {
  [ "$fresh" = no ] && [ -s "$work/missing" ] && [ -p "$work/loaded" ] || return 0
  start_trust later
}

# usage: tell_of_registration yes|no      whether it has taken place
tell_of_registration() {
  echo "$1" >"$work/loaded" &
  helpers="$helpers $!"
}

start_trust() {
  open_image
  # What fails there is told by how it ends.
  bring_trust "$1" 8>&- 9>&- 2>/dev/null &
  helpers="$helpers $!" trusting=$!
}

# Signatures can be brought afterwards. That a path was built by the Nix that has it, or is known by its content, nobody but that Nix can say. A store without all
# this works, so failing here is no failure.
# usage: bring_trust WHEN      the paths are registered: now or later
bring_trust() {
  trap - EXIT TERM USR1
  built=0 addressed=0 loaded=yes unsigned=no
  true >"$work/derivations"
  with_missing print_askable >"$work/askable"
  [ ! -s "$work/pending" ] || { in_chunks "$work/pending" print_askable >>"$work/askable" && rm -f "$work/reasons"; }
  if [ -e "$work/reasons" ] || list_reasons; then
    in_chunks "$work/reasons" weigh_reasons >"$work/signed"
  else
    cat "$work/askable" >"$work/signed"
  fi
  ! wants_repair || list_signed_before >>"$work/signed"
  list_signed_derivations
  signed=no
  [ ! -s "$work/signed" ] || signed=yes
  [ "$1" = now ] || start_signing
  [ "$loaded" = yes ] || return 0
  if [ "$signed" = yes ]; then copy_signatures "$work/signed" || unsigned=yes; fi
  if [ -s "$work/signed-derivations" ] && [ "$unsigned" = no ]; then copy_signatures "$work/signed-derivations" --derivation || unsigned=yes; fi
  [ "$unsigned" = no ] || say_unsigned "$(tail -n 1 "$work/signatures")"
  [ $((built + addressed)) = 0 ] || say trust "of the new paths the image has built $built itself (ultimate) and knows $addressed by their content (ca), which only the \
first seed of a volume can bring, as what such derivations have become (realisations): nix store verify trusts them no more, unless they are signed" "ultimate=$built" "ca=$addressed"
}

# usage: print_askable NAME...      Derivations are asked for by themselves. They are known by their content.
print_askable() {
  for name; do
    case $name in
      *.drv) addressed=$((addressed + 1)) && printf '/nix/store/%s\n' "$name" >>"$work/derivations" ;;
      *) printf '/nix/store/%s\n' "$name" ;;
    esac
  done
}

# Some Nix does not say so. (Where it has been asked for sizes, it has said that too.)
list_reasons() {
  image_url
  in_chunks "$work/askable" nix_command path-info --sigs --store "$image_url" >"$work/trust" && mv "$work/trust" "$work/reasons"
}

# Some Nix takes the name of a derivation for what that builds unless it is told otherwise, and what is told that takes a path for what it was built by.
list_signed_derivations() {
  cat "$work/derivations" >"$work/signed-derivations"
  [ -s "$work/derivations" ] || return 0
  image_url
  # In a shell of its own, which counts for itself.
  if in_chunks "$work/derivations" nix_command path-info --derivation --sigs --store "$image_url" >"$work/trust"; then
    (in_chunks "$work/trust" weigh_reasons) >"$work/signed-derivations"
  fi
}

# What the volume had already keeps what is known of it there. The image may have signatures for it too; to ask for these takes as long as all the rest of an
# upgrade, so it is done where everything is looked at.
list_signed_before() {
  comm -23 "$work/names" "$work/missing" >"$work/known"
  # In a shell of its own, which counts for itself.
  (in_chunks "$work/known" print_askable >"$work/askable" && list_reasons && in_chunks "$work/reasons" weigh_reasons) || true
}

# --- what a killed one has left to be done -------------------------------------------------------------------------

# Who is killed between the registration and the signatures leaves paths that nobody would look at again. So their names are on the volume before.
note_unsigned() {
  : >"$work/pending"
  if [ -s "$ours/unsigned" ]; then
    comm -12 "$ours/unsigned" "$work/names" | comm -23 - "$work/missing" >"$work/pending"
    sort -u "$work/missing" "$ours/unsigned" >"$mine/unsigned"
  elif [ -s "$work/missing" ]; then
    cat "$work/missing" >"$mine/unsigned"
  else
    return 0
  fi
  mv -T -f "$mine/unsigned" "$ours/unsigned"
}

# What is of another image stays noted.
forget_unsigned() {
  [ "$trust_is_due" = no ] && [ -s "$ours/unsigned" ] && comm -23 "$ours/unsigned" "$work/names" >"$mine/unsigned" || return 0
  if [ -s "$mine/unsigned" ]; then mv -T -f "$mine/unsigned" "$ours/unsigned"; else mv -f "$ours/unsigned" "$mine/signed"; fi
}

# usage: weigh_reasons [PATH [REASON]...]...      adds to $built and $addressed, and prints the signed ones
weigh_reasons() {
  path=
  for word; do
    case $word in
      /nix/store/*) path=$word ;;
      ultimate) built=$((built + 1)) ;;
      ca:fixed:* | ca:text:*) addressed=$((addressed + 1)) ;;
      *)
        [ -z "$path" ] || echo "$path"
        path=
        ;;
    esac
  done
}

# Nix takes longer to start than to bring a few signatures. So it is started while the paths are still being registered, and waits for its settings, which it
# reads before it opens a store. One that does not, since it is too old for such settings, may have been too fast, and is asked again.
start_signing() {
  signing=
  if [ "$signed" = yes ] && [ -n "$few_names" ] && [ -p "$work/permission" ]; then
    (export NIX_USER_CONF_FILES="$work/settings" && copy_signatures "$work/signed") &
    signing=$!
  fi
  read -r loaded <"$work/loaded"
  [ -n "$signing" ] || return 0
  # Who reads them once more, as a script around Nix may, does not wait again. To open it takes until Nix does.
  rm -f "$work/settings"
  : >"$work/permission" &
  permission=$!
  ! wait "$signing" || signed=no
  kill "$permission" 2>/dev/null || true
}

# What it needs may have had no room in TMPDIR.
await_trust() {
  [ -z "$trusting" ] || wait "$trusting" || { say_unsigned && trust_is_due=yes; }
  trusting=
}

# usage: say_unsigned [REASON]
say_unsigned() {
  say signatures "signatures were not brought, so nix copy from this store may be refused: ${1:-is TMPDIR ($TMPDIR) full?}"
}

# usage: copy_signatures LIST [OPTION]
copy_signatures() {
  open_image
  image_url
  keep_reserve
  # A path that is not registered is not to be fetched from somewhere.
  in_chunks "$1" nix_command store copy-sigs ${2:+"$2"} --option gc-reserved-space "$reserve" --option substitute false --substituter "$image_url" \
    --store "local?state=$volume/var/nix&real=$volume/store" >"$work/signatures" 2>&1
}

