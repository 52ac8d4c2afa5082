#!/bin/sh
# shellcheck disable=SC2034,SC2154 # the files of one script share their variables
# Nix's database: what the image's says of the paths that are brought goes into the volume's, and why Nix trusts them.
# Sourced by seed-nix-store.sh.

# In the background, from the plan on: what Nix knows of the missing paths, and a Nix that will register it.
start_registering() {
  asking=
  [ "$fresh" = no ] && [ -s "$work/missing" ] || return 0
  find_nix
  [ -n "$nix" ] || return 0
  ask_for_registration &
  helpers="$helpers $!" asking=$!
}

ask_for_registration() {
  trap - EXIT USR1 TERM INT HUP
  # Who needs the answer asks once more, and says why there is none.
  exec 7>/dev/null
  SEED_TERMINATION_LOG=/dev/null
  as_paths "$work/missing" >"$work/missing-paths"
  open_image
  dump_missing 2>"$work/load-errors" && : >"$work/loadable"
}

# What Nix knows of the missing paths, as --load-db takes it.
dump_missing() {
  in_chunks "$work/missing-paths" on_image --dump-db >"$work/load"
}

# Nix takes longer to start than to register. So one starts beside the copy, and is given what to register when the files are durable and in the store.
# It must not be there while another one is asked about the volume: each Nix that has a store open keeps others from changing its schema, and we would wait for both.
start_loader() {
  if [ -e "$work/spared" ]; then
    [ -e "$work/examined/whole" ] || return 0
    dismiss_loader
  fi
  [ -z "$loader" ] && find_nix && [ -n "$nix" ] || return 0
  loaders=$((loaders + 1)) word_for_loader=$work/word.$((loaders + 1))
  command -v mkfifo >/dev/null 2>&1 && mkfifo "$word_for_loader" 2>/dev/null || return 0
  exec 5<>"$word_for_loader"
  load_at_a_word &
  loader=$!
}

# It ends by itself then. (Given nothing, Nix registers nothing, and is content with that.)
load_at_a_word() {
  trap - EXIT USR1 TERM INT HUP
  { read -r word && [ "$word" = load ] && cat "$work/load" && : >"$work/given"; } <"$word_for_loader" 5<&- | on_volume --load-db 5<&- >/dev/null 2>&1
}

loader_succeeds() {
  [ -n "$loader" ] && [ ! -e "$work/spared" ] || return 1
  echo load >&5
  wait "$loader" && [ -e "$work/given" ]
}

dismiss_loader() {
  [ -n "$loader" ] || return 0
  [ -e "$work/spared" ] || echo nothing >&5
  exec 5<&-
  rm -f "$word_for_loader" "$work/spared" "$work/given"
  loader=
}

# In the background, by who is about to ask the volume. When that is done, another one can start.
spare_loader() {
  [ -n "$loader" ] || return 0
  : >"$work/spared"
  echo nothing >&5
}

# What else Nix knows of them: why it trusts them. Some Nix does not say so. (Where it has been asked for sizes, it has said that too.) In the background
# once more, when the processors have done with the copy: signatures come after the registration.
ask_for_trust() {
  trust_known=
  [ "$fresh" = no ] && [ -s "$work/missing" ] && [ ! -e "$work/reasons" ] || return 0
  [ -n "$asking" ] || return 0
  [ -e "$work/image/opened" ] || wait "$asking" || true
  open_image
  list_trust &
  helpers="$helpers $!" trust_known=$!
}

list_trust() {
  trap - EXIT USR1 TERM INT HUP
  image_url
  # The other list may still be in use.
  as_paths "$work/missing" >"$work/trusted-paths"
  ! in_chunks "$work/trusted-paths" nix_command path-info --sigs --store "$image_url" >"$work/trust" 2>/dev/null ||
    cut -f 2 "$work/trust" >"$work/reasons"
}

# Where that does not take a Nix, which may not be there yet. If it fails, the commit tries once more and says why.
prepare_database() {
  [ -n "$image_folder" ] || { [ -e "$database" ] && [ ! -s "$database-wal" ]; } || return 0
  find_database
  [ ! -s "$from/db.sqlite-wal" ] && make_mine db 2>/dev/null && copy_database 2>/dev/null && : >"$work/database-copied"
}

# The first seed of a volume brings the image's database as it is, with all that Nix knows of these paths. Later ones add to
# the volume's own, which may know of others.
register() {
  must_hold_lock
  make_ready
  trusting=
  if [ "$fresh" = yes ]; then
    bring_database
  elif [ -s "$work/missing" ]; then
    load_missing
    [ -z "$trust_known" ] || wait "$trust_known" || true
    if [ "$placed" = no ]; then
      bring_trust &
      helpers="$helpers $!" trusting=$!
    fi
  else
    dismiss_loader
  fi
  placed=no
}

bring_database() {
  # A copy that was opened and closed has nothing left in its log, which one as it lies in the image may have.
  if [ -z "$image_folder" ] && { [ ! -e "$database" ] || [ -s "$database-wal" ]; }; then open_image; fi
  find_database
  if [ -s "$from/db.sqlite-wal" ]; then
    require_nix
    on_image --check-validity --print-invalid /nix/store >/dev/null 2>&1 || true
    [ ! -s "$from/db.sqlite-wal" ] || die 20 "the log of the seed image's database cannot be read"
  fi
  { [ -e "$work/database-copied" ] || { make_mine db && copy_database && sync_volume; }; } 2>"$work/errors" || why_not_moved
  replace_database 2>"$work/errors" || why_not_moved
}

find_database() {
  brought=$mine/db from=${image_folder:-$SEED_SOURCE/var/nix}/db
}

# The shell goes on after a failure inside of what is asked for its success, so each step says what becomes of its own.
copy_database() {
  for file in schema ca-schema db.sqlite; do
    [ ! -e "$from/$file" ] || cp -f "$from/$file" "$brought/" || return 1
  done
  chmod -R u+w "$brought" && { [ "$wal" = true ] || without_log "$brought/db.sqlite"; } && note_brought "$brought/db.sqlite"
}

replace_database() {
  make_mine old-db || return 1
  set +f
  for old in "$volume"/var/nix/db/*; do
    [ ! -f "$old" ] || mv "$old" "$mine/old-db/" || { set -f && return 1; }
  done
  set -f
  set --
  for file in schema ca-schema db.sqlite; do
    [ ! -e "$brought/$file" ] || set -- "$@" "$brought/$file"
  done
  # In this order.
  mv "$@" "$volume/var/nix/db/" || return 1
  placed=no
  [ ! -e "$ours/fresh" ] || mv -f "$ours/fresh" "$mine/fresh"
}

load_missing() {
  require_nix
  if [ ! -e "$work/loadable" ]; then
    as_paths "$work/missing" >"$work/missing-paths"
    open_image
    dump_missing 2>"$work/errors" || image_unreadable "the image's database"
  fi
  # It may have failed for a reason that has gone since; else the next one says why.
  status=0
  loader_succeeds || patiently load_database || status=$?
  dismiss_loader
  if [ "$status" = 0 ]; then
    placed=no
    return
  fi
  must_hold_lock
  reason=$(tail -n 1 "$work/errors")
  # What is not registered counts as vanished, and comes once more.
  ! was_robbed || return 0
  # SIGBUS (135) is what a full disk makes of memory that stands for a file.
  case $status:$reason in
    *'disk is full'* | *'No space left on device'*) out_of_space ;;
    *'disk I/O error'* | *'Bus error'* | 135:*) ! is_nearly_full || out_of_space ;;
  esac
  die 51 "registering failed: $reason"
}

# A collector that nothing keeps away may have taken what was in its place and not registered yet, or what that refers to.
was_robbed() {
  [ "$guarded" = no ] || return 1
  outlast_garbage_collector
  list_store
  comm -23 "$work/names" "$work/missing" >"$work/present"
  as_paths "$work/present" >"$work/paths"
  comm -23 "$work/names" "$work/there" >"$work/vanished"
  in_chunks "$work/paths" on_volume --check-validity --print-invalid >>"$work/vanished" 2>/dev/null || return 1
  [ -s "$work/vanished" ]
}

load_database() {
  on_volume --load-db <"$work/load" 2>"$work/errors"
}

# What nobody has registered does not stay, whatever has failed. To move it takes room as well, so what else is ours goes first. (Paths
# that were damaged are registered, and have been replaced by what Nix expects there. What did not get from the stage to its place is somebody else's there.)
take_back() {
  ls -A "$whole" 2>/dev/null >"$work/unplaced" || true
  discard "$stage"
  discard "$mine/roots"
  [ "$seed_id" = "$image_id" ] || unroot 2>/dev/null || true
  discard "$mine/unrooted"
  make_mine replaced 2>/dev/null || true
  being_made "$work/missing" || true
  comm -23 "$work/missing" "$work/damaged" | comm -23 - "$work/unplaced" | comm -23 - "$work/made" >"$work/to-remove"
  (cd "$volume/store" && in_chunks "$work/to-remove" move_to "$mine/replaced") 2>/dev/null || true
}

unroot() {
  if [ -s "$work/rooted" ]; then
    make_mine unrooted && (cd "$roots" && in_chunks "$work/to-root" move_to "$mine/unrooted")
  else
    mv -T "$roots" "$mine/unrooted"
  fi
}

# In the background, while the rest is made ready for the marker: what --load-db cannot take. Signatures can be brought afterwards. That a
# path was built by the Nix that has it, or is known by its content, nobody but that Nix can say. A store without all this works, so failing here is no failure.
bring_trust() {
  trap - EXIT TERM USR1
  signed=yes built=0 addressed=0
  if [ -e "$work/reasons" ]; then weigh_trust; fi
  [ "$signed" = no ] || copy_signatures
  [ $((built + addressed)) = 0 ] || say trust "of the new paths the image has built $built itself (ultimate) and knows $addressed by their content (ca), which only the \
first seed of a volume can bring: nix store verify trusts them no more, unless they are signed" "ultimate=$built" "ca=$addressed"
}

# Sets $signed, $built and $addressed. What is none of the other words is a signature.
weigh_trust() {
  signed=no
  tr ' ' '\n' <"$work/reasons" | cut -c -9 | sort | uniq -c >"$work/words"
  while read -r count word; do
    case $word in
      '') ;;
      ultimate) built=$count ;;
      ca:fixed: | ca:text:*) addressed=$((addressed + count)) ;;
      *) signed=yes ;;
    esac
  done <"$work/words"
}

await_trust() {
  [ -z "$trusting" ] || wait "$trusting" || true
}

copy_signatures() {
  open_image
  image_url
  in_chunks "$work/missing-paths" nix_command store copy-sigs --substituter "$image_url" \
    --store "local?state=$volume/var/nix&real=$volume/store" >"$work/signatures" 2>&1 ||
    say signatures "signatures were not brought, so nix copy from this store may be refused: $(tail -n 1 "$work/signatures")"
}
