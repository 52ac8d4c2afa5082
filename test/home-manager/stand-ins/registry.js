// usage: node registry.js PACKAGES TLS READY
// npm registries of the packages in the folder PACKAGES, and what stands in the place of one. Touches READY once all listen. By port:
//   4873  /good/ has them; /no-platform/ all but the platform package; /unauthorized/, /missing/ and /failing/ answer 401, 404 and 500
//   4874  accepts connections, and never says a word
//   4875  https with TLS/cert.pem and TLS/key.pem
//   4876  a proxy
'use strict';
const { createHash } = require('crypto');
const fs = require('fs');
const http = require('http');
const https = require('https');
const net = require('net');
const path = require('path');

const [packages, tls, ready] = process.argv.slice(2);

function packument(name, base) {
  const file = path.join(packages, `${name.replace('/', '+')}.tgz`);
  const manifest = JSON.parse(fs.readFileSync(path.join(packages, name.replace('/', '+'), 'package', 'package.json')));
  const integrity = `sha512-${createHash('sha512').update(fs.readFileSync(file)).digest('base64')}`;
  return {
    name,
    'dist-tags': { latest: manifest.version },
    versions: { [manifest.version]: { ...manifest, dist: { tarball: `${base}/${name}/-/package.tgz`, integrity } } },
    time: { [manifest.version]: new Date().toISOString() },
  };
}

const REFUSALS = { unauthorized: 401, missing: 404, failing: 500 };

function answer(request, response) {
  const [, registry, ...rest] = decodeURIComponent(request.url.split('?')[0]).split('/');
  const asked = rest.join('/');
  const end = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(Buffer.isBuffer(body) ? body : JSON.stringify(body));
  if (REFUSALS[registry] && asked !== '-/ping') {
    return end(REFUSALS[registry], { error: 'refused' });
  }
  if (asked === '-/ping') {
    return end(200, {});
  }
  const [name, tarball] = asked.split('/-/');
  if (!fs.existsSync(path.join(packages, `${name.replace('/', '+')}.tgz`)) || (registry === 'no-platform' && name.includes('platform'))) {
    return end(404, { error: 'not found' });
  }
  const secure = Boolean(request.socket.encrypted);
  return tarball ? end(200, fs.readFileSync(path.join(packages, `${name.replace('/', '+')}.tgz`)))
    : end(200, packument(name, `${secure ? 'https' : 'http'}://${request.headers.host}/${registry}`));
}

const proxy = http.createServer((request, response) => {
  const { pathname, host } = new URL(request.url);
  request.url = pathname;
  request.headers.host = host;
  answer(request, response);
});
proxy.on('connect', (request, socket) => {
  const upstream = net.connect(Number(request.url.split(':')[1]), '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    upstream.pipe(socket).pipe(upstream);
  });
});

const servers = [
  [http.createServer(answer), 4873],
  [net.createServer(() => {}), 4874],
  [https.createServer({ cert: fs.readFileSync(path.join(tls, 'cert.pem')), key: fs.readFileSync(path.join(tls, 'key.pem')) }, answer), 4875],
  [proxy, 4876],
];
Promise.all(servers.map(([server, port]) => new Promise(resolve => server.listen(port, '127.0.0.1', resolve)))).then(() => fs.writeFileSync(ready, ''));
