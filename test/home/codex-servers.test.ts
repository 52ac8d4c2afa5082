import { spawnSync } from 'child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'codex-servers-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The servers of the manifest that Codex is given, beside a configuration of its user. */
function given(config: string | undefined, names: string[] = ['files', 'b-2']): string[] {
  writeFileSync(join(folder, 'servers'), names.map(name => `${name} = { "command" = "npx", "args" = ["a \\"b\\" = c"] }\n`).join(''));
  if (config !== undefined) {
    writeFileSync(join(folder, 'config.toml'), config);
  }
  const result = spawnSync(process.execPath, [join(__dirname, '../../nix/codex-servers.js'), join(folder, 'servers'), join(folder, 'config.toml')], { encoding: 'utf-8' });
  expect({ status: result.status, stderr: result.stderr }).toEqual({ status: 0, stderr: '' });
  const lines = result.stdout.split('\n').filter(line => line !== '');
  lines.forEach(line => expect(line).toMatch(/^\S+ = \{ "command" = "npx", "args" = \["a \\"b\\" = c"\] \}$/));
  return lines.map(line => line.slice(0, line.indexOf(' ')));
}

test.each([
  ['none', undefined],
  ['an empty one', ''],
  ['one without servers', 'model = "gpt"\n[projects."/b"]\ntrust_level = "trusted"\n'],
  ['servers of other names', '[mcp_servers.other]\ncommand = "x"\n[mcp_servers.files-2]\ncommand = "x"\n'],
  ['one in a comment', '# [mcp_servers.files]\n# command = "x"\n'],
  ['one in a text of several lines', 'instructions = """\n[mcp_servers.files]\ncommand = "x"\n"""\n'],
  ['one in a literal text of several lines', "instructions = '''\n[mcp_servers.files]\ncommand = \"x\"\n'''\n"],
  ['one of another table', '[profiles.mine.mcp_servers.files]\ncommand = "x"\n[tools]\nmcp_servers.files.command = "x"\n'],
  ['one that is only turned off', '[mcp_servers.files]\nenabled = false\n'],
  ['one in a list', 'list = [{ mcp_servers.files.command = "x" }, [1, 2], """]""", \'\'\'{\'\'\']\n'],
])('with %s all are given', (_, config) => {
  expect(given(config)).toEqual(['files', 'b-2']);
});

test.each([
  ['a table', '[mcp_servers.files]\ncommand = "mine"\n'],
  ['a table with spaces and a comment', '  [ mcp_servers . files ] # mine\n\tcommand = "mine"\n'],
  ['quoted keys', '["mcp_servers"."files"]\n"command" = "mine"\n'],
  ['literal keys', "[mcp_servers.'files']\n'command' = 'mine'\n"],
  ['keys with escapes', '["mcp\\u005fservers"."f\\u0069les"]\ncommand = "mine"\n'],
  ['dotted keys', 'mcp_servers.files.command = "mine"\n'],
  ['dotted and quoted keys with spaces', 'mcp_servers . "files" . command = "mine"\n'],
  ['an inline table', 'mcp_servers.files = { command = "mine", args = ["a]", \'b}\'] }\n'],
  ['inline tables within each other', 'mcp_servers = { other = { url = "https://a" }, files = { env = { A = "1" }, command = "mine" } }\n'],
  ['dotted keys in a table', '[mcp_servers]\nfiles.command = "mine"\n'],
  ['an inline table in a table', '[mcp_servers]\nfiles = { url = "https://mine.example" } # a comment\n'],
  ['a URL', '[mcp_servers.files]\nurl = "https://mine.example/#[x]"\n'],
  ['a table below it first', '[mcp_servers.files.env]\nA = "1"\n[mcp_servers.files]\ncommand = "mine"\n'],
  ['lines as Windows ends them', '[mcp_servers.files]\r\ncommand = "mine"\r\n'],
  ['a mark at the start', '\ufeff[mcp_servers.files]\ncommand = "mine"\n'],
  ['all kinds of values before it', [
    'a = 1', 'b = 1979-05-27 07:32:00 # when', 'c = +1.5e3', 'd = [ # list', '  1,', '  "x # y", # more', ']', 'e = "a \\" b"', "f = 'C:\\'",
    'g = """', 'a "quoted" \\""" b""""', "h = '''it's ''''", 'i = {}', 'j = []', 'k = """"x"""', '[[array]]', 'x = 1', '[[array.inside]]', '"" = 1',
    '[mcp_servers.files]', 'command = "mine"', '',
  ].join('\n')],
])('a server of the user by %s is the one', (_, config) => {
  expect(given(config)).toEqual(['b-2']);
});

test('what follows a mistake is not read, since Codex does not start with it', () => {
  expect(given('[mcp_servers.b-2]\ncommand = "mine"\n= broken\n[mcp_servers.files]\ncommand = "mine"\n')).toEqual(['files']);
});

test('a name that every object has is a name like others', () => {
  expect(given('[mcp_servers.constructor]\ncommand = "mine"\n', ['constructor', '__proto__', 'toString'])).toEqual(['__proto__', 'toString']);
});
