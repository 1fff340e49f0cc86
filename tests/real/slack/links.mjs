// links.mjs - Socket Mode by its own client, while the simulator misbehaves in every way that it can
import { SocketModeClient } from '@slack/socket-mode';
import { WebSocket } from 'undici';
import { APP, check, quiet, sleep, start } from './sim.mjs';

function client(sim) {
  const socket = new SocketModeClient({ appToken: APP, logger: quiet, clientOptions: { slackApiUrl: sim.api, logger: quiet } });
  socket.on('error', () => {});
  return socket;
}

// One simulator and one client that is connected, with these settings; then the story.
async function story(settings, tell) {
  const sim = await start(settings);
  const socket = client(sim);
  const heard = [];
  socket.on('slack_event', (event) => heard.push(event));
  await socket.start();
  await tell(sim, socket, heard);
  await socket.disconnect().catch(() => {});
  await sim.stop();
}

const until = async (what, condition, timeout_ms = 20000) => {
  for (const end = Date.now() + timeout_ms; !condition();) {
    if (Date.now() > end) {
      throw new Error(`not in ${timeout_ms} ms: ${what}`);
    }
    await sleep(20);
  }
  check(true, what);
};

const retries = { ack_ms: 200, retry_1_ms: 0, retry_2_ms: 200, retry_3_ms: 300 };

const stories = [
  // an event without an ack comes again three times; a command does not
  () => story(retries, async (sim, socket, heard) => {
    await sim.post('say', { text: 'hi' });
    await sim.wait('given_up');
    const tries = heard.map((e) => `${e.retry_num}${e.retry_reason}`).join();
    check(tries === '0,1timeout,2timeout,3timeout', `redelivered with number and reason: ${tries}`);
    check(new Set(heard.map((e) => e.body.event_id)).size === 1, 'and one event_id');
    await sim.post('command', { text: 'list' });
    await sim.wait('timeout', (e) => e.type === 'slash_commands');
    await sleep(300);
    check((await sim.found('envelope', (e) => e.type === 'slash_commands')).length === 1, 'a command comes once');
  }),
  // copies, with the same envelope and with new ones; a retry as the first that is heard
  () => story({}, async (sim, socket, heard) => {
    socket.on('slack_event', ({ ack }) => ack());
    await sim.post('say', { text: 'a', copies: 2, same_envelope: true });
    await sim.post('say', { text: 'b', copies: 2 });
    await sim.post('say', { text: 'c', retry_attempt: 2 });
    await until('five deliveries', () => heard.length === 5);
    const ids = heard.map((e) => e.envelope_id);
    check(new Set(ids.slice(0, 2)).size === 1 && new Set(ids.slice(2, 4)).size === 2, 'same and new envelopes');
    check(heard[4].retry_num === 2, 'the second retry alone');
    await sim.wait('ack', (e) => e.type === 'events_api', 3);
  }),
  // large messages, fragments with pings between, ghosts, the cap; so many frames take a busy machine more than Slack's 3 s
  () => story({ ping_ms: 200, ack_ms: 60000 }, async (sim, socket, heard) => {
    await sim.post('quirk', { fragment: 7, ping_between: true });
    await sim.post('event', { event: { type: 'message', channel: 'C0OPS', user: 'U0ANA', text: 'ü'.repeat(100000), ts: '1.000001', event_ts: '1.000001', channel_type: 'channel' } });
    await until('200 kB in pieces of seven bytes', () => heard.length === 1 && heard[0].body.event.text.length === 100000);
    await heard[0].ack();
    check((await sim.wait('ack')).type === 'events_api', 'is acked');
    await socket.disconnect();
    await sim.wait('gone');
  }),
  () => story({}, async (sim, socket, heard) => {
    socket.on('slack_event', ({ ack }) => ack());
    await sim.post('cut', { ghost: true });
    await sim.wait('link', (e) => e.num_connections === 2, 1, 20000);
    check((await sim.get('state')).links[0].ghost, 'the ghost is counted');
    await sim.post('command', { text: '1' });
    await sim.post('command', { text: '2' });
    await sleep(300);
    check(heard.length === 1, 'and swallows one of two commands');
    await sim.post('forget');
    await sim.post('command', { text: '3' });
    await until('none when Slack has noticed', () => heard.length === 2);
  }),
  async () => {
    const sim = await start();
    const all = Array.from({ length: 10 }, () => client(sim));
    await Promise.all(all.map((socket) => socket.start()));
    const heard = new Set();
    all.forEach((socket, i) => socket.on('slack_event', ({ ack }) => { heard.add(i); ack(); }));
    for (let i = 0; i < 10; i += 1) {
      await sim.post('command', { text: `${i}` });
    }
    await until('ten commands to ten connections', () => heard.size === 10);
    const more = client(sim);
    more.start().catch(() => {});
    await sim.wait('link', (e) => e.num_connections === 11);
    await sim.wait('gone');
    check(!(await sim.get('state')).links.some((link) => !link.ready), 'the eleventh is sent away');
    await Promise.all([...all, more].map((socket) => socket.disconnect().catch(() => {})));
    await sim.stop();
  },
  // what a link does wrong, and that the client notices
  () => story({}, async (sim, socket) => {
    let connected = 0;
    socket.on('connected', () => { connected += 1; });
    await sim.post('link', { status: 408 });
    await sim.post('fault', { on: 'api', method: 'apps.connections.open', kind: 'error', error: 'internal_error' });
    await sim.post('cut');
    await until('over internal_error and 408 back again', () => connected === 1, 30000);
    check((await sim.found('refused', (e) => e.status === 408)).length === 1, 'the upgrade was refused once');
    check((await sim.found('open')).length === 3, 'and a URL is never dialled twice: three were asked for');
  }),
  () => story({}, async (sim, socket) => {
    let left = false;
    socket.on('reconnecting', () => { left = true; });
    await sim.post('quirk', { no_pong: true });
    await until('a swallowed ping is noticed', () => left, 20000);
  }),
  () => story({}, async (sim, socket) => {
    await sim.post('quirk', { pong_delay_ms: 1000 });
    await sleep(4000);
    check((await sim.found('gone')).length === 0, 'pongs late by a second do no harm');
    let left = false;
    socket.on('reconnecting', () => { left = true; });
    await sim.post('quirk', { pong_delay_ms: 0, no_pong: false, black_hole: true });
    await until('a black hole is noticed', () => left, 20000);
  }),
  async () => {
    const sim = await start();
    await sim.post('link', { no_hello: true });
    const socket = client(sim);
    let connected = false;
    socket.start().then(() => { connected = true; }, () => {});
    await sim.wait('link');
    await sleep(1500);
    check(!connected && !(await sim.get('state')).links[0].ready, 'without hello it is not connected');
    await sim.post('frame', { text: '{"type":"hello"}' });
    await until('a bare hello is enough', () => connected);
    await sim.post('disconnect', { reason: 'link_disabled', close_ms: 0 });
    await sim.wait('gone');
    check(true, 'link_disabled ends it');
    await socket.disconnect().catch(() => {});
    await sim.stop();
  },
  async () => {
    const sim = await start();
    await sim.post('fault', { on: 'api', method: 'apps.connections.open', kind: 'http', status: 429, retry_after_s: 2 });
    const before = Date.now();
    const socket = client(sim);
    await socket.start();
    check(Date.now() - before >= 1900, 'Retry-After of a 429 is kept');
    await socket.disconnect();
    await sim.stop();
    const other = await start();
    await other.post('token', { token: APP, kind: 'app', scopes: 'connections:write', state: 'account_inactive' });
    const error = await client(other).start().then(() => null, (e) => e);
    check(JSON.stringify(error?.data ?? String(error)).includes('account_inactive'), 'a dead token is final');
    await other.stop();
  },
  // an ack that is too large is ignored without a word; a spent ticket is refused
  () => story({ ack_ms: 500 }, async (sim, socket) => {
    socket.on('slash_commands', ({ ack }) => ack({ text: 'x'.repeat(30000) }));
    await sim.post('command', { text: 'list' });
    check((await sim.wait('ack_ignored')).bytes > 30000, 'a large ack is ignored');
    await sim.wait('timeout');
    const { url } = await (await fetch(`${sim.api}apps.connections.open`, { method: 'POST', headers: { authorization: `Bearer ${APP}` } })).json();
    const dial = () => new Promise((done) => {
      const socket = new WebSocket(url);
      socket.addEventListener('message', ({ data }) => done(socket.close() ?? JSON.parse(data).type));
      socket.addEventListener('error', () => done('refused'));
    });
    check(await dial() === 'hello' && await dial() === 'refused', 'a ticket is good for one dial');
  }),
  // a close that the other side never answers, and a connection that it never ends: the client gets over both
  ...['no_close', 'never_fin'].map((quirk) => () => story({}, async (sim) => {
    await sim.post('quirk', { [quirk]: true });
    await sim.post('disconnect', { reason: 'warning' });
    check((await sim.wait('link', () => true, 2, 25000)).num_connections >= 1, `${quirk}: connected again`);
  })),
  // what no client of 3.1.0 survives: a payload without an event. So a bare WebSocket looks at it; also at a late delivery
  async () => {
    const sim = await start({ ack_ms: 100000 });
    const { url } = await (await fetch(`${sim.api}apps.connections.open`, { method: 'POST', headers: { authorization: `Bearer ${APP}` } })).json();
    const socket = new WebSocket(url);
    const frames = [];
    socket.addEventListener('message', ({ data }) => frames.push(JSON.parse(data)));
    await until('hello', () => frames[0]?.type === 'hello' && frames[0].connection_info.app_id === 'A0SIM');
    await sim.post('event', { type: 'events_api', payload: { type: 'app_rate_limited', team_id: 'T0SIM', minute_rate_limited: 1768273200, api_app_id: 'A0SIM' } });
    await until('app_rate_limited has no event', () => frames[1]?.payload.type === 'app_rate_limited' && !frames[1].payload.event);
    const before = Date.now();
    await sim.post('command', { text: 'late', delay_ms: 700 });
    await until('a command that Slack was slow with', () => frames[2]?.payload.text === 'late' && Date.now() - before >= 690);
    socket.send('{"envelope_id":"nobody knows this one"}');
    check((await sim.wait('ack')).late, 'an ack of nothing is noted as such');
    socket.close();
    await sim.stop();
  },
];

export async function run() {
  await Promise.all(stories.map((one) => one()));
}
