# Something small that a user builds.
{ name }:

derivation {
  name = "thing-${name}";
  system = builtins.currentSystem;
  builder = "/bin/sh";
  args = [ "-c" "echo ${name} >$out" ];
}
