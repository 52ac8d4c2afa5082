// The app of ../typescript/app.ts in Go: the same charts, in the same order, into the folder it is given.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdk8s-nix/cdk8s-nix-go/cdk8snix"
	"github.com/cdk8s-team/cdk8s-core-go/cdk8s/v2"
	kplus "github.com/cdk8s-team/cdk8s-plus-go/cdk8splus28/v2"
)

var (
	outdir = os.Args[1]
	app    = cdk8s.NewApp(&cdk8s.AppProps{Outdir: jsii.String(outdir)})
)

func chartOf(name string) cdk8s.Chart {
	return cdk8s.NewChart(app, jsii.String(name), &cdk8s.ChartProps{
		Namespace: jsii.String("development"),
		Labels:    &map[string]*string{"team": jsii.String("platform")},
	})
}

func secretOf(chart constructs.Construct, name string) kplus.ISecret {
	return kplus.Secret_FromSecretName(chart, jsii.String("secret-"+name), jsii.String(name))
}

func gibibytes(amount float64) cdk8s.Size {
	return cdk8s.Size_Gibibytes(jsii.Number(amount))
}

func workloads() {
	chart := chartOf("workloads")
	cdk8snix.NewNixDeployment(chart, jsii.String("deployment"), nil)
	cdk8snix.NewNixDeployment(chart, jsii.String("worker"), &cdk8snix.NixDeploymentProps{
		Path:         jsii.Strings("/opt/app/bin", "/usr/bin", "/bin"),
		ObjectLabels: &map[string]*string{"owner": jsii.String("ann")},
		Containers: &[]*kplus.ContainerProps{{
			Image:        jsii.String("registry.example.org/worker:3.2.0"),
			Command:      jsii.Strings("worker", "--verbose"),
			EnvVariables: &map[string]kplus.EnvValue{"LEVEL": kplus.EnvValue_FromValue(jsii.String("debug"))},
			Resources:    &kplus.ContainerResources{Memory: &kplus.MemoryResources{Request: gibibytes(1), Limit: gibibytes(4)}},
		}},
	})
	cdk8snix.NewNixStatefulSet(chart, jsii.String("agents"), &cdk8snix.NixStatefulSetProps{
		Replicas: jsii.Number(2),
		Store: cdk8snix.NixStore_PerReplica(&cdk8snix.PerReplicaStoreOptions{
			Size:       gibibytes(30),
			WhenScaled: cdk8snix.NixClaimRetention_DELETE,
		}),
	})
	cdk8snix.NewNixDaemonSet(chart, jsii.String("nodes"), &cdk8snix.NixDaemonSetProps{
		Store: cdk8snix.NixStore_EmptyDir(&cdk8snix.EmptyDirStoreOptions{SizeLimit: gibibytes(10)}),
	})
	cdk8snix.NewNixJob(chart, jsii.String("build"), &cdk8snix.NixJobProps{
		Containers: &[]*kplus.ContainerProps{{Image: jsii.String("registry.example.org/builder:3.1.0"), Command: jsii.Strings("nix", "build")}},
	})
	cdk8snix.NewNixCronJob(chart, jsii.String("nightly"), &cdk8snix.NixCronJobProps{
		Schedule:   cdk8s.Cron_Daily(),
		Containers: &[]*kplus.ContainerProps{{Image: jsii.String("registry.example.org/builder:3.1.0"), Command: jsii.Strings("nix", "flake", "check")}},
	})
}

func enable() {
	chart := chartOf("enable")
	shop := kplus.NewDeployment(chart, jsii.String("shop"), &kplus.DeploymentProps{Containers: &[]*kplus.ContainerProps{
		{Name: jsii.String("main"), Image: jsii.String("registry.example.org/app:2.0.1")},
		{Name: jsii.String("proxy"), Image: jsii.String("registry.example.org/proxy:1.9.0")},
	}})
	cdk8snix.NewNixEnvironment(chart, jsii.String("nix"), nil).Enable(shop, &cdk8snix.NixEnableOptions{Containers: jsii.Strings("main")})
}

func stores() {
	chart := chartOf("stores")
	cdk8snix.NewNixDeployment(chart, jsii.String("lasting"), &cdk8snix.NixDeploymentProps{
		Store: cdk8snix.NixStore_Persistent(&cdk8snix.PersistentStoreOptions{
			Size:             gibibytes(200),
			StorageClassName: jsii.String("fast"),
			Retain:           jsii.Bool(true),
			Annotations:      &map[string]*string{"example.org/tier": jsii.String("gold")},
		}),
	})
	cdk8snix.NewNixDeployment(chart, jsii.String("cloned"), &cdk8snix.NixDeploymentProps{
		Store: cdk8snix.NixStore_Persistent(&cdk8snix.PersistentStoreOptions{DataSource: cdk8snix.NixDataSource_Snapshot(jsii.String("golden"))}),
	})
	cdk8snix.NewNixDeployment(chart, jsii.String("existing"), &cdk8snix.NixDeploymentProps{
		Store: cdk8snix.NixStore_Existing(jsii.String("nix-claim"), &cdk8snix.ExistingStoreOptions{
			AccessModes: &[]kplus.PersistentVolumeAccessMode{kplus.PersistentVolumeAccessMode_READ_WRITE_ONCE},
		}),
	})
	cdk8snix.NewNixDeployment(chart, jsii.String("ephemeral"), &cdk8snix.NixDeploymentProps{
		Replicas: jsii.Number(3),
		Store:    cdk8snix.NixStore_Ephemeral(&cdk8snix.ClaimStoreOptions{Size: gibibytes(20)}),
	})
	cdk8snix.NewNixDeployment(chart, jsii.String("csi"), &cdk8snix.NixDeploymentProps{
		Image: cdk8snix.NixImage_UbuntuNix(&cdk8snix.BuiltNixImageOptions{Repository: jsii.String("registry.example.org/ubuntu-nix"), Tag: jsii.String("1.0.0")}),
		Store: cdk8snix.NixStore_Csi(&cdk8snix.CsiStoreOptions{
			Driver:           jsii.String("nix.csi.example.org"),
			VolumeAttributes: &map[string]*string{"channel": jsii.String("stable")},
		}),
	})
}

func config() {
	chart := chartOf("config")
	cdk8snix.NewNixDeployment(chart, jsii.String("workspace"), &cdk8snix.NixDeploymentProps{Config: &cdk8snix.NixConfigProps{
		Substituters: &[]cdk8snix.Substituter{cdk8snix.Substituter_Of(
			jsii.String("https://cache.example.org"),
			jsii.String("cache.example.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="),
		)},
		Netrc:      &kplus.SecretValue{Secret: secretOf(chart, "nix-netrc"), Key: jsii.String("netrc")},
		MaxJobs:    jsii.Number(2),
		Settings:   &map[string]interface{}{"connect-timeout": 5, "keep-outputs": true, "system-features": []string{"big-parallel", "kvm"}},
		ExtraLines: jsii.Strings("warn-dirty = false"),
	}})
}

func binaryCache() {
	chart := chartOf("binary-cache")
	cache := cdk8snix.NewNixBinaryCache(chart, jsii.String("cache"), &cdk8snix.NixBinaryCacheProps{
		VolumeSize: gibibytes(100),
		HitTtl:     cdk8s.Duration_Days(jsii.Number(30)),
	})
	workspace := cdk8snix.NewNixDeployment(chart, jsii.String("workspace"), &cdk8snix.NixDeploymentProps{
		Config: &cdk8snix.NixConfigProps{DefaultSubstituter: jsii.Bool(false)},
	})
	workspace.Environment().UseBinaryCache(cache)
	workspace.Environment().RestrictNetwork(&cdk8snix.NixNetworkPolicyOptions{ExternalCidrs: jsii.Strings("10.1.0.0/16"), ExternalPorts: jsii.Numbers(443, 8443)})
}

func care() {
	chart := chartOf("care")
	environment := cdk8snix.NewNixDeployment(chart, jsii.String("workspace"), nil).Environment()
	environment.CollectGarbage(&cdk8snix.NixGarbageCollectionOptions{WhenFreeBelow: gibibytes(5)})
	environment.Prefetch(&cdk8snix.NixPrefetchAtStartOptions{Packages: jsii.Strings("nixpkgs#ripgrep"), Required: jsii.Bool(true)})
	cdk8snix.NewNixGarbageCollection(chart, jsii.String("collection"), &cdk8snix.NixGarbageCollectionProps{
		Environment:     environment,
		Schedule:        cdk8s.Cron_Weekly(),
		TimeZone:        jsii.String("Europe/Vienna"),
		DeleteOlderThan: cdk8s.Duration_Days(jsii.Number(30)),
	})
	cdk8snix.NewNixStorePrefetch(chart, jsii.String("prefetch"), &cdk8snix.NixStorePrefetchProps{
		Environment: environment,
		Packages:    jsii.Strings("nixpkgs#jq"),
		Shells:      jsii.Strings("git+https://git.example.org/app"),
	})
	cdk8snix.NewNixStoreVerification(chart, jsii.String("verification"), &cdk8snix.NixStoreVerificationProps{Environment: environment, Repair: jsii.Bool(true)})
}

func network() {
	chart := chartOf("network")
	cdk8snix.NewNixDeployment(chart, jsii.String("workspace"), &cdk8snix.NixDeploymentProps{
		Proxy:    &cdk8snix.NixProxyOptions{HttpsProxy: jsii.String("http://proxy.example.org:3128"), NoProxy: jsii.Strings(".example.org")},
		CaBundle: cdk8snix.CaBundle_FromConfigMap(kplus.ConfigMap_FromConfigMapName(chart, jsii.String("ca"), jsii.String("company-ca")), jsii.String("ca.pem")),
	})
}

func environments() {
	chart := chartOf("environments")
	cdk8snix.NewNixDeployment(chart, jsii.String("openshift"), &cdk8snix.NixDeploymentProps{User: cdk8snix.NixUser_Arbitrary(nil)})
	cdk8snix.NewNixDeployment(chart, jsii.String("uid"), &cdk8snix.NixDeploymentProps{User: cdk8snix.NixUser_Of(&cdk8snix.NixUserOptions{
		Uid:  jsii.Number(2000),
		Gid:  jsii.Number(3000),
		Name: jsii.String("dev"),
		Home: jsii.String("/home/dev"),
	})})
	cdk8snix.NewNixDeployment(chart, jsii.String("image"), &cdk8snix.NixDeploymentProps{
		Image: cdk8snix.NixImage_Of(jsii.String("registry.example.org/nix:2.31.2"), nil),
		Seed: &cdk8snix.NixSeedOptions{
			Source:  cdk8snix.NixSeedSource_ImageVolume(jsii.String("registry.example.org/busybox:1.37.0")),
			Jobs:    jsii.Number(4),
			JsonLog: jsii.Bool(true),
		},
	})
	keyOf := func(secret string, key string) kplus.EnvValue {
		return kplus.EnvValue_FromSecretValue(&kplus.SecretValue{Secret: secretOf(chart, secret), Key: jsii.String(key)}, nil)
	}
	cdk8snix.NewNixDeployment(chart, jsii.String("home"), &cdk8snix.NixDeploymentProps{
		Home:        cdk8snix.NixHome_Ephemeral(&cdk8snix.EphemeralHomeOptions{SizeLimit: gibibytes(5)}),
		HomeManager: cdk8snix.HomeManager_Profile(cdk8snix.HomeManagerProfile_ESSENTIAL, nil),
		Assistants: &[]cdk8snix.AiAssistant{
			cdk8snix.AiAssistant_Claude(&cdk8snix.NpmAssistantOptions{ApiKey: keyOf("ai-keys", "anthropic")}),
			cdk8snix.AiAssistant_Aichat(&cdk8snix.AichatOptions{
				Provider: jsii.String("openai"),
				Model:    jsii.String("gpt-4.1"),
				ApiKey:   keyOf("more-keys", "openai"),
			}),
		},
	})
}

func images() {
	chart := chartOf("images")
	recommendation := cdk8snix.NixImage_Recommend(&cdk8snix.NixImageRequirements{PersistentVolume: jsii.Bool(true), ExistingImage: jsii.Bool(false)})
	recipe := cdk8snix.NixImageRecipe_Of(cdk8snix.NixImageKind_UBUNTU_NIX)
	argument := (*recipe.BuildArguments())[0]
	kplus.NewConfigMap(chart, jsii.String("recommendation"), &kplus.ConfigMapProps{Data: &map[string]*string{
		"useCase":    recommendation.UseCase(),
		"argument":   jsii.String(*argument.Name + "=" + *argument.DefaultValue),
		"files":      jsii.String(fmt.Sprint(len(*recipe.BuildContext(nil)))),
		"dockerfile": recipe.Dockerfile(nil),
	}})
}

type example struct{}

func (example) Produce() interface{} {
	return "Example"
}

func portal() {
	chart := chartOf("portal")
	cdk8snix.NewBackstageNix(chart, jsii.String("backstage"), &cdk8snix.BackstageNixProps{
		Image:   cdk8snix.NixImage_BackstageNix(&cdk8snix.BuiltNixImageOptions{Repository: jsii.String("registry.example.org/team/portal"), Tag: jsii.String("1.0.0")}),
		BaseUrl: jsii.String("https://portal.example.org"),
		Database: cdk8snix.BackstageDatabase_Existing(&cdk8snix.ExistingBackstageDatabaseOptions{
			Host:     jsii.String("postgres.databases.svc"),
			Password: &kplus.SecretValue{Secret: secretOf(chart, "portal"), Key: jsii.String("postgres")},
		}),
		Ingress: &cdk8snix.BackstageIngressOptions{ClassName: jsii.String("nginx"), TlsSecret: secretOf(chart, "portal-tls")},
		AppConfig: &map[string]interface{}{
			"organization": map[string]interface{}{"name": cdk8s.Lazy_Any(&example{})},
			"app":          map[string]string{"title": "Portal"},
		},
	})
}

func gitOps() {
	chart := chartOf("git-ops")
	namespace := cdk8snix.NewRestrictedNamespace(chart, jsii.String("namespace"), &cdk8snix.RestrictedNamespaceProps{
		Metadata: &cdk8s.ApiObjectMetadata{Name: jsii.String("development")},
		Level:    cdk8snix.PodSecurityLevel_BASELINE,
	})
	workspace := cdk8snix.NewNixDeployment(chart, jsii.String("workspace"), nil)
	workspace.Node().AddDependency(namespace)
	cdk8snix.GitOps_ArgoCd(chart, &cdk8snix.ArgoCdOptions{SyncWave: jsii.Number(1)})
	cdk8snix.PodSecurity_Enforce(chart, nil)
}

func podSecurity() {
	chart := chartOf("pod-security")
	plain := kplus.NewPod(chart, jsii.String("plain"), &kplus.PodProps{
		Containers: &[]*kplus.ContainerProps{{Image: jsii.String("registry.example.org/app:2.0.1")}},
	})
	lines := []string{}
	for _, violation := range *cdk8snix.PodSecurity_Check(plain, &cdk8snix.PodSecurityOptions{Level: cdk8snix.PodSecurityLevel_RESTRICTED}) {
		lines = append(lines, *violation.Rule+": "+*violation.Field)
	}
	kplus.NewConfigMap(chart, jsii.String("violations"), &kplus.ConfigMapProps{Data: &map[string]*string{"violations": jsii.String(strings.Join(lines, "\n"))}})
}

func escapeHatches() {
	chart := chartOf("escape-hatches")
	workspace := cdk8snix.NewNixDeployment(chart, jsii.String("workspace"), nil)
	cdk8s.ApiObject_Of(workspace).AddJsonPatch(
		cdk8s.JsonPatch_Replace(jsii.String("/spec/template/spec/initContainers/0/resources/limits/memory"), "1Gi"),
		cdk8s.JsonPatch_Add(jsii.String("/spec/template/spec/hostUsers"), false),
	)
	workspace.Environment().Config().ApiObject().AddJsonPatch(
		cdk8s.JsonPatch_Add(jsii.String("/metadata/annotations"), map[string]string{"example.org/owner": "ann"}),
	)
}

func errors() []string {
	messages := []string{}
	attempt := func(mistake func()) {
		defer func() {
			if mistake := recover(); mistake != nil {
				messages = append(messages, fmt.Sprint(mistake))
			}
		}()
		mistake()
	}
	attempt(func() { cdk8snix.NixImageRecipe_Of(cdk8snix.NixImageKind_OTHER) })
	attempt(func() {
		wrong := cdk8s.NewApp(&cdk8s.AppProps{Outdir: jsii.String(outdir)})
		cdk8snix.NewNixDeployment(cdk8s.NewChart(wrong, jsii.String("wrong"), nil), jsii.String("workspace"), &cdk8snix.NixDeploymentProps{
			Replicas: jsii.Number(2),
			Config:   &cdk8snix.NixConfigProps{MaxJobs: jsii.Number(-1)},
		})
		wrong.Synth()
	})
	attempt(func() {
		wrong := cdk8s.NewApp(&cdk8s.AppProps{Outdir: jsii.String(outdir)})
		chart := cdk8s.NewChart(wrong, jsii.String("wrong"), &cdk8s.ChartProps{Namespace: jsii.String("development")})
		cdk8snix.NewBackstageNix(chart, jsii.String("backstage"), &cdk8snix.BackstageNixProps{
			Image:   cdk8snix.NixImage_Of(jsii.String("registry.example.org/team/portal:1.0.0"), nil),
			BaseUrl: jsii.String("https://portal.example.org"),
			Database: cdk8snix.BackstageDatabase_Existing(&cdk8snix.ExistingBackstageDatabaseOptions{
				Host:     jsii.String("postgres.databases.svc"),
				Password: &kplus.SecretValue{Secret: secretOf(chart, "portal"), Key: jsii.String("postgres")},
			}),
			AppConfig: &map[string]interface{}{"cache": map[string]interface{}{"sizes": []interface{}{gibibytes(1)}}},
		})
		wrong.Synth()
	})
	return messages
}

func main() {
	defer jsii.Close()
	if err := os.MkdirAll(outdir, 0o755); err != nil {
		panic(err)
	}
	for _, part := range []func(){
		workloads, enable, stores, config, binaryCache, care, network, environments, images, portal, gitOps, podSecurity, escapeHatches,
	} {
		part()
	}
	app.Synth()
	if err := os.WriteFile(filepath.Join(outdir, "errors.txt"), []byte(strings.Join(errors(), "\n---\n")+"\n"), 0o644); err != nil {
		panic(err)
	}
}
