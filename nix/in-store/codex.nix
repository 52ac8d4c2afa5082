# The npm packages of codex in the home configuration, beside its command.
import ./packages.nix { command = "codex"; }
