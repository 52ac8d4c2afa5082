import * as assert from 'assert/strict';
import { App, Chart, Duration, Yaml } from 'cdk8s';
import { NixDeployment, NixGarbageCollection, NixImage, NixProgram, NixProgramPrefetch } from '../../../src';
import { within } from '../patience';
import { RunningPod, Scenario } from '../scenario';

/** Seconds for a program to say its first words. */
const PATIENCE = 60;
const SCRIPT = String.raw`#!/bin/sh\necho "serve $0 $*"; trap "exit 0" TERM; while :; do sleep 1; done\n`;

/** A flake that a bare Nix can build without a network: a program that says what it is, and stays. */
const flakeOf = (version: string) => `{ outputs = _: { packages = builtins.listToAttrs (map (system: {
  name = system;
  value.default = { meta.mainProgram = "serve"; } // derivation {
    inherit system;
    name = "serve-${version}";
    builder = "/bin/sh";
    args = [ "-euc" ''
      PATH=/nix/var/nix/profiles/default/bin
      mkdir -p $out/bin
      printf '${SCRIPT}' >$out/bin/serve
      chmod +x $out/bin/serve; :
    '' ];
  };
}) [ "x86_64-linux" "aarch64-linux" ]); }; }`;

/** A Deployment whose container runs a program of a flake, from its first start through updates and back. There is no network. */
export const PROGRAMS: Scenario = {
  name: 'a program of a flake',
  steps: (place, images) => {
    let pod: RunningPod;

    /** The workload with a program, or without any, and what goes with it. */
    const synth = (program?: NixProgram, allowBuilds: boolean = true, keepFormer: number = 1) => {
      const chart = new Chart(new App(), 'programs');
      const { environment, name } = new NixDeployment(chart, 'echo', {
        image: NixImage.of(images.first),
        config: { defaultSubstituter: false },
        programs: program && [program],
        bringPrograms: { allowBuilds, keepFormer },
      });
      new NixGarbageCollection(chart, 'gc', { environment, keepRecent: Duration.seconds(0) });
      if (program) {
        new NixProgramPrefetch(chart, 'ahead', { environment });
      }
      const manifests = chart.toJson();
      const named = (kind: string): string => manifests.find(manifest => manifest.kind === kind).metadata.name;
      const without = (...kinds: string[]) => Yaml.stringify(...manifests.filter(({ kind }) => !kinds.includes(kind)));
      return { name, named, without };
    };
    const start = (program?: NixProgram, allowBuilds?: boolean, keepFormer?: number) => {
      const { name, without } = synth(program, allowBuilds, keepFormer);
      place.apply(without('Job'));
      [pod] = place.rollOut('Deployment', name);
    };
    const collectGarbage = () => place.complete('CronJob', synth().named('CronJob'));
    const flake = (version: string, image?: string) => NixProgram.flake(`path:/home/code/${version}`, { allowMoving: true, args: ['all'], image });
    const says = (words: RegExp) => assert.ok(within(PATIENCE, () => words.test(pod.logs()), 0.1), `it says ${JSON.stringify(pod.logs())}`);
    const broughtBy = (container: string) => pod.initLogs.get(container) ?? '';
    const there = () => pod.sh('ls -d /nix/store/*-serve-?').match(/serve-\d/g)?.sort();
    let built: string;

    return {
      'is brought before its container starts, of which it is the first process': () => {
        start();
        for (const version of ['1', '2', '3']) {
          pod.sh(`mkdir ~/${version} && cat >~/${version}/flake.nix <<'END'\n${flakeOf(version)}\nEND`);
        }
        start(flake('1'));
        assert.match(broughtBy('bring-programs'), /bring-programs: main is \/nix\/store\/\S+-serve-1 \(path:\/home\/code\/1\S*\), brought\n/);
        says(/^serve \/nix\/store\/\S+-serve-1\/bin\/serve all$/m);
        assert.match(pod.sh('id -u; tr "\\0" " " </proc/1/cmdline'), /^1001\n\/bin\/sh \/nix\/store\/\S+-serve-1\/bin\/serve all/);
        assert.match(pod.sh('command -v serve'), /\/package\/bin\/serve$/);
        assert.equal(pod.sh('{ echo >/root-is-writable; } 2>/dev/null || echo read-only'), 'read-only');
      },
      'is found by the next start, which looks at no flake': () => {
        pod.sh('mv ~/1 ~/gone');
        start(flake('1'));
        assert.match(broughtBy('bring-programs'), /main is \S+-serve-1 \(.*\), there already\n/);
        says(/-serve-1\/bin\/serve all$/m);
      },
      'is brought by a Job while the one before it runs': () => {
        const { named, without } = synth(flake('2'));
        place.apply(without('Deployment', 'CronJob'));
        assert.match([...place.complete('Job', named('Job')).values()].join('\n'), /main is \S+-serve-2 \(.*\), brought\n/);
        says(/-serve-1\/bin\/serve all$/m);
        start(flake('2'));
        assert.match(broughtBy('bring-programs'), /main is \S+-serve-2 \(.*\), there already\n/);
        says(/-serve-2\/bin\/serve all$/m);
      },
      'goes back to the one before, which a collection has spared': () => {
        collectGarbage();
        start(flake('1'));
        assert.match(broughtBy('bring-programs'), /main is \S+-serve-1 \(.*\), there already\n/);
        says(/-serve-1\/bin\/serve all$/m);
      },
      'outlives what has come after it only now, and goes with a collection where nothing former is kept': () => {
        start(flake('3'));
        says(/-serve-3\/bin\/serve all$/m);
        collectGarbage();
        assert.deepEqual(there(), ['serve-1', 'serve-2', 'serve-3']);
        start(flake('3'), true, 0);
        collectGarbage();
        assert.deepEqual(there(), ['serve-3']);
      },
      'runs in an image with hardly anything': () => {
        start(flake('3', images.plain));
        says(/-serve-3\/bin\/serve all$/m);
        built = pod.sh('ls -d /nix/store/*-serve-3');
      },
      'comes at the end of the seed where nothing is built, and is found there again': () => {
        const program = NixProgram.package(`${built}/bin/serve`, { args: ['again'] });
        start(program, false);
        assert.deepEqual([...pod.initLogs.keys()], ['seed-nix-store']);
        assert.ok(broughtBy('seed-nix-store').includes(`bring-programs: main is ${built} (${built}/bin/serve), brought\n`), broughtBy('seed-nix-store'));
        says(/-serve-3\/bin\/serve again$/m);
        start(program, false);
        assert.match(broughtBy('seed-nix-store'), /check-nix-store: .* holds a store\nbring-programs: main is \S+-serve-3 \(.*\), there already\n/);
      },
      'keeps its pod from starting where nobody has it, and the status says so': () => {
        const { name, without } = synth(NixProgram.package('/nix/store/00000000000000000000000000000000-x/bin/x'), false);
        place.apply(without('Job'));
        const { container, terminationMessage } = place.failure('Deployment', name);
        assert.equal(container, 'seed-nix-store');
        assert.match(terminationMessage, /no cache that the pod asks has/);
      },
    };
  },
};
