// A stand-in for Slack on loopback: Web API, Socket Mode, and the Events API over HTTP, signed. It prints one JSON line when it listens, and is driven by
// POST /control/NAME with a JSON list of arguments. It has no rate limits of its own, no users' tokens, no files, no modals.
import { createServer } from 'node:http';
import { Deliveries } from './deliveries.mjs';
import { channelPage } from './page.mjs';
import { SCOPES, webApi } from './web-api.mjs';
import { WebSocketSide } from './websocket.mjs';
import { Workspace, newId, refusal } from './workspace.mjs';

const settings = {
  botToken: 'xoxb-lab',
  appToken: 'xapp-lab',
  signingSecret: 'lab-secret',
  teamId: 'T0LAB',
  botUserId: 'U0BOT',
  botId: 'B0BOT',
  appId: 'A0LAB',
  ackTimeoutMs: 3000,
  retryDelaysMs: [0, 60_000, 300_000],
  /** Where events are posted; null: they go over sockets. */
  eventsUrl: null,
  /** More posts per second than these in one channel are answered by 429; 0: no limit. */
  perChannelPerSec: 0,
  scopes: [...new Set([...Object.values(SCOPES), 'groups:history', 'groups:read', 'im:history'])],
  /** What Slack counts besides ours. */
  otherConnections: 0,
};
const PING_MS = 2000;

const deliveries = new Deliveries(settings);
const workspace = new Workspace(settings, (event) => {
  const channel = workspace?.channels.get(event.channel ?? event.item?.channel);
  void deliveries.event(event, channel?.is_ext_shared ?? false);
});
const calls = [];
const faults = [];
const posts = new Map();
let port = 0;
const methods = webApi(workspace, () => `ws://127.0.0.1:${port}/link/`);

const controls = {
  say: (...args) => workspace.say(...args),
  edit: (...args) => workspace.edit(...args),
  remove: (...args) => workspace.remove(...args),
  react: (...args) => workspace.react(...args),
  unreact: (...args) => workspace.unreact(...args),
  addUser: (user) => workspace.addUser(user),
  changeUser: (id, change) => workspace.changeUser(id, change),
  addChannel: (name, more) => workspace.addChannel(name, more),
  addGroup: (...args) => workspace.addGroup(...args),
  setGroup: (...args) => workspace.setGroup(...args),
  click: (user, channel, ts, actionId, value) => click({ user, channel, ts, actionId, value }),
  fault: (method, fault) => faults.push({ method, times: 1, ...fault }),
  set: (change) => Object.assign(settings, change),
  redeliver: (eventId) => {
    const { type, payload } = deliveries.all.find(({ event_id }) => event_id === eventId);
    return deliveries.deliver(type, payload, 1);
  },
  disconnectSockets: () => {
    for (const socket of deliveries.sockets)
      socket.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested', debug_info: {} }));
  },
  killSockets: () => {
    for (const socket of deliveries.sockets) socket.terminate();
  },
  state: () => ({
    channels: [...workspace.channels.values()],
    sockets: deliveries.sockets.size,
    deliveries: deliveries.all,
    calls,
  }),
};

function click({ user, channel, ts, actionId, value }) {
  const { name, team_id } = workspace.users.get(user);
  return deliveries.deliver('interactive', {
    type: 'block_actions',
    team: { id: settings.teamId },
    user: { id: user, username: name, team_id },
    api_app_id: settings.appId,
    trigger_id: newId('tr'),
    response_url: `http://127.0.0.1:${port}/response/${newId('r')}`,
    channel: { id: channel },
    message: workspace.find(channel, ts),
    container: { type: 'message', message_ts: ts, channel_id: channel },
    actions: [{ type: 'button', action_id: actionId, block_id: 'b', value, action_ts: workspace.newTs() }],
  });
}

const server = createServer(async (request, response) => {
  const send = (status, body, headers = {}) => {
    response.writeHead(status, {
      'content-type': 'application/json',
      'x-oauth-scopes': settings.scopes.join(','),
      ...headers,
    });
    response.end(JSON.stringify(body ?? null));
  };
  const raw = await textOf(request);
  const params = readParams(request, raw);
  if (params === undefined) return send(200, refusal('invalid_json'));
  if (request.url.startsWith('/control/')) return control(request.url.slice(9), params, send);
  if (request.method === 'GET') return page(response);
  if (request.url.startsWith('/response/')) return response.end('ok');
  const method = request.url.replace(/^\/api\//, '').split('?')[0];
  calls.push({ method, params, at: Date.now() });
  const fault = faults.find((one) => (one.method === method || one.method === '*') && one.times > 0);
  if (fault !== undefined) {
    fault.times -= 1;
    if (fault.drop) return request.socket.destroy();
    if (fault.delayMs) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    // It is done, and nobody is told.
    if (fault.apply) methods[method]?.(params);
    if (fault.dropAfter) return request.socket.destroy();
    if (fault.status) return send(fault.status, fault.body ?? {}, fault.headers);
    if (fault.error) return send(200, refusal(fault.error));
  }
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '') || params.token;
  return answer(method, token, params, send);
});

function answer(method, token, params, send) {
  if (methods[method] === undefined) return send(200, refusal('unknown_method'));
  const wanted = method === 'apps.connections.open' ? settings.appToken : settings.botToken;
  if (token !== wanted) return send(200, refusal(token ? 'invalid_auth' : 'not_authed'));
  const scope = SCOPES[method];
  if (scope !== undefined && !settings.scopes.includes(scope))
    return send(200, refusal('missing_scope', { needed: scope, provided: settings.scopes.join(',') }));
  if (method === 'chat.postMessage' && isTooFast(params.channel))
    return send(429, refusal('ratelimited'), { 'retry-after': '1' });
  return send(200, methods[method](params));
}

function isTooFast(channel) {
  if (settings.perChannelPerSec === 0) return false;
  const now = Date.now();
  const lately = (posts.get(channel) ?? []).filter((at) => now - at < 1000);
  const isTooMany = lately.length >= settings.perChannelPerSec;
  posts.set(channel, isTooMany ? lately : [...lately, now]);
  return isTooMany;
}

/** The channel, for people to look at. */
function page(response) {
  const [channel] = workspace.channels.values();
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(channel === undefined ? '' : channelPage(channel, workspace.users));
}

async function control(name, args, send) {
  try {
    send(200, await controls[name](...(Array.isArray(args) ? args : [])));
  } catch (error) {
    send(500, { error: String(error) });
  }
}

async function textOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function readParams(request, raw) {
  try {
    if ((request.headers['content-type'] ?? '').includes('json')) return JSON.parse(raw);
    const params = Object.fromEntries(new URLSearchParams(raw));
    for (const name of ['blocks', 'metadata'])
      if (typeof params[name] === 'string') params[name] = JSON.parse(params[name]);
    return params;
  } catch {
    return undefined;
  }
}

server.on('upgrade', (request, socket, head) => {
  const side = new WebSocketSide(request, socket, head);
  deliveries.sockets.add(side);
  const pinging = setInterval(() => {
    if (side.isOpen) side.ping();
  }, PING_MS);
  side.on('close', () => {
    deliveries.sockets.delete(side);
    clearInterval(pinging);
  });
  side.on('message', (text) => deliveries.acknowledged(JSON.parse(text).envelope_id));
  side.send(
    JSON.stringify({
      type: 'hello',
      num_connections: deliveries.sockets.size + settings.otherConnections,
      connection_info: { app_id: settings.appId },
      debug_info: { host: 'lab', approximate_connection_time: 18_060 },
    }),
  );
});

process.on('SIGTERM', () => process.exit(0));
const wanted = process.argv.indexOf('--port');
server.listen(wanted === -1 ? 0 : Number(process.argv[wanted + 1]), '127.0.0.1', () => {
  ({ port } = server.address());
  const { botToken, appToken, signingSecret } = settings;
  process.stdout.write(
    `${JSON.stringify({ port, apiUrl: `http://127.0.0.1:${port}/api/`, botToken, appToken, signingSecret })}\n`,
  );
});
