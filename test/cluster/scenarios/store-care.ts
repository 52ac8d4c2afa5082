import * as assert from 'assert/strict';
import { App, Chart, Cron, Duration, Yaml } from 'cdk8s';
import { NixDeployment, NixGarbageCollection, NixImage, NixStorePrefetch, NixStoreVerification } from '../../../src';
import { expression, RunningPod, Scenario } from '../scenario';

const ROOTS = '/nix/var/nix/gcroots/cdk8s-nix-prefetch';
const PACKAGE = 'path:/home/code/flake#default';
const FLAKE = `{ outputs = _: { packages = builtins.listToAttrs (map (system: {
  name = system; value.default = ${expression('wanted', 'system')};
}) [ "x86_64-linux" "aarch64-linux" ]); }; }`;

/** A workspace on a ReadWriteOnce volume, and what cares for its store while it runs. */
export const STORE_CARE: Scenario = {
  name: 'a workspace whose store is cared for',
  steps: (place, images) => {
    let pod: RunningPod;

    const start = (image: string, atStart: boolean = false) => {
      const chart = new Chart(new App(), 'care');
      const workspace = new NixDeployment(chart, 'workspace', { image: NixImage.of(image), config: { defaultSubstituter: false } });
      if (atStart) {
        workspace.environment.prefetch({ packages: [PACKAGE] });
        workspace.environment.collectGarbage();
      }
      place.apply(Yaml.stringify(...chart.toJson()));
      [pod] = place.rollOut('Deployment', workspace.name);
    };

    /** What cares for the workspace of this image, without the workspace. */
    const care = (image: string) => {
      const chart = new Chart(new App(), 'care');
      const { environment } = new NixDeployment(chart, 'workspace', { image: NixImage.of(image), config: { defaultSubstituter: false } });
      new NixGarbageCollection(chart, 'gc', { environment, keepRecent: Duration.seconds(0), deleteOlderThan: Duration.days(30), schedule: Cron.annually() });
      new NixStorePrefetch(chart, 'tools', { environment, packages: [PACKAGE] });
      new NixStoreVerification(chart, 'verify', { environment, schedule: Cron.annually() });
      return chart.toJson().filter(manifest => manifest.kind !== 'Deployment');
    };
    const applied = (image: string, kind: 'Job' | 'CronJob', id: string): string => {
      const manifests = care(image);
      const { metadata: { name } } = manifests.find(manifest => manifest.kind === kind && manifest.metadata.name.startsWith(`care-${id}-`));
      const others = (manifest: any) => ['Job', 'CronJob'].includes(manifest.kind) && manifest.metadata.name !== name;
      place.apply(Yaml.stringify(...manifests.filter(manifest => !others(manifest))));
      return name;
    };
    const complete = (image: string, kind: 'Job' | 'CronJob', id: string) => [...place.complete(kind, applied(image, kind, id)).values()].join('\n');
    const garbage = () => pod.run(['nix-build', '--no-out-link', '--expr', expression('garbage')]);
    const has = (path: string) => pod.sh(`if [ -e ${path} ]; then echo yes; else echo no; fi`);

    return {
      'a CronJob collects garbage beside the running pod, and spares what the user has': () => {
        start(images.first);
        pod.run(['nix-build', '--out-link', '/home/code/thing', '--expr', expression('of-the-user')]);
        const unused = garbage();
        assert.equal(has(unused), 'yes');
        assert.match(complete(images.first, 'CronJob', 'gc'), /collect-garbage: \d+ store paths deleted, [\d.]+ [KM]iB freed; \d+ MiB free, \d+ MiB before; \d+ s\n?$/);
        assert.equal(has(unused), 'no');
        assert.equal(pod.sh('cat /home/code/thing'), 'built of-the-user');
        assert.match(pod.run(['nix', '--version']), /^nix \(Nix\) \d/);
      },
      'a Job brings a package that stays': () => {
        pod.sh(`mkdir ~/flake && cat >~/flake/flake.nix <<'END'\n${FLAKE}\nEND`);
        assert.match(complete(images.first, 'Job', 'tools'), /prefetch-store: 1 brought, 1 roots/);
        complete(images.first, 'CronJob', 'gc');
        assert.equal(pod.sh(`cat ${ROOTS}/*/1`), 'built wanted');
      },
      'the paths of an old image go once a new one is in place': () => {
        const old = pod.sh('readlink -f "$(command -v nix)"');
        start(images.second);
        assert.equal(has(old), 'yes');
        complete(images.second, 'CronJob', 'gc');
        assert.equal(has(old), 'no');
        assert.equal(pod.sh('cat /home/code/thing'), 'built of-the-user');
      },
      'at the start of a pod: what is to be there is there, garbage is gone': () => {
        const unused = garbage();
        start(images.second, true);
        assert.match(pod.initLogs.get('prefetch-store') ?? '', /prefetch-store: 1 brought/);
        assert.match(pod.initLogs.get('collect-garbage') ?? '', /store paths deleted/);
        assert.equal(has(unused), 'no');
      },
      'a CronJob finds damage, and its last words are in the status': () => {
        assert.match(complete(images.second, 'CronJob', 'verify'), /verify-store: no damaged paths/);
        pod.sh('file=$(readlink -f /home/code/thing); chmod u+w "$file"; echo damaged >>"$file"');
        const { container, terminationMessage } = place.failure('CronJob', applied(images.second, 'CronJob', 'verify'));
        assert.equal(container, 'verify-store');
        assert.match(terminationMessage, /^verify-store: error: 1 damaged paths, 0 repaired; \d+ s\n?$/);
      },
    };
  },
};
