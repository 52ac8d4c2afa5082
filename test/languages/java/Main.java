import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.cdk8snix.AiAssistant;
import io.github.cdk8snix.AichatOptions;
import io.github.cdk8snix.BackstageDatabase;
import io.github.cdk8snix.BackstageIngressOptions;
import io.github.cdk8snix.BackstageNix;
import io.github.cdk8snix.BuiltNixImageOptions;
import io.github.cdk8snix.CaBundle;
import io.github.cdk8snix.ClaimStoreOptions;
import io.github.cdk8snix.CsiStoreOptions;
import io.github.cdk8snix.EmptyDirStoreOptions;
import io.github.cdk8snix.EphemeralHomeOptions;
import io.github.cdk8snix.ExistingBackstageDatabaseOptions;
import io.github.cdk8snix.ExistingStoreOptions;
import io.github.cdk8snix.GitOps;
import io.github.cdk8snix.ArgoCdOptions;
import io.github.cdk8snix.HomeManager;
import io.github.cdk8snix.HomeManagerProfile;
import io.github.cdk8snix.NixBinaryCache;
import io.github.cdk8snix.NixClaimRetention;
import io.github.cdk8snix.NixConfigProps;
import io.github.cdk8snix.NixCronJob;
import io.github.cdk8snix.NixDaemonSet;
import io.github.cdk8snix.NixDataSource;
import io.github.cdk8snix.NixDeployment;
import io.github.cdk8snix.NixEnableOptions;
import io.github.cdk8snix.NixEnvironment;
import io.github.cdk8snix.NixGarbageCollection;
import io.github.cdk8snix.NixGarbageCollectionOptions;
import io.github.cdk8snix.NixHome;
import io.github.cdk8snix.NixImage;
import io.github.cdk8snix.NixImageBuildArgument;
import io.github.cdk8snix.NixImageKind;
import io.github.cdk8snix.NixImageRecipe;
import io.github.cdk8snix.NixImageRecommendation;
import io.github.cdk8snix.NixImageRequirements;
import io.github.cdk8snix.NixJob;
import io.github.cdk8snix.NixNetworkPolicyOptions;
import io.github.cdk8snix.NixPrefetchAtStartOptions;
import io.github.cdk8snix.NixProxyOptions;
import io.github.cdk8snix.NixSeedOptions;
import io.github.cdk8snix.NixSeedSource;
import io.github.cdk8snix.NixStatefulSet;
import io.github.cdk8snix.NixStore;
import io.github.cdk8snix.NixStorePrefetch;
import io.github.cdk8snix.NixStoreVerification;
import io.github.cdk8snix.NixUser;
import io.github.cdk8snix.NixUserOptions;
import io.github.cdk8snix.NpmAssistantOptions;
import io.github.cdk8snix.PerReplicaStoreOptions;
import io.github.cdk8snix.PersistentStoreOptions;
import io.github.cdk8snix.PodSecurity;
import io.github.cdk8snix.PodSecurityLevel;
import io.github.cdk8snix.PodSecurityOptions;
import io.github.cdk8snix.RestrictedNamespace;
import io.github.cdk8snix.Substituter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.cdk8s.ApiObject;
import org.cdk8s.ApiObjectMetadata;
import org.cdk8s.App;
import org.cdk8s.AppProps;
import org.cdk8s.Chart;
import org.cdk8s.ChartProps;
import org.cdk8s.Cron;
import org.cdk8s.Duration;
import org.cdk8s.IAnyProducer;
import org.cdk8s.JsonPatch;
import org.cdk8s.Lazy;
import org.cdk8s.Size;
import org.cdk8s.plus28.ConfigMap;
import org.cdk8s.plus28.ContainerProps;
import org.cdk8s.plus28.ContainerResources;
import org.cdk8s.plus28.Deployment;
import org.cdk8s.plus28.EnvValue;
import org.cdk8s.plus28.ISecret;
import org.cdk8s.plus28.MemoryResources;
import org.cdk8s.plus28.PersistentVolumeAccessMode;
import org.cdk8s.plus28.Pod;
import org.cdk8s.plus28.Secret;
import org.cdk8s.plus28.SecretValue;

/** The app of ../typescript/app.ts in Java: the same charts, in the same order, into the folder it is given. */
public final class Main {
    private final String outdir;
    private final App app;

    private Main(final String outdir) {
        this.outdir = outdir;
        this.app = new App(AppProps.builder().outdir(outdir).build());
    }

    private Chart chartOf(final String name) {
        return new Chart(app, name, ChartProps.builder().namespace("development").labels(Map.of("team", "platform")).build());
    }

    private static ISecret secretOf(final Chart chart, final String name) {
        return Secret.fromSecretName(chart, "secret-" + name, name);
    }

    private static ContainerProps container(final String image, final String... command) {
        return ContainerProps.builder().image(image).command(List.of(command)).build();
    }

    private void workloads() {
        final Chart chart = chartOf("workloads");
        NixDeployment.Builder.create(chart, "deployment").build();
        NixDeployment.Builder.create(chart, "worker")
            .path(List.of("/opt/app/bin", "/usr/bin", "/bin"))
            .objectLabels(Map.of("owner", "ann"))
            .containers(List.of(ContainerProps.builder()
                .image("registry.example.org/worker:3.2.0")
                .command(List.of("worker", "--verbose"))
                .envVariables(Map.of("LEVEL", EnvValue.fromValue("debug")))
                .resources(ContainerResources.builder()
                    .memory(MemoryResources.builder().request(Size.gibibytes(1)).limit(Size.gibibytes(4)).build())
                    .build())
                .build()))
            .build();
        NixStatefulSet.Builder.create(chart, "agents")
            .replicas(2)
            .store(NixStore.perReplica(PerReplicaStoreOptions.builder().size(Size.gibibytes(30)).whenScaled(NixClaimRetention.DELETE).build()))
            .build();
        NixDaemonSet.Builder.create(chart, "nodes")
            .store(NixStore.emptyDir(EmptyDirStoreOptions.builder().sizeLimit(Size.gibibytes(10)).build()))
            .build();
        NixJob.Builder.create(chart, "build").containers(List.of(container("registry.example.org/builder:3.1.0", "nix", "build"))).build();
        NixCronJob.Builder.create(chart, "nightly")
            .schedule(Cron.daily())
            .containers(List.of(container("registry.example.org/builder:3.1.0", "nix", "flake", "check")))
            .build();
    }

    private void enable() {
        final Chart chart = chartOf("enable");
        final Deployment shop = Deployment.Builder.create(chart, "shop")
            .containers(List.of(
                ContainerProps.builder().name("main").image("registry.example.org/app:2.0.1").build(),
                ContainerProps.builder().name("proxy").image("registry.example.org/proxy:1.9.0").build()))
            .build();
        NixEnvironment.Builder.create(chart, "nix").build().enable(shop, NixEnableOptions.builder().containers(List.of("main")).build());
    }

    private void stores() {
        final Chart chart = chartOf("stores");
        NixDeployment.Builder.create(chart, "lasting")
            .store(NixStore.persistent(PersistentStoreOptions.builder()
                .size(Size.gibibytes(200))
                .storageClassName("fast")
                .retain(true)
                .annotations(Map.of("example.org/tier", "gold"))
                .build()))
            .build();
        NixDeployment.Builder.create(chart, "cloned")
            .store(NixStore.persistent(PersistentStoreOptions.builder().dataSource(NixDataSource.snapshot("golden")).build()))
            .build();
        NixDeployment.Builder.create(chart, "existing")
            .store(NixStore.existing("nix-claim", ExistingStoreOptions.builder()
                .accessModes(List.of(PersistentVolumeAccessMode.READ_WRITE_ONCE))
                .build()))
            .build();
        NixDeployment.Builder.create(chart, "ephemeral")
            .replicas(3)
            .store(NixStore.ephemeral(ClaimStoreOptions.builder().size(Size.gibibytes(20)).build()))
            .build();
        NixDeployment.Builder.create(chart, "csi")
            .image(NixImage.ubuntuNix(BuiltNixImageOptions.builder().repository("registry.example.org/ubuntu-nix").tag("1.0.0").build()))
            .store(NixStore.csi(CsiStoreOptions.builder().driver("nix.csi.example.org").volumeAttributes(Map.of("channel", "stable")).build()))
            .build();
    }

    private void config() {
        final Chart chart = chartOf("config");
        NixDeployment.Builder.create(chart, "workspace")
            .config(NixConfigProps.builder()
                .substituters(List.of(Substituter.of(
                    "https://cache.example.org", "cache.example.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=")))
                .netrc(SecretValue.builder().secret(secretOf(chart, "nix-netrc")).key("netrc").build())
                .maxJobs(2)
                .settings(Map.of("connect-timeout", 5, "keep-outputs", true, "system-features", List.of("big-parallel", "kvm")))
                .extraLines(List.of("warn-dirty = false"))
                .build())
            .build();
    }

    private void binaryCache() {
        final Chart chart = chartOf("binary-cache");
        final NixBinaryCache cache = NixBinaryCache.Builder.create(chart, "cache").volumeSize(Size.gibibytes(100)).hitTtl(Duration.days(30)).build();
        final NixDeployment workspace = NixDeployment.Builder.create(chart, "workspace")
            .config(NixConfigProps.builder().defaultSubstituter(false).build())
            .build();
        workspace.getEnvironment().useBinaryCache(cache);
        workspace.getEnvironment().restrictNetwork(NixNetworkPolicyOptions.builder()
            .externalCidrs(List.of("10.1.0.0/16"))
            .externalPorts(List.of(443, 8443))
            .build());
    }

    private void care() {
        final Chart chart = chartOf("care");
        final NixEnvironment environment = NixDeployment.Builder.create(chart, "workspace").build().getEnvironment();
        environment.collectGarbage(NixGarbageCollectionOptions.builder().whenFreeBelow(Size.gibibytes(5)).build());
        environment.prefetch(NixPrefetchAtStartOptions.builder().packages(List.of("nixpkgs#ripgrep")).required(true).build());
        NixGarbageCollection.Builder.create(chart, "collection")
            .environment(environment)
            .schedule(Cron.weekly())
            .timeZone("Europe/Vienna")
            .deleteOlderThan(Duration.days(30))
            .build();
        NixStorePrefetch.Builder.create(chart, "prefetch")
            .environment(environment)
            .packages(List.of("nixpkgs#jq"))
            .shells(List.of("git+https://git.example.org/app"))
            .build();
        NixStoreVerification.Builder.create(chart, "verification").environment(environment).repair(true).build();
    }

    private void network() {
        final Chart chart = chartOf("network");
        NixDeployment.Builder.create(chart, "workspace")
            .proxy(NixProxyOptions.builder().httpsProxy("http://proxy.example.org:3128").noProxy(List.of(".example.org")).build())
            .caBundle(CaBundle.fromConfigMap(ConfigMap.fromConfigMapName(chart, "ca", "company-ca"), "ca.pem"))
            .build();
    }

    private void environments() {
        final Chart chart = chartOf("environments");
        NixDeployment.Builder.create(chart, "openshift").user(NixUser.arbitrary()).build();
        NixDeployment.Builder.create(chart, "uid")
            .user(NixUser.of(NixUserOptions.builder().uid(2000).gid(3000).name("dev").home("/home/dev").build()))
            .build();
        NixDeployment.Builder.create(chart, "image")
            .image(NixImage.of("registry.example.org/nix:2.31.2"))
            .seed(NixSeedOptions.builder()
                .source(NixSeedSource.imageVolume("registry.example.org/busybox:1.37.0"))
                .jobs(4)
                .jsonLog(true)
                .build())
            .build();
        NixDeployment.Builder.create(chart, "home")
            .home(NixHome.ephemeral(EphemeralHomeOptions.builder().sizeLimit(Size.gibibytes(5)).build()))
            .homeManager(HomeManager.profile(HomeManagerProfile.ESSENTIAL))
            .assistants(List.of(
                AiAssistant.claude(NpmAssistantOptions.builder().apiKey(keyOf(chart, "ai-keys", "anthropic")).build()),
                AiAssistant.aichat(AichatOptions.builder()
                    .provider("openai")
                    .model("gpt-4.1")
                    .apiKey(keyOf(chart, "more-keys", "openai"))
                    .build())))
            .build();
    }

    private static EnvValue keyOf(final Chart chart, final String secret, final String key) {
        return EnvValue.fromSecretValue(SecretValue.builder().secret(secretOf(chart, secret)).key(key).build());
    }

    private void images() {
        final Chart chart = chartOf("images");
        final NixImageRecommendation recommendation =
            NixImage.recommend(NixImageRequirements.builder().persistentVolume(true).existingImage(false).build());
        final NixImageRecipe recipe = NixImageRecipe.of(NixImageKind.UBUNTU_NIX);
        final NixImageBuildArgument argument = recipe.getBuildArguments().get(0);
        ConfigMap.Builder.create(chart, "recommendation")
            .data(Map.of(
                "useCase", recommendation.getUseCase(),
                "argument", argument.getName() + "=" + argument.getDefaultValue(),
                "files", String.valueOf(recipe.buildContext().size()),
                "dockerfile", recipe.dockerfile()))
            .build();
    }

    private static final class Example implements IAnyProducer {
        @Override
        public Object produce() {
            return "Example";
        }
    }

    private void portal() {
        final Chart chart = chartOf("portal");
        BackstageNix.Builder.create(chart, "backstage")
            .image(NixImage.backstageNix(BuiltNixImageOptions.builder().repository("registry.example.org/team/portal").tag("1.0.0").build()))
            .baseUrl("https://portal.example.org")
            .database(BackstageDatabase.existing(ExistingBackstageDatabaseOptions.builder()
                .host("postgres.databases.svc")
                .password(SecretValue.builder().secret(secretOf(chart, "portal")).key("postgres").build())
                .build()))
            .ingress(BackstageIngressOptions.builder().className("nginx").tlsSecret(secretOf(chart, "portal-tls")).build())
            .appConfig(Map.of("organization", Map.of("name", Lazy.any(new Example())), "app", Map.of("title", "Portal")))
            .build();
    }

    private void gitOps() {
        final Chart chart = chartOf("git-ops");
        final RestrictedNamespace namespace = RestrictedNamespace.Builder.create(chart, "namespace")
            .metadata(ApiObjectMetadata.builder().name("development").build())
            .level(PodSecurityLevel.BASELINE)
            .build();
        final NixDeployment workspace = NixDeployment.Builder.create(chart, "workspace").build();
        workspace.getNode().addDependency(namespace);
        GitOps.argoCd(chart, ArgoCdOptions.builder().syncWave(1).build());
        PodSecurity.enforce(chart);
    }

    private void podSecurity() {
        final Chart chart = chartOf("pod-security");
        final Pod plain = Pod.Builder.create(chart, "plain")
            .containers(List.of(ContainerProps.builder().image("registry.example.org/app:2.0.1").build()))
            .build();
        final String violations = PodSecurity.check(plain, PodSecurityOptions.builder().level(PodSecurityLevel.RESTRICTED).build()).stream()
            .map(violation -> violation.getRule() + ": " + violation.getField())
            .collect(Collectors.joining("\n"));
        ConfigMap.Builder.create(chart, "violations").data(Map.of("violations", violations)).build();
    }

    private void escapeHatches() {
        final Chart chart = chartOf("escape-hatches");
        final NixDeployment workspace = NixDeployment.Builder.create(chart, "workspace").build();
        ApiObject.of(workspace).addJsonPatch(
            JsonPatch.replace("/spec/template/spec/initContainers/0/resources/limits/memory", "1Gi"),
            JsonPatch.add("/spec/template/spec/hostUsers", false));
        workspace.getEnvironment().getConfig().getApiObject().addJsonPatch(
            JsonPatch.add("/metadata/annotations", Map.of("example.org/owner", "ann")));
    }

    private static void attempt(final List<String> messages, final Runnable mistake) {
        try {
            mistake.run();
        } catch (final RuntimeException error) {
            if (error.getClass() != RuntimeException.class) {
                throw error;
            }
            messages.add(error.getMessage());
        }
    }

    private List<String> errors() {
        final List<String> messages = new ArrayList<>();
        attempt(messages, () -> NixImageRecipe.of(NixImageKind.OTHER));
        attempt(messages, () -> {
            final App wrong = new App(AppProps.builder().outdir(outdir).build());
            NixDeployment.Builder.create(new Chart(wrong, "wrong"), "workspace")
                .replicas(2)
                .config(NixConfigProps.builder().maxJobs(-1).build())
                .build();
            wrong.synth();
        });
        attempt(messages, () -> {
            final App wrong = new App(AppProps.builder().outdir(outdir).build());
            final Chart chart = new Chart(wrong, "wrong", ChartProps.builder().namespace("development").build());
            BackstageNix.Builder.create(chart, "backstage")
                .image(NixImage.of("registry.example.org/team/portal:1.0.0"))
                .baseUrl("https://portal.example.org")
                .database(BackstageDatabase.existing(ExistingBackstageDatabaseOptions.builder()
                    .host("postgres.databases.svc")
                    .password(SecretValue.builder().secret(secretOf(chart, "portal")).key("postgres").build())
                    .build()))
                .appConfig(Map.of("cache", Map.of("sizes", List.of(Size.gibibytes(1)))))
                .build();
            wrong.synth();
        });
        return messages;
    }

    public static void main(final String[] args) throws IOException {
        final Main main = new Main(args[0]);
        final Path folder = Path.of(main.outdir);
        Files.createDirectories(folder);
        main.workloads();
        main.enable();
        main.stores();
        main.config();
        main.binaryCache();
        main.care();
        main.network();
        main.environments();
        main.images();
        main.portal();
        main.gitOps();
        main.podSecurity();
        main.escapeHatches();
        main.app.synth();
        Files.write(folder.resolve("errors.txt"), (String.join("\n---\n", main.errors()) + "\n").getBytes(UTF_8));
    }
}
