package main

import (
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// What Kustomize writes of manifests that it changes nothing in, as Flux has it do before it substitutes variables.
func kustomize(manifests []byte) string {
	files := filesys.MakeFsInMemory()
	check(files.WriteFile("manifests.yaml", manifests))
	check(files.WriteFile("kustomization.yaml", []byte("resources: [manifests.yaml]\n")))
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, ".")
	check(err)
	text, err := resources.AsYaml()
	check(err)
	return string(text)
}
