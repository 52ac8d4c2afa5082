using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Amazon.JSII.Runtime.Deputy;
using Cdk8s.Nix;
using Constructs;
using Org.Cdk8s;
using Org.Cdk8s.Plus28;

/// <summary>The app of ../typescript/app.ts in C#: the same charts, in the same order, into the folder it is given.</summary>
public sealed class Program
{
    private readonly string outdir;
    private readonly App app;

    private Program(string outdir)
    {
        this.outdir = outdir;
        app = new App(new AppProps { Outdir = outdir });
    }

    private Chart ChartOf(string name) =>
        new Chart(app, name, new ChartProps { Namespace = "development", Labels = new Dictionary<string, string> { { "team", "platform" } } });

    private static ISecret SecretOf(Construct chart, string name) => Secret.FromSecretName(chart, $"secret-{name}", name);

    private static IContainerProps Container(string image, params string[] command) => new ContainerProps { Image = image, Command = command };

    private void Workloads()
    {
        var chart = ChartOf("workloads");
        new NixDeployment(chart, "deployment");
        new NixDeployment(chart, "worker", new NixDeploymentProps
        {
            Path = new[] { "/opt/app/bin", "/usr/bin", "/bin" },
            ObjectLabels = new Dictionary<string, string> { { "owner", "ann" } },
            Containers = new[]
            {
                new ContainerProps
                {
                    Image = "registry.example.org/worker:3.2.0",
                    Command = new[] { "worker", "--verbose" },
                    EnvVariables = new Dictionary<string, EnvValue> { { "LEVEL", EnvValue.FromValue("debug") } },
                    Resources = new ContainerResources
                    {
                        Memory = new MemoryResources { Request = Size.Gibibytes(1), Limit = Size.Gibibytes(4) },
                    },
                },
            },
        });
        new NixStatefulSet(chart, "agents", new NixStatefulSetProps
        {
            Replicas = 2,
            Store = NixStore.PerReplica(new PerReplicaStoreOptions { Size = Size.Gibibytes(30), WhenScaled = NixClaimRetention.DELETE }),
        });
        new NixDaemonSet(chart, "nodes", new NixDaemonSetProps
        {
            Store = NixStore.EmptyDir(new EmptyDirStoreOptions { SizeLimit = Size.Gibibytes(10) }),
        });
        new NixJob(chart, "build", new NixJobProps { Containers = new[] { Container("registry.example.org/builder:3.1.0", "nix", "build") } });
        new NixCronJob(chart, "nightly", new NixCronJobProps
        {
            Schedule = Cron.Daily(),
            Containers = new[] { Container("registry.example.org/builder:3.1.0", "nix", "flake", "check") },
        });
    }

    private void Enable()
    {
        var chart = ChartOf("enable");
        var shop = new Deployment(chart, "shop", new DeploymentProps
        {
            Containers = new[]
            {
                new ContainerProps { Name = "main", Image = "registry.example.org/app:2.0.1" },
                new ContainerProps { Name = "proxy", Image = "registry.example.org/proxy:1.9.0" },
            },
        });
        new NixEnvironment(chart, "nix").Enable(shop, new NixEnableOptions { Containers = new[] { "main" } });
    }

    private void Stores()
    {
        var chart = ChartOf("stores");
        new NixDeployment(chart, "lasting", new NixDeploymentProps
        {
            Store = NixStore.Persistent(new PersistentStoreOptions
            {
                Size = Size.Gibibytes(200),
                StorageClassName = "fast",
                Retain = true,
                Annotations = new Dictionary<string, string> { { "example.org/tier", "gold" } },
            }),
        });
        new NixDeployment(chart, "cloned", new NixDeploymentProps
        {
            Store = NixStore.Persistent(new PersistentStoreOptions { DataSource = NixDataSource.Snapshot("golden") }),
        });
        new NixDeployment(chart, "existing", new NixDeploymentProps
        {
            Store = NixStore.Existing("nix-claim", new ExistingStoreOptions { AccessModes = new[] { PersistentVolumeAccessMode.READ_WRITE_ONCE } }),
        });
        new NixDeployment(chart, "ephemeral", new NixDeploymentProps
        {
            Replicas = 3,
            Store = NixStore.Ephemeral(new ClaimStoreOptions { Size = Size.Gibibytes(20) }),
        });
        new NixDeployment(chart, "csi", new NixDeploymentProps
        {
            Image = NixImage.UbuntuNix(new BuiltNixImageOptions { Repository = "registry.example.org/ubuntu-nix", Tag = "1.0.0" }),
            Store = NixStore.Csi(new CsiStoreOptions
            {
                Driver = "nix.csi.example.org",
                VolumeAttributes = new Dictionary<string, string> { { "channel", "stable" } },
            }),
        });
    }

    private void Config()
    {
        var chart = ChartOf("config");
        new NixDeployment(chart, "workspace", new NixDeploymentProps
        {
            Config = new NixConfigProps
            {
                Substituters = new[]
                {
                    Substituter.Of("https://cache.example.org", "cache.example.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="),
                },
                Netrc = new SecretValue { Secret = SecretOf(chart, "nix-netrc"), Key = "netrc" },
                MaxJobs = 2,
                Settings = new Dictionary<string, object>
                {
                    { "connect-timeout", 5 }, { "keep-outputs", true }, { "system-features", new[] { "big-parallel", "kvm" } },
                },
                ExtraLines = new[] { "warn-dirty = false" },
            },
        });
    }

    private void BinaryCache()
    {
        var chart = ChartOf("binary-cache");
        var cache = new NixBinaryCache(chart, "cache", new NixBinaryCacheProps { VolumeSize = Size.Gibibytes(100), HitTtl = Duration.Days(30) });
        var workspace = new NixDeployment(chart, "workspace", new NixDeploymentProps { Config = new NixConfigProps { DefaultSubstituter = false } });
        workspace.Environment.UseBinaryCache(cache);
        workspace.Environment.RestrictNetwork(new NixNetworkPolicyOptions
        {
            ExternalCidrs = new[] { "10.1.0.0/16" },
            ExternalPorts = new double[] { 443, 8443 },
        });
    }

    private void Care()
    {
        var chart = ChartOf("care");
        var environment = new NixDeployment(chart, "workspace").Environment;
        environment.CollectGarbage(new NixGarbageCollectionOptions { WhenFreeBelow = Size.Gibibytes(5) });
        environment.Prefetch(new NixPrefetchAtStartOptions { Packages = new[] { "nixpkgs#ripgrep" }, Required = true });
        new NixGarbageCollection(chart, "collection", new NixGarbageCollectionProps
        {
            Environment = environment,
            Schedule = Cron.Weekly(),
            TimeZone = "Europe/Vienna",
            DeleteOlderThan = Duration.Days(30),
        });
        new NixStorePrefetch(chart, "prefetch", new NixStorePrefetchProps
        {
            Environment = environment,
            Packages = new[] { "nixpkgs#jq" },
            Shells = new[] { "git+https://git.example.org/app" },
        });
        new NixStoreVerification(chart, "verification", new NixStoreVerificationProps { Environment = environment, Repair = true });
    }

    private void Network()
    {
        var chart = ChartOf("network");
        new NixDeployment(chart, "workspace", new NixDeploymentProps
        {
            Proxy = new NixProxyOptions { HttpsProxy = "http://proxy.example.org:3128", NoProxy = new[] { ".example.org" } },
            CaBundle = CaBundle.FromConfigMap(ConfigMap.FromConfigMapName(chart, "ca", "company-ca"), "ca.pem"),
        });
    }

    private void Environments()
    {
        var chart = ChartOf("environments");
        new NixDeployment(chart, "openshift", new NixDeploymentProps { User = NixUser.Arbitrary() });
        new NixDeployment(chart, "uid", new NixDeploymentProps
        {
            User = NixUser.Of(new NixUserOptions { Uid = 2000, Gid = 3000, Name = "dev", Home = "/home/dev" }),
        });
        new NixDeployment(chart, "image", new NixDeploymentProps
        {
            Image = NixImage.Of("registry.example.org/nix:2.31.2"),
            Seed = new NixSeedOptions { Source = NixSeedSource.ImageVolume("registry.example.org/busybox:1.37.0"), Jobs = 4, JsonLog = true },
        });
        new NixDeployment(chart, "home", new NixDeploymentProps
        {
            Home = NixHome.Ephemeral(new EphemeralHomeOptions { SizeLimit = Size.Gibibytes(5) }),
            HomeManager = HomeManager.Profile(HomeManagerProfile.ESSENTIAL),
            Assistants = new[]
            {
                AiAssistant.Claude(new NpmAssistantOptions
                {
                    ApiKey = EnvValue.FromSecretValue(new SecretValue { Secret = SecretOf(chart, "ai-keys"), Key = "anthropic" }),
                }),
                AiAssistant.Aichat(new AichatOptions
                {
                    Provider = "openai",
                    Model = "gpt-4.1",
                    ApiKey = EnvValue.FromSecretValue(new SecretValue { Secret = SecretOf(chart, "more-keys"), Key = "openai" }),
                }),
            },
        });
    }

    private void Images()
    {
        var chart = ChartOf("images");
        var recommendation = NixImage.Recommend(new NixImageRequirements { PersistentVolume = true, ExistingImage = false });
        var recipe = NixImageRecipe.Of(NixImageKind.UBUNTU_NIX);
        var argument = recipe.BuildArguments[0];
        new ConfigMap(chart, "recommendation", new ConfigMapProps
        {
            Data = new Dictionary<string, string>
            {
                { "useCase", recommendation.UseCase },
                { "argument", $"{argument.Name}={argument.DefaultValue}" },
                { "files", recipe.BuildContext().Count.ToString() },
                { "dockerfile", recipe.Dockerfile() },
            },
        });
    }

    private sealed class Example : DeputyBase, IAnyProducer
    {
        public object Produce() => "Example";
    }

    private void Portal()
    {
        var chart = ChartOf("portal");
        new BackstageNix(chart, "backstage", new BackstageNixProps
        {
            Image = NixImage.BackstageNix(new BuiltNixImageOptions { Repository = "registry.example.org/team/portal", Tag = "1.0.0" }),
            BaseUrl = "https://portal.example.org",
            Database = BackstageDatabase.Existing(new ExistingBackstageDatabaseOptions
            {
                Host = "postgres.databases.svc",
                Password = new SecretValue { Secret = SecretOf(chart, "portal"), Key = "postgres" },
            }),
            Ingress = new BackstageIngressOptions { ClassName = "nginx", TlsSecret = SecretOf(chart, "portal-tls") },
            AppConfig = new Dictionary<string, object>
            {
                { "organization", new Dictionary<string, object> { { "name", Lazy.Any(new Example()) } } },
                { "app", new Dictionary<string, object> { { "title", "Portal" } } },
            },
        });
    }

    private void GitOpsOf()
    {
        var chart = ChartOf("git-ops");
        var space = new RestrictedNamespace(chart, "namespace", new RestrictedNamespaceProps
        {
            Metadata = new ApiObjectMetadata { Name = "development" },
            Level = PodSecurityLevel.BASELINE,
        });
        var workspace = new NixDeployment(chart, "workspace");
        workspace.Node.AddDependency(space);
        GitOps.ArgoCd(chart, new ArgoCdOptions { SyncWave = 1 });
        PodSecurity.Enforce(chart);
    }

    private void Pods()
    {
        var chart = ChartOf("pod-security");
        var plain = new Pod(chart, "plain", new PodProps { Containers = new[] { new ContainerProps { Image = "registry.example.org/app:2.0.1" } } });
        var violations = PodSecurity.Check(plain, new PodSecurityOptions { Level = PodSecurityLevel.RESTRICTED });
        new ConfigMap(chart, "violations", new ConfigMapProps
        {
            Data = new Dictionary<string, string>
            {
                { "violations", string.Join("\n", violations.Select(violation => $"{violation.Rule}: {violation.Field}")) },
            },
        });
    }

    private void EscapeHatches()
    {
        var chart = ChartOf("escape-hatches");
        var workspace = new NixDeployment(chart, "workspace");
        ApiObject.Of(workspace).AddJsonPatch(
            JsonPatch.Replace("/spec/template/spec/initContainers/0/resources/limits/memory", "1Gi"),
            JsonPatch.Add("/spec/template/spec/hostUsers", false));
        workspace.Environment.Config.ApiObject.AddJsonPatch(
            JsonPatch.Add("/metadata/annotations", new Dictionary<string, object> { { "example.org/owner", "ann" } }));
    }

    private IEnumerable<string> Errors()
    {
        var messages = new List<string>();
        void Attempt(Action mistake)
        {
            try
            {
                mistake();
            }
            catch (Exception error) when (error.GetType() == typeof(Exception))
            {
                messages.Add(error.Message);
            }
        }
        Attempt(() => NixImageRecipe.Of(NixImageKind.OTHER));
        Attempt(() =>
        {
            var wrong = new App(new AppProps { Outdir = outdir });
            new NixDeployment(new Chart(wrong, "wrong"), "workspace", new NixDeploymentProps { Replicas = 2, Config = new NixConfigProps { MaxJobs = -1 } });
            wrong.Synth();
        });
        Attempt(() =>
        {
            var wrong = new App(new AppProps { Outdir = outdir });
            var chart = new Chart(wrong, "wrong", new ChartProps { Namespace = "development" });
            new BackstageNix(chart, "backstage", new BackstageNixProps
            {
                Image = NixImage.Of("registry.example.org/team/portal:1.0.0"),
                BaseUrl = "https://portal.example.org",
                Database = BackstageDatabase.Existing(new ExistingBackstageDatabaseOptions
                {
                    Host = "postgres.databases.svc",
                    Password = new SecretValue { Secret = SecretOf(chart, "portal"), Key = "postgres" },
                }),
                AppConfig = new Dictionary<string, object>
                {
                    { "cache", new Dictionary<string, object> { { "sizes", new[] { Size.Gibibytes(1) } } } },
                },
            });
            wrong.Synth();
        });
        return messages;
    }

    public static void Main(string[] args)
    {
        Directory.CreateDirectory(args[0]);
        var program = new Program(args[0]);
        program.Workloads();
        program.Enable();
        program.Stores();
        program.Config();
        program.BinaryCache();
        program.Care();
        program.Network();
        program.Environments();
        program.Images();
        program.Portal();
        program.GitOpsOf();
        program.Pods();
        program.EscapeHatches();
        program.app.Synth();
        File.WriteAllText(Path.Combine(args[0], "errors.txt"), string.Join("\n---\n", program.Errors()) + "\n");
    }
}
