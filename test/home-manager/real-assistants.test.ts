import * as fs from 'node:fs';
import * as path from 'node:path';
import { Chart, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixContainer, RunResult } from './nix-container';
import { ASSISTANTS_FOLDER, installRealAssistants } from './real-assistants';
import { AiAssistant, HomeManager, HomeManagerProfile, McpCommandOptions, McpServer, NixDeployment } from '../../src';
import { filesOf, podSpec, testChart } from '../support/synth';

/* eslint-disable @typescript-eslint/no-explicit-any */

const API = 'http://127.0.0.1:8080';

/** As OpenShift picks it, in group 0. */
const ANYBODY = '1000680000:0';

/** What the pod of a manifest has: files by their paths, and variables, where what comes from a Secret has its key as value. */
interface Told {
  readonly files: { [path: string]: string };
  readonly variables: { [name: string]: string };
}

function told(make: (key: (name: string) => kplus.EnvValue) => AiAssistant): Told {
  const chart: Chart = testChart();
  const secret = kplus.Secret.fromSecretName(chart, 'Secret', 'keys');
  const assistant = make(name => kplus.EnvValue.fromSecretValue({ secret, key: name }));
  new NixDeployment(chart, 'workspace', { homeManager: HomeManager.profile(HomeManagerProfile.ESSENTIAL), assistants: [assistant] });
  const pod = podSpec(chart);
  const configMaps = Testing.synth(chart).filter(({ kind }) => kind === 'ConfigMap');
  const files: { [path: string]: string } = {};
  for (const { name, mountPath, subPath } of pod.containers[0].volumeMounts) {
    const configMap = configMaps.find(({ metadata }) => metadata.name === pod.volumes.find((volume: any) => volume.name === name)?.configMap?.name);
    for (const [key, content] of Object.entries(configMap && /claude|codex|gemini|cdk8s-nix$/.test(mountPath) ? filesOf(configMap) : {})) {
      if (subPath === undefined || subPath === key) {
        files[subPath === undefined ? `${mountPath}/${key}` : mountPath] = content;
      }
    }
  }
  const variables = pod.containers[0].env.map(({ name, value, valueFrom }: any) => [name, value ?? valueFrom?.secretKeyRef?.key]);
  const own = variables.filter(([name, value]: [string, string?]) => value !== undefined && !['HOME', 'PATH', 'USER'].includes(name));
  return { files, variables: Object.fromEntries(own) };
}

const stand = (name: string, ...args: string[]) => ({ command: '/opt/node', args: ['/opt/stand-ins/assistants/mcp-server.js', name, ...args] });

function server(name: string, args: string[] = [], options: McpCommandOptions = {}): McpServer {
  const { command, args: all } = stand(name, ...args);
  return McpServer.command(name, command, { args: all, ...options });
}

describe('the real assistants', () => {
  let container: NixContainer;
  let prepare: string;
  let profile: string;

  beforeAll(() => {
    container = new NixContainer();
    const env = { HOME: '/home/code', USER: 'code', HOME_MANAGER_OVERRIDE_INPUTS: NixContainer.overrides };
    expect(container.run('sh /opt/cdk8s-nix/install-container.sh essential', { env })).toMatchObject({ status: 0 });
    profile = container.run('readlink -f /home/code/.nix-profile').output.trim();
    prepare = `${installRealAssistants(container.root)}
      touch opt/node; mount --bind ${process.execPath} opt/node
      for node in nix/store/*-nodejs/bin/node; do mount --bind ${process.execPath} $node; done
      busybox ip link set lo up`;
  });
  afterAll(() => container.remove());

  beforeEach(() => {
    container.emptyHome('0:0', 0o775);
    container.addFolder('home/code/work', '0:0', 0o775);
    for (const folder of ['cdk8s-nix', 'claude-code', 'codex', 'gemini-cli']) {
      fs.rmSync(path.join(container.root, 'etc', folder), { recursive: true, force: true });
    }
  });

  /** A run of an assistant in the pod of a manifest, beside a stand-in for its API. */
  function run({ files, variables }: Told, script: string, servers: string[] = []): RunResult {
    container.write('etc/cdk8s-nix/nix.conf', '');
    Object.entries(files).forEach(([file, content]) => container.write(file.slice(1), content));
    fs.rmSync(path.join(container.root, 'tmp/record'), { recursive: true, force: true });
    container.addFolder('tmp/record', '0:0', 0o777);
    return container.run(`PATH=${profile}/bin:$PATH
      /opt/node /opt/stand-ins/assistants/api.js ${servers.join(' ')} & api=$!
      until [ -e /tmp/record/ready ]; do sleep 0.05; done
      cd ~/work; status=0
      { ${script}; } </dev/null || status=$?
      kill $api
      exit $status`, { user: ANYBODY, prepare, env: { HOME: '/home/code', USER: 'code', CDK8S_NIX_ASSISTANTS: ASSISTANTS_FOLDER, ...variables } });
  }

  const requests = (): any[] => container.has('tmp/record/endpoint') ? container.read('tmp/record/endpoint').trim().split('\n').map(line => JSON.parse(line)) : [];

  /** The models that the API was asked for; Gemini CLI names them in the path. */
  const models = () => [...new Set(requests().filter(({ method }) => method === 'POST').map(({ model, url }) => model ?? /models\/([^:]+)/.exec(url)?.[1]).filter(Boolean))];

  /** What a server was started with, without what says which one it is. */
  const started = (name: string): any => container.has(`tmp/record/mcp.${name}`) ? JSON.parse(container.read(`tmp/record/mcp.${name}`)) : undefined;

  const ASK: { [command: string]: string } = {
    claude: 'claude -p hello',
    codex: 'codex exec --skip-git-repo-check hello',
    gemini: 'gemini --skip-trust -p hello',
  };

  type Options = Parameters<typeof AiAssistant.codex>[0];
  const make = (command: string, options: Options): AiAssistant => (AiAssistant as any)[command](options);

  /** One question, and its answer, which comes when these servers have started. */
  function ask(command: string, manifest: Told, ...servers: string[]): void {
    expect(run(manifest, ASK[command], servers)).toMatchObject({ status: 0, output: expect.stringContaining('stand-in') });
  }

  const settingsOf = (command: string, model: string) => command === 'gemini' ? { model: { name: model } } : { model };

  /** What the user has by themselves: a model, a server and another one of the same name as one of the manifest. */
  function asUser(command: string): void {
    const servers = { mine: stand('mine', 'user'), both: stand('both', 'user') };
    const toml = Object.entries(servers)
      .map(([name, { command: program, args }]) => `mcp_servers.${name} = { command = '${program}', args = ${JSON.stringify(args)} }\n`);
    const files: { [path: string]: string } = {
      claude: `mkdir -p ~/.claude; echo '${JSON.stringify(settingsOf('claude', 'model-of-user'))}' >~/.claude/settings.json
        echo '${JSON.stringify({ mcpServers: servers })}' >~/.claude/.claude.json`,
      codex: `mkdir -p ~/.codex; cat >~/.codex/config.toml <<'END'\nmodel = "model-of-user"\n${toml.join('')}END`,
      gemini: `mkdir -p ~/.gemini; echo '${JSON.stringify({ ...settingsOf('gemini', 'model-of-user'), mcpServers: servers })}' >~/.gemini/settings.json`,
    };
    expect(container.run(files[command], { user: ANYBODY, env: { HOME: '/home/code' } })).toEqual({ status: 0, output: '' });
  }

  describe.each(Object.keys(ASK))('%s', command => {
    const manifest = (managed: boolean) => told(key => make(command, {
      apiKey: key('the-key'),
      baseUrl: command === 'codex' ? `${API}/v1` : API,
      settings: settingsOf(command, 'model-of-manifest'),
      mcpServers: [server('ours', ['manifest'], { secrets: { OUR_TOKEN: key('our-token') } }), server('both', ['manifest'])],
      managed,
    }));

    test('has the settings and servers of the manifest, and shows its key', () => {
      ask(command, manifest(false), 'ours', 'both');
      expect(models()).toEqual(['model-of-manifest']);
      expect(JSON.stringify(requests().map(({ headers }) => headers))).toContain('the-key');
      expect(started('ours')).toMatchObject({ args: ['manifest'], env: { OUR_TOKEN: 'our-token' } });
      expect(started('both')).toMatchObject({ args: ['manifest'] });
    });

    test('has the user\'s settings and servers where both say something', () => {
      asUser(command);
      ask(command, manifest(false), 'ours', 'both', 'mine');
      expect(models()).toEqual(['model-of-user']);
      expect([started('ours')?.args, started('both')?.args, started('mine')?.args]).toEqual([['manifest'], ['user'], ['user']]);
    });

    test('has the manifest\'s as a policy, if asked for', () => {
      asUser(command);
      ask(command, manifest(true), 'ours', 'both', ...command === 'claude' ? [] : ['mine']);
      expect(models()).toEqual(['model-of-manifest']);
      // Claude Code has the servers of a policy alone.
      expect([started('ours')?.args, started('both')?.args, started('mine')?.args]).toEqual([['manifest'], ['manifest'], command === 'claude' ? undefined : ['user']]);
    });

    test('works with a gateway that takes no key', () => {
      ask(command, told(() => make(command, { baseUrl: command === 'codex' ? `${API}/v1` : API, keyless: true, model: 'model-of-manifest' })));
      expect(models()).toEqual(['model-of-manifest']);
    });

    test('passes texts on as they are written', () => {
      const texts = ['a b', 'say "hi" \'there\'', 'back\\slash', '5$', '$1', '$(id)', '`id`', '#x', '', 'é☃', 'line\nbreak', '= { }'];
      const variables = Object.fromEntries(texts.map((text, i) => [`TEXT_${i}`, text]));
      ask(command, told(key => make(command, {
        apiKey: key('the-key'),
        baseUrl: command === 'codex' ? `${API}/v1` : API,
        model: 'model-of-manifest',
        mcpServers: [server('texts', texts, { variables }), McpServer.http('web', `${API}/mcp?a=1&b=%20`, { bearerToken: key('web-token') })],
      })), 'texts', 'web');
      expect(started('texts').args).toEqual(texts);
      expect(started('texts').env).toMatchObject(variables);
      const web = requests().filter(({ url, rpc }) => url === '/mcp?a=1&b=%20' && rpc === 'initialize');
      expect(web.map(({ headers }) => headers.authorization)).toContain('Bearer web-token');
    });
  });

  test.each(['claude', 'gemini'])('%s puts variables of the container into what its servers are given', command => {
    const manifest = told(key => make(command, {
      apiKey: key('the-key'),
      baseUrl: API,
      model: 'model-of-manifest',
      variables: { PLACE: 'here' },
      mcpServers: [server('texts', ['in ${PLACE}', '${NOWHERE:-there}'], { variables: { WHERE: '${PLACE}' } })],
    }));
    ask(command, manifest, 'texts');
    expect(started('texts')).toMatchObject({ args: ['in here', 'there'], env: { WHERE: 'here' } });
  });

  describe('gemini -p in a fresh folder', () => {
    const manifest = (trustFolders?: boolean) =>
      told(key => AiAssistant.gemini({ apiKey: key('the-key'), baseUrl: API, model: 'model-of-manifest', trustFolders, mcpServers: [server('ours')] }));

    test('does nothing unless its user trusts the folder', () => {
      const { status, output } = run(manifest(), 'gemini -p hello');
      expect(status).toBe(55);
      expect(output).toContain('Gemini CLI is not running in a trusted directory');
      expect([requests(), started('ours')]).toEqual([[], undefined]);
    });

    test('works if the manifest says so', () => {
      expect(run(manifest(true), 'gemini -p hello', ['ours'])).toMatchObject({ status: 0, output: expect.stringContaining('stand-in') });
      expect(started('ours')).toBeDefined();
    });
  });

  test('a server of the manifest that the user has turned off in Codex stays off', () => {
    expect(container.run('mkdir ~/.codex; printf \'[mcp_servers.ours]\\nenabled = false\\n\' >~/.codex/config.toml', { user: ANYBODY, env: { HOME: '/home/code' } }).status).toBe(0);
    ask('codex', told(key => AiAssistant.codex({ apiKey: key('the-key'), baseUrl: `${API}/v1`, model: 'm', mcpServers: [server('ours'), server('other')] })), 'other');
    expect([started('ours'), started('other')?.args]).toEqual([undefined, []]);
  });
});
