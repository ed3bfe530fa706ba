// A stand-in for PyBal in one data centre: follows conftool's pools in etcd, checks the hosts' health each second, and drives a real HAProxy through its
// runtime API. What it keeps of PyBal: a host that is `no` is known, checked and counted; `inactive` is unknown; a host that is new counts as up until
// its first check; weight 0 is sent as 1; a host that fails its check is depooled only while enough are up; a depool in conftool is always obeyed.
// Argument: a JSON file, see `PybalConfig` in pybal.ts.
import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';

const CHECK_EVERY_MS = 1000;
const CHECK_WITHIN_MS = 1000;
const HAPROXY_WEIGHT_MOST = 256;

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const root = `/conftool/v1/pools/${config.dc}`;
/** `cluster/service/host` -> {pooled, weight}, as etcd has it and, unless frozen, as it is followed. */
const declared = new Map();
/** Pool name -> FQDN -> {weight, enabled, up, pooled}. */
const pools = new Map(config.pools.map(({ name }) => [name, new Map()]));
let frozen = false;
let checking = false;

function readNode(node) {
  const path = node.key.slice(root.length + 1);
  if (path.split('/').length !== 3) return;
  let value;
  try {
    value = JSON.parse(node.value);
  } catch {
    return;
  }
  if (typeof value.weight === 'number') declared.set(path, { pooled: value.pooled, weight: value.weight });
}

async function list() {
  const response = await fetch(`${config.etcdUrl}/v2/keys${root}?recursive=true&quorum=true`);
  if (!response.ok) throw new Error(`etcd answered ${response.status}`);
  const index = Number(response.headers.get('x-etcd-index'));
  declared.clear();
  const visit = (node) => (node.nodes === undefined ? readNode(node) : node.nodes.forEach(visit));
  visit((await response.json()).node);
  return index;
}

/** Lists, then follows; when the window of events has gone on without us, or etcd is away, lists again. */
async function follow() {
  let index;
  for (;;) {
    try {
      if (index === undefined) {
        index = await list();
        applyAll();
      }
      const wait = `wait=true&recursive=true&waitIndex=${index + 1}`;
      const response = await fetch(`${config.etcdUrl}/v2/keys${root}?${wait}`);
      const event = await response.json();
      if (event.node === undefined) index = undefined;
      else {
        index = event.node.modifiedIndex;
        if (event.action === 'delete') declared.delete(event.node.key.slice(root.length + 1));
        else readNode(event.node);
        applyAll();
      }
    } catch {
      index = undefined;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
}

function applyAll() {
  if (frozen) return;
  for (const pool of config.pools) {
    const hosts = pools.get(pool.name);
    const known = new Set();
    for (const [path, { pooled, weight }] of declared) {
      const [cluster, service, host] = path.split('/');
      if (cluster !== pool.cluster || service !== pool.service || pooled === 'inactive') continue;
      known.add(host);
      const before = hosts.get(host);
      const enabled = pooled === 'yes';
      hosts.set(host, {
        weight: Math.max(1, weight),
        enabled,
        up: before?.up ?? true,
        pooled: before === undefined || !before.enabled ? enabled && (before?.up ?? true) : before.pooled,
      });
    }
    for (const host of hosts.keys()) if (!known.has(host)) hosts.delete(host);
    settle(pool);
  }
}

/** Who gets traffic: enabled and up; one that is down goes only while enough are left. */
function settle(pool) {
  const hosts = pools.get(pool.name);
  const all = [...hosts.values()];
  const canDepool = all.filter(({ up, enabled }) => up && enabled).length >= all.length * pool.threshold;
  for (const one of all) {
    if (!one.enabled) one.pooled = false;
    else if (one.up) one.pooled = true;
    else if (canDepool) one.pooled = false;
  }
  if (pool.frontend) drive(pool, hosts);
}

/** What HAProxy was told last, so that it is told only what changes. */
const told = new Map();

function drive(pool, hosts) {
  const commands = [];
  for (const server of pool.servers) {
    const one = hosts.get(server);
    const state = one?.pooled === true ? 'ready' : 'maint';
    const weight = Math.min(HAPROXY_WEIGHT_MOST, one?.weight ?? 1);
    const name = `${pool.service}/${server}`;
    const wanted = `${state} ${weight}`;
    if (told.get(name) === wanted) continue;
    told.set(name, wanted);
    commands.push(`set server ${name} weight ${weight}`, `set server ${name} state ${state}`);
  }
  if (commands.length > 0) tellHaproxy(commands);
}

let telling = Promise.resolve();

/** One after the other: two connections at once could change their order. */
function tellHaproxy(commands) {
  telling = telling.then(
    () =>
      new Promise((resolve) => {
        const socket = connect(config.haproxySocket);
        socket.on('error', () => {
          told.clear();
          resolve();
        });
        socket.on('close', resolve);
        socket.resume();
        socket.end(`${commands.join(';')}\n`);
      }),
  );
}

async function checkAll() {
  if (checking) return;
  checking = true;
  await Promise.all(
    config.pools
      .filter(({ check }) => check !== undefined)
      .map(async (pool) => {
        const hosts = pools.get(pool.name);
        await Promise.all(
          [...hosts.keys()].map(async (host) => {
            const up = await check(pool, host);
            const one = hosts.get(host);
            if (one !== undefined) one.up = up;
          }),
        );
        settle(pool);
      }),
  );
  checking = false;
}

/** Up is who answers with a success in time. Who accepts and says nothing is down. */
function check(pool, host) {
  const address = config.addresses[host];
  if (address === undefined) return true;
  return new Promise((resolve) => {
    const { name, path } = pool.check;
    const options = {
      host: address,
      port: pool.port,
      path,
      headers: { host: name, connection: 'close' },
      agent: false,
      signal: AbortSignal.timeout(CHECK_WITHIN_MS),
      ...(pool.tls ? { servername: name, rejectUnauthorized: false } : {}),
    };
    const asked = (pool.tls ? httpsRequest : httpRequest)(options, (response) => {
      response.resume();
      response.on('error', () => resolve(false));
      response.on('end', () => resolve(response.statusCode >= 200 && response.statusCode < 300));
    });
    asked.on('error', () => resolve(false));
    asked.end();
  });
}

// GET /pools, GET /pools/NAME; POST /freeze, /follow.
createServer((request, response) => {
  const say = (status, value) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  if (request.method === 'POST') {
    frozen = request.url === '/freeze';
    if (!frozen) applyAll();
    say(200, { frozen });
    return;
  }
  if (request.url === '/pools') return say(200, [...pools.keys()]);
  const hosts = pools.get(decodeURIComponent(request.url.replace(/^\/pools\//, '')));
  if (hosts === undefined) say(404, { error: 'no such pool' });
  else say(200, Object.fromEntries(hosts));
}).listen(config.httpPort, '127.0.0.1');

void follow();
setInterval(() => void checkAll(), CHECK_EVERY_MS);
