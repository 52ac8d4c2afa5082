module cdk8s-nix.example/flux-and-helm

go 1.22.0

require github.com/fluxcd/pkg/envsubst v1.1.0
