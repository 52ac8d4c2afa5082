# The npm packages of gemini in the home configuration, beside its command.
import ./packages.nix { command = "gemini"; }
