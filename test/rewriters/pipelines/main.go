// What a GitOps pipeline may do to the text of manifests, by the packages that it is done with. Reads manifests, writes what becomes of them.
package main

import (
	"fmt"
	"io"
	"os"
	"text/template"

	"github.com/fluxcd/pkg/envsubst"
)

func main() {
	text, err := io.ReadAll(os.Stdin)
	check(err)
	switch os.Args[1] {
	case "flux", "flux-strict":
		strict := os.Args[1] == "flux-strict"
		// In strict mode a variable that is not there is an error.
		out, err := envsubst.Eval(string(text), func(name string) (string, bool) { return "", !strict })
		check(err)
		fmt.Print(out)
	case "kustomize":
		fmt.Print(kustomize(text))
	case "helm":
		// Helm's engine is this package with more functions.
		check(template.Must(template.New("manifests").Parse(string(text))).Execute(os.Stdout, nil))
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
