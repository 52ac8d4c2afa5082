// usage: node mcp-server.js NAME ARGUMENT...
//
// An MCP server that writes what it was started with into /tmp/record/mcp.NAME.
'use strict';
const fs = require('fs');
const [name, ...args] = process.argv.slice(2);
fs.writeFileSync(`/tmp/record/mcp.${name}.part`, JSON.stringify({ args, env: process.env }));
fs.renameSync(`/tmp/record/mcp.${name}.part`, `/tmp/record/mcp.${name}`);
let rest = '';
process.stdin.on('data', chunk => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop();
  for (const line of lines.filter(text => text.trim())) {
    const { id, method, params } = JSON.parse(line);
    if (id === undefined) continue;
    const result = method === 'initialize'
      ? { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name, version: '1' } }
      : method === 'tools/list' ? { tools: [{ name: `tool_of_${name.replace(/-/g, '_')}`, description: 'x', inputSchema: { type: 'object', properties: {} } }] } : {};
    process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
  }
});
process.stdin.on('end', () => process.exit(0));
