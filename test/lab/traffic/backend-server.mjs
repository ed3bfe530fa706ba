// The hosts behind the load balancers: one process, one loopback address for each host, the ports of every service on each. Plain JavaScript, so that
// it starts at once. Argument: a JSON file {hosts: {FQDN: ADDRESS}, ports: [{port, tls}], certFile, keyFile, controlPort}.
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const context = createSecureContext({
  cert: readFileSync(config.certFile),
  key: readFileSync(config.keyFile),
});
const hostOf = new Map(Object.entries(config.hosts).map(([host, address]) => [address, host]));
/** FQDN -> what is wrong with it: `slow:MS`, `503`, `tls`, `tls:NAME`, `mute`, `dead`. */
const sick = new Map();
/** FQDN -> its listeners, which a dead host does not have. */
const listeners = new Map();
const open = new Set();

const web = createHttpServer((request, response) => {
  const host = hostOf.get(request.socket.localAddress) ?? '';
  const wrong = sick.get(host) ?? 'well';
  const answer = () => {
    const status = wrong === '503' ? 503 : 200;
    const isSpec = request.url === '/?spec';
    response.writeHead(status, {
      'x-host': host,
      'content-type': isSpec ? 'application/json' : 'text/plain',
    });
    response.end(isSpec ? '{"openapi": "3.0.0"}' : `${host}\n`);
  };
  if (wrong.startsWith('slow:')) setTimeout(answer, Number(wrong.slice(5)));
  else answer();
});

function accept(host, tls, socket) {
  open.add(socket);
  socket.on('error', () => socket.destroy());
  socket.once('close', () => open.delete(socket));
  const wrong = sick.get(host) ?? 'well';
  // Accepted, and never a word: what the service of February 2025 did.
  if (wrong === 'mute') return;
  if (!tls) web.emit('connection', socket);
  else if (wrong === 'tls') socket.destroy();
  else {
    const SNICallback = (name, done) =>
      wrong === `tls:${name}` ? done(new Error(`no certificate for ${name}`)) : done(null, context);
    const secured = new TLSSocket(socket, { isServer: true, secureContext: context, SNICallback });
    secured.on('error', () => socket.destroy());
    web.emit('connection', secured);
  }
}

function listen(host) {
  const servers = config.ports.map(
    ({ port, tls }) =>
      new Promise((resolve, reject) => {
        const server = createServer((socket) => accept(host, tls, socket));
        server.once('error', reject);
        server.listen(port, config.hosts[host], () => resolve(server));
      }),
  );
  return Promise.all(servers).then((all) => listeners.set(host, all));
}

async function makeSick(host, wrong) {
  if (config.hosts[host] === undefined) return false;
  if (wrong === 'well') sick.delete(host);
  else sick.set(host, wrong);
  for (const socket of open) if (hostOf.get(socket.localAddress) === host) socket.destroy();
  const servers = listeners.get(host);
  if (wrong === 'dead' && servers !== undefined) {
    listeners.delete(host);
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  } else if (wrong !== 'dead' && servers === undefined) await listen(host);
  return true;
}

// POST /FQDN with what is wrong as the body.
const control = createHttpServer((request, response) => {
  let body = '';
  request.on('data', (part) => (body += String(part)));
  request.on('end', () => {
    void makeSick(decodeURIComponent(request.url.slice(1)), body).then((known) => {
      response.writeHead(known ? 204 : 404);
      response.end();
    });
  });
});

await Promise.all(Object.keys(config.hosts).map(listen));
control.listen(config.controlPort, '127.0.0.1');
