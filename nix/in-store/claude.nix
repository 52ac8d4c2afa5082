# The npm packages of claude in the home configuration, beside its command.
import ./packages.nix { command = "claude"; }
