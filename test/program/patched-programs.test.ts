import { ApiObject, JsonPatch } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixBringProgramsOptions, NixDeployment, NixEnvironment, NixProgram, NixStore } from '../../src';
import { synthErrorOf } from '../support/synth-error';

const POD = '/spec/template/spec';
const INIT = `${POD}/initContainers`;

/** A workload whose program comes with the seed, or by a container of its own, and patches. */
function patched(bringPrograms: NixBringProgramsOptions, ...patches: JsonPatch[]): string {
  return synthErrorOf(chart => {
    const workload = new NixDeployment(chart, 'echo', { programs: [NixProgram.flake('github:owner/echo/v1.2.3')], bringPrograms });
    ApiObject.of(workload).addJsonPatch(...patches);
  });
}

const GONE = 'Leave that as it is, or give the container a command of its own.';

test.each<[string, NixBringProgramsOptions, JsonPatch[], string]>([
  ['the seed that brings it', {}, [JsonPatch.remove(`${INIT}/0`)], 'the init container seed-nix-store, or its arguments.'],
  ['its arguments', {}, [JsonPatch.remove(`${INIT}/0/args`)], 'the init container seed-nix-store, or its arguments.'],
  ['one of its arguments', {}, [JsonPatch.remove(`${INIT}/0/args/1`)], 'the init container seed-nix-store, or its arguments.'],
  ['the container that brings it', { allowBuilds: true }, [JsonPatch.remove(`${INIT}/1`)], 'the init container bring-programs, or its arguments.'],
])('who removes %s is told that nothing brings the program', (_, options, patches, words) => {
  const message = patched(options, ...patches);
  expect(message).toContain(`[test/echo] CDK8SNIX1208 containers: got "main". A patch has taken away what brings its program: ${words} ${GONE}`);
  expect(message.match(/CDK8SNIX/g)).toHaveLength(1);
});

test('who removes all init containers is told of all that was in them, and once', () => {
  expect(patched({}, JsonPatch.remove(INIT)).match(/CDK8SNIX\d+/g)).toEqual(['CDK8SNIX0524']);
});

test.each<[string, NixBringProgramsOptions, JsonPatch[]]>([
  ['another name of it', {}, [JsonPatch.replace(`${INIT}/0/name`, 'mine')]],
  ['more arguments behind', {}, [JsonPatch.add(`${INIT}/0/args/-`, 'other')]],
  ['a container beside it', {}, [JsonPatch.add(`${INIT}/0`, { name: 'mine', image: 'example/app:1' })]],
  ['the seed where another one brings it', { allowBuilds: true }, [JsonPatch.remove(`${INIT}/0`)]],
  ['it together with the command that needs it', {}, [JsonPatch.remove(`${INIT}/0`), JsonPatch.replace(`${POD}/containers/0/command`, ['serve'])]],
  ['it, and a copy of it put back', { allowBuilds: true }, [JsonPatch.copy(`${INIT}/1`, `${INIT}/0`), JsonPatch.remove(`${INIT}/2`)]],
])('nothing is said of %s', (_, options, patches) => {
  expect(patched(options, ...patches)).toBe('');
});

test('an init container that a patch moves before its program is brought is told', () => {
  const message = synthErrorOf(chart => {
    const environment = new NixEnvironment(chart, 'nix', { store: NixStore.ephemeral() });
    const shop = new kplus.Deployment(chart, 'shop', { containers: [{ name: 'app', image: 'example/shop:1' }] });
    shop.addInitContainer(environment.containerFor(NixProgram.flake('github:owner/migrate/v2.0.1', { name: 'migrate' })));
    environment.enable(shop);
    ApiObject.of(shop).addJsonPatch(JsonPatch.move(`${INIT}/1`, `${INIT}/0`));
  });
  expect(message).toContain('CDK8SNIX1208 containers: got "migrate". A patch has it run before its program is brought. Leave seed-nix-store in front of it.');
});
