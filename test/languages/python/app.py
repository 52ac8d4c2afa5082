"""The app of ../typescript/app.ts in Python: the same charts, in the same order, into the folder it is given."""

import os
import sys

import cdk8s_plus_28 as kplus
import jsii
from cdk8s import ApiObject, App, Chart, Cron, Duration, IAnyProducer, JsonPatch, Lazy, Size
from cdk8s_nix import (
    AiAssistant, BackstageDatabase, BackstageNix, CaBundle, GitOps, HomeManager, HomeManagerProfile, NixBinaryCache, NixClaimRetention, NixCronJob,
    NixDaemonSet, NixDataSource, NixDeployment, NixEnvironment, NixGarbageCollection, NixHome, NixImage, NixImageKind, NixImageRecipe, NixJob,
    NixSeedOptions, NixSeedSource, NixStatefulSet, NixStore, NixStorePrefetch, NixStoreVerification, NixUser, NixConfigProps, NixProxyOptions,
    BackstageIngressOptions, PodSecurity, PodSecurityLevel, RestrictedNamespace, Substituter,
)

outdir = sys.argv[1]
app = App(outdir=outdir)


def chart_of(name):
    return Chart(app, name, namespace="development", labels={"team": "platform"})


def secret_of(chart, name):
    return kplus.Secret.from_secret_name(chart, f"secret-{name}", name)


def workloads():
    chart = chart_of("workloads")
    NixDeployment(chart, "deployment")
    NixDeployment(
        chart, "worker",
        path=["/opt/app/bin", "/usr/bin", "/bin"],
        object_labels={"owner": "ann"},
        containers=[kplus.ContainerProps(
            image="registry.example.org/worker:3.2.0",
            command=["worker", "--verbose"],
            env_variables={"LEVEL": kplus.EnvValue.from_value("debug")},
            resources=kplus.ContainerResources(memory=kplus.MemoryResources(request=Size.gibibytes(1), limit=Size.gibibytes(4))),
        )],
    )
    NixStatefulSet(chart, "agents", replicas=2, store=NixStore.per_replica(size=Size.gibibytes(30), when_scaled=NixClaimRetention.DELETE))
    NixDaemonSet(chart, "nodes", store=NixStore.empty_dir(size_limit=Size.gibibytes(10)))
    NixJob(chart, "build", containers=[kplus.ContainerProps(image="registry.example.org/builder:3.1.0", command=["nix", "build"])])
    NixCronJob(
        chart, "nightly",
        schedule=Cron.daily(),
        containers=[kplus.ContainerProps(image="registry.example.org/builder:3.1.0", command=["nix", "flake", "check"])],
    )


def enable():
    chart = chart_of("enable")
    shop = kplus.Deployment(chart, "shop", containers=[
        kplus.ContainerProps(name="main", image="registry.example.org/app:2.0.1"),
        kplus.ContainerProps(name="proxy", image="registry.example.org/proxy:1.9.0"),
    ])
    NixEnvironment(chart, "nix").enable(shop, containers=["main"])


def stores():
    chart = chart_of("stores")
    NixDeployment(chart, "lasting", store=NixStore.persistent(
        size=Size.gibibytes(200), storage_class_name="fast", retain=True, annotations={"example.org/tier": "gold"}))
    NixDeployment(chart, "cloned", store=NixStore.persistent(data_source=NixDataSource.snapshot("golden")))
    NixDeployment(chart, "existing", store=NixStore.existing("nix-claim", access_modes=[kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE]))
    NixDeployment(chart, "ephemeral", replicas=3, store=NixStore.ephemeral(size=Size.gibibytes(20)))
    NixDeployment(
        chart, "csi",
        image=NixImage.ubuntu_nix(repository="registry.example.org/ubuntu-nix", tag="1.0.0"),
        store=NixStore.csi(driver="nix.csi.example.org", volume_attributes={"channel": "stable"}),
    )


def config():
    chart = chart_of("config")
    NixDeployment(chart, "workspace", config=NixConfigProps(
        substituters=[Substituter.of("https://cache.example.org", "cache.example.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=")],
        netrc=kplus.SecretValue(secret=secret_of(chart, "nix-netrc"), key="netrc"),
        max_jobs=2,
        settings={"connect-timeout": 5, "keep-outputs": True, "system-features": ["big-parallel", "kvm"]},
        extra_lines=["warn-dirty = false"],
    ))


def binary_cache():
    chart = chart_of("binary-cache")
    cache = NixBinaryCache(chart, "cache", volume_size=Size.gibibytes(100), hit_ttl=Duration.days(30))
    workspace = NixDeployment(chart, "workspace", config=NixConfigProps(default_substituter=False))
    workspace.environment.use_binary_cache(cache)
    workspace.environment.restrict_network(external_cidrs=["10.1.0.0/16"], external_ports=[443, 8443])


def care():
    chart = chart_of("care")
    environment = NixDeployment(chart, "workspace").environment
    environment.collect_garbage(when_free_below=Size.gibibytes(5))
    environment.prefetch(packages=["nixpkgs#ripgrep"], required=True)
    NixGarbageCollection(chart, "collection", environment=environment, schedule=Cron.weekly(), time_zone="Europe/Vienna", delete_older_than=Duration.days(30))
    NixStorePrefetch(chart, "prefetch", environment=environment, packages=["nixpkgs#jq"], shells=["git+https://git.example.org/app"])
    NixStoreVerification(chart, "verification", environment=environment, repair=True)


def network():
    chart = chart_of("network")
    NixDeployment(
        chart, "workspace",
        proxy=NixProxyOptions(https_proxy="http://proxy.example.org:3128", no_proxy=[".example.org"]),
        ca_bundle=CaBundle.from_config_map(kplus.ConfigMap.from_config_map_name(chart, "ca", "company-ca"), "ca.pem"),
    )


def environments():
    chart = chart_of("environments")
    NixDeployment(chart, "openshift", user=NixUser.arbitrary())
    NixDeployment(chart, "uid", user=NixUser.of(uid=2000, gid=3000, name="dev", home="/home/dev"))
    NixDeployment(
        chart, "image",
        image=NixImage.of("registry.example.org/nix:2.31.2"),
        seed=NixSeedOptions(source=NixSeedSource.image_volume("registry.example.org/busybox:1.37.0"), jobs=4, json_log=True),
    )
    NixDeployment(
        chart, "home",
        home=NixHome.ephemeral(size_limit=Size.gibibytes(5)),
        home_manager=HomeManager.profile(HomeManagerProfile.ESSENTIAL),
        assistants=[
            AiAssistant.claude(api_key=kplus.EnvValue.from_secret_value(kplus.SecretValue(secret=secret_of(chart, "ai-keys"), key="anthropic"))),
            AiAssistant.aichat(
                provider="openai", model="gpt-4.1",
                api_key=kplus.EnvValue.from_secret_value(kplus.SecretValue(secret=secret_of(chart, "more-keys"), key="openai"))),
        ],
    )


def images():
    chart = chart_of("images")
    recommendation = NixImage.recommend(persistent_volume=True, existing_image=False)
    recipe = NixImageRecipe.of(NixImageKind.UBUNTU_NIX)
    argument = recipe.build_arguments[0]
    kplus.ConfigMap(chart, "recommendation", data={
        "useCase": recommendation.use_case,
        "argument": f"{argument.name}={argument.default_value}",
        "files": str(len(recipe.build_context())),
        "dockerfile": recipe.dockerfile(),
    })


@jsii.implements(IAnyProducer)
class Example:
    def produce(self):
        return "Example"


def portal():
    chart = chart_of("portal")
    BackstageNix(
        chart, "backstage",
        image=NixImage.backstage_nix(repository="registry.example.org/team/portal", tag="1.0.0"),
        base_url="https://portal.example.org",
        database=BackstageDatabase.existing(host="postgres.databases.svc", password=kplus.SecretValue(secret=secret_of(chart, "portal"), key="postgres")),
        ingress=BackstageIngressOptions(class_name="nginx", tls_secret=secret_of(chart, "portal-tls")),
        app_config={"organization": {"name": Lazy.any(Example())}, "app": {"title": "Portal"}},
    )


def git_ops():
    chart = chart_of("git-ops")
    namespace = RestrictedNamespace(chart, "namespace", metadata={"name": "development"}, level=PodSecurityLevel.BASELINE)
    workspace = NixDeployment(chart, "workspace")
    workspace.node.add_dependency(namespace)
    GitOps.argo_cd(chart, sync_wave=1)
    PodSecurity.enforce(chart)


def pod_security():
    chart = chart_of("pod-security")
    plain = kplus.Pod(chart, "plain", containers=[kplus.ContainerProps(image="registry.example.org/app:2.0.1")])
    violations = PodSecurity.check(plain, level=PodSecurityLevel.RESTRICTED)
    kplus.ConfigMap(chart, "violations", data={"violations": "\n".join(f"{violation.rule}: {violation.field}" for violation in violations)})


def escape_hatches():
    chart = chart_of("escape-hatches")
    workspace = NixDeployment(chart, "workspace")
    ApiObject.of(workspace).add_json_patch(
        JsonPatch.replace("/spec/template/spec/initContainers/0/resources/limits/memory", "1Gi"),
        JsonPatch.add("/spec/template/spec/hostUsers", False),
    )
    workspace.environment.config.api_object.add_json_patch(JsonPatch.add("/metadata/annotations", {"example.org/owner": "ann"}))


def errors():
    messages = []

    def attempt(mistake):
        try:
            mistake()
        except Exception as error:
            messages.append(str(error))

    def synth():
        wrong = App(outdir=outdir)
        NixDeployment(Chart(wrong, "wrong"), "workspace", replicas=2, config=NixConfigProps(max_jobs=-1))
        wrong.synth()

    def configure():
        wrong = App(outdir=outdir)
        chart = Chart(wrong, "wrong", namespace="development")
        BackstageNix(
            chart, "backstage",
            image=NixImage.of("registry.example.org/team/portal:1.0.0"),
            base_url="https://portal.example.org",
            database=BackstageDatabase.existing(host="postgres.databases.svc", password=kplus.SecretValue(secret=secret_of(chart, "portal"), key="postgres")),
            app_config={"cache": {"sizes": [Size.gibibytes(1)]}},
        )
        wrong.synth()

    attempt(lambda: NixImageRecipe.of(NixImageKind.OTHER))
    attempt(synth)
    attempt(configure)
    return messages


os.makedirs(outdir, exist_ok=True)
for part in [workloads, enable, stores, config, binary_cache, care, network, environments, images, portal, git_ops, pod_security, escape_hatches]:
    part()
app.synth()
with open(os.path.join(outdir, "errors.txt"), "w", encoding="utf-8") as file:
    file.write("\n---\n".join(errors()) + "\n")
