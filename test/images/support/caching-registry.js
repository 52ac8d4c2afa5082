// usage: node caching-registry.js FOLDER UPSTREAM READY
// An npm registry on a port of its own, which it writes to the file READY: that of UPSTREAM, of which it keeps in FOLDER what it was asked for. So what is
// pinned is downloaded once, and again and again where the network is bad.
'use strict';
const { createHash } = require('crypto');
const fs = require('fs');
const http = require('http');
const path = require('path');

const [folder, address, ready] = process.argv.slice(2);
const upstream = address.replace(/\/$/, '');
const TRIES = 5;

async function download(url, accept) {
  for (let number = 1; ; number++) {
    try {
      const response = await fetch(upstream + url, { headers: { accept }, signal: AbortSignal.timeout(180_000) });
      if (response.status < 500 && response.status !== 429) {
        return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
      }
      throw new Error(`it answers ${response.status}`);
    } catch (error) {
      if (number === TRIES) {
        throw new Error(`the npm registry ${upstream} does not answer, asked for ${url}: ${error.cause?.message ?? error.message}`);
      }
      await new Promise(resolve => setTimeout(resolve, 1000 * 2 ** number));
    }
  }
}

async function answer(url, accept) {
  const file = path.join(folder, createHash('sha256').update(`${url} ${accept}`).digest('hex'));
  if (fs.existsSync(file)) {
    return { status: 200, body: fs.readFileSync(file) };
  }
  const { status, body } = await download(url, accept);
  if (status === 200) {
    fs.writeFileSync(`${file}.${process.pid}`, body);
    fs.renameSync(`${file}.${process.pid}`, file);
  }
  return { status, body };
}

const server = http.createServer(async (request, response) => {
  if (request.url.startsWith('/-/')) {
    response.end('{}');
    return;
  }
  try {
    const { status, body } = await answer(request.url, request.headers.accept ?? '*/*');
    const isTarball = request.url.endsWith('.tgz');
    response.writeHead(status, { 'content-type': isTarball ? 'application/octet-stream' : 'application/json' });
    // What a package says of its tarballs leads here as well.
    response.end(isTarball ? body : body.toString().replaceAll(`"${upstream}/`, `"http://${request.headers.host}/`));
  } catch (error) {
    console.error(error.message);
    response.writeHead(502).end(JSON.stringify({ error: error.message }));
  }
});

fs.mkdirSync(folder, { recursive: true });
// Who has started it may be killed.
process.stdin.resume().on('end', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  fs.writeFileSync(`${ready}.part`, String(server.address().port));
  fs.renameSync(`${ready}.part`, ready);
});
