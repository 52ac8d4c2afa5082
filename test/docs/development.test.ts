import { execFileSync } from 'child_process';
import { readFileSync } from 'fs';
import { join } from 'path';
import { parse } from 'yaml';
import { snippetsOf, synthesize } from './snippet';
import { mountAt, only } from '../support/synth';

const PAGE = join(__dirname, '..', '..', 'docs', 'development.md');

/** A file in the page, by its name behind the fence. */
function file(name: string): string {
  const found = new RegExp(`^\`\`\`\\w+ ${name.replace(/\./g, '\\.')}\\n(?<text>[\\s\\S]*?)^\`\`\`$`, 'm').exec(readFileSync(PAGE, 'utf-8'));
  if (!found) {
    throw new Error(`the page has no ${name}`);
  }
  return found.groups!.text;
}

/** What a Tiltfile calls. Its language is a part of Python, so Python reads it, with functions that only note what they are given. */
function tiltCalls(): Array<{ name: string; args: any[]; named: { [name: string]: any } }> {
  const reader = [
    'import json, sys',
    'calls = []',
    'def note(name):',
    '    def call(*args, **named):',
    '        calls.append({"name": name, "args": args, "named": named})',
    '        return [name, *args]',
    '    return call',
    'names = ["allow_k8s_contexts", "k8s_yaml", "docker_build", "fall_back_on", "sync", "k8s_resource"]',
    'exec(compile(sys.stdin.read(), "Tiltfile", "exec"), {name: note(name) for name in names})',
    'print(json.dumps(calls))',
  ];
  return JSON.parse(execFileSync('python3', ['-c', reader.join('\n')], { input: file('Tiltfile'), encoding: 'utf-8' }));
}

describe('docs/development.md', () => {
  const manifests = synthesize(snippetsOf(PAGE)[0]);
  const deployment = only(manifests, 'Deployment');
  const [container] = deployment.spec.template.spec.containers;
  const [repository] = container.image.split(':');
  const port = container.ports[0].containerPort;
  const service = manifests.find(manifest => manifest.kind === 'Service' && manifest.metadata.name === 'backstage');
  const folder = /mkdir -p (?<folder>\S+);/.exec(container.command.at(-1))!.groups!.folder;

  test('shows a folder in the home', () => {
    expect(folder).toBe(`${mountAt(container, '/home/code').mountPath}/workspace`);
  });

  test('devspace.yaml finds the container, and synchronizes into the folder', () => {
    const { version, deployments, dev: { portal } } = parse(file('devspace.yaml'));
    expect(version).toBe('v2beta1');
    expect(deployments.portal.kubectl.manifests).toHaveLength(1);
    expect(deployment.spec.template.metadata.labels).toMatchObject(portal.labelSelector);
    expect([portal.namespace, portal.container]).toEqual([deployment.metadata.namespace, container.name]);
    expect(portal.sync.map(({ path }: any) => path.split(':')[1])).toEqual([folder]);
    expect(portal.ports).toEqual([{ port: String(port) }]);
    expect(portal.terminal.workDir).toBe(folder);
    expect(portal).not.toHaveProperty('devImage');
  });

  test('skaffold.yaml builds the image, copies into the folder, and forwards the Service', () => {
    const { apiVersion, kind, build: { artifacts: [artifact] }, portForward } = parse(file('skaffold.yaml'));
    expect([apiVersion, kind]).toEqual([expect.stringMatching(/^skaffold\/v4beta\d+$/), 'Config']);
    expect(artifact.image).toBe(repository);
    expect(artifact.sync.manual.map(({ dest }: any) => dest)).toEqual(artifact.sync.manual.map(() => folder));
    expect(portForward).toEqual([{
      resourceType: 'service', resourceName: service.metadata.name, namespace: service.metadata.namespace, port: service.spec.ports[0].port, localPort: port,
    }]);
  });

  test('the Tiltfile builds the image, copies into the folder, and forwards the Deployment', () => {
    const calls = tiltCalls();
    const call = (name: string) => calls.find(other => other.name === name)!;
    expect(call('docker_build').args[0]).toBe(repository);
    expect(call('docker_build').named.live_update.map(([name]: string[]) => name)).toEqual(['fall_back_on', 'sync']);
    expect(call('sync').args[1]).toBe(folder);
    expect(call('k8s_resource')).toMatchObject({ args: [deployment.metadata.name], named: { port_forwards: [`${port}:${port}`] } });
    expect(call('k8s_yaml').args).toEqual([parse(file('skaffold.yaml')).manifests.rawYaml[0]]);
  });

  test('an attached editor opens the folder, as whoever runs the container', () => {
    const config = JSON.parse(file('attached-container.json'));
    expect(config).toMatchObject({ workspaceFolder: folder, forwardPorts: [port] });
    expect(config).not.toHaveProperty('remoteUser');
  });

  test('devcontainer.json has the image, the user, the folder and the port', () => {
    const config = JSON.parse(file('devcontainer.json'));
    const user = container.env.find((entry: any) => entry.name === 'USER').value;
    expect(config).toMatchObject({ image: container.image, containerUser: user, workspaceFolder: folder, forwardPorts: [port] });
    expect(config.workspaceMount).toContain(`target=${folder},`);
    expect(config.containerEnv.NODE_ENV).toBe(container.env.find((entry: any) => entry.name === 'NODE_ENV').value);
  });
});
