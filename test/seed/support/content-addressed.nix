# A path that is known by its content.
derivation {
  name = "content-addressed";
  system = builtins.currentSystem;
  builder = "/bin/sh";
  args = [ "-c" "echo content >$out" ];
  __contentAddressed = true;
  outputHashMode = "recursive";
  outputHashAlgo = "sha256";
}
