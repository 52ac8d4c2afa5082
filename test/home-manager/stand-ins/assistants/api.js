// usage: node api.js [SERVER...]
//
// A stand-in for the APIs of the assistants, and an MCP server by HTTP. What it is asked is in /tmp/record/endpoint. A model answers when the MCP servers
// named have started, each with its /tmp/record/mcp.SERVER, or after a minute: some assistants ask it before.
'use strict';
const fs = require('fs');
const http = require('http');
const record = '/tmp/record';
const servers = process.argv.slice(2);

const sse = events => events.map(([event, data]) => `${event ? `event: ${event}\n` : ''}data: ${JSON.stringify(data)}\n\n`).join('');

function anthropic(body) {
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: body.model, content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } };
  if (!body.stream) return ['application/json', JSON.stringify({ ...message, content: [{ type: 'text', text: 'stand-in' }], stop_reason: 'end_turn' })];
  return ['text/event-stream', sse([
    ['message_start', { type: 'message_start', message }],
    ['content_block_start', { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }],
    ['content_block_delta', { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'stand-in' } }],
    ['content_block_stop', { type: 'content_block_stop', index: 0 }],
    ['message_delta', { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 1 } }],
    ['message_stop', { type: 'message_stop' }],
  ])];
}

function gemini(url) {
  const answer = { candidates: [{ content: { role: 'model', parts: [{ text: 'stand-in' }] }, finishReason: 'STOP', index: 0 }], usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 } };
  if (url.includes('countTokens')) return ['application/json', JSON.stringify({ totalTokens: 1 })];
  return url.includes('stream') ? ['text/event-stream', sse([['', answer]])] : ['application/json', JSON.stringify(answer)];
}

function openai() {
  const item = { type: 'message', role: 'assistant', id: 'm', content: [{ type: 'output_text', text: 'stand-in' }] };
  return ['text/event-stream', sse([
    ['response.created', { type: 'response.created', response: { id: 'r' } }],
    ['response.output_item.done', { type: 'response.output_item.done', item }],
    ['response.completed', { type: 'response.completed', response: { id: 'r', usage: { input_tokens: 1, input_tokens_details: null, output_tokens: 1, output_tokens_details: null, total_tokens: 2 } } }],
  ])];
}

function mcp(body) {
  const result = body.method === 'initialize'
    ? { protocolVersion: body.params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'stand-in', version: '1' } }
    : body.method === 'tools/list' ? { tools: [{ name: 'stand_in', description: 'x', inputSchema: { type: 'object', properties: {} } }] } : {};
  return ['application/json', JSON.stringify({ jsonrpc: '2.0', id: body.id, result })];
}

async function serversStarted() {
  for (const start = Date.now(); Date.now() - start < 60000 && !servers.every(name => fs.existsSync(`${record}/mcp.${name}`));) {
    await new Promise(resolve => { setTimeout(resolve, 50); });
  }
}

function parsed(text) {
  try {
    return JSON.parse(text || '{}');
  } catch {
    // Nothing of ours.
    return {};
  }
}

async function answerTo({ method, url, headers }, text, response) {
  const body = parsed(text);
  fs.appendFileSync(`${record}/endpoint`, `${JSON.stringify({ method, url, model: body.model, rpc: body.method, headers })}\n`);
  const isModel = method === 'POST' && /^\/v1\/(messages|responses)|\/models\//.test(url);
  if (isModel) {
    await serversStarted();
  }
  if (url.startsWith('/mcp') && body.method === 'initialize') {
    fs.writeFileSync(`${record}/mcp.web`, '');
  }
  if (method !== 'POST' || !(isModel || url.startsWith('/mcp'))) {
    response.writeHead(url.startsWith('/mcp') ? 405 : 404).end('{}');
  } else if (url.startsWith('/mcp') && body.id === undefined) {
    response.writeHead(202).end();
  } else {
    const [type, content] = url.startsWith('/mcp') ? mcp(body) : url.startsWith('/v1/messages') ? anthropic(body) : url.startsWith('/v1/responses') ? openai() : gemini(url);
    response.writeHead(200, { 'content-type': type }).end(content);
  }
}

http.createServer((request, response) => {
  let text = '';
  request.on('data', chunk => { text += chunk; });
  request.on('end', () => answerTo(request, text, response));
}).listen(8080, '127.0.0.1', () => fs.writeFileSync(`${record}/ready`, ''));
