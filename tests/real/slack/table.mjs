// table.mjs - Slack misbehaves, to Slack's own client and to Sluice, beside each other in one run: how long is each away?
//
// Each row: what Slack does, what is measured (ms; "never": not within the row's patience), what Sluice must not exceed. Both get the
// same from a simulator each. `beats`: Sluice must also be better than Slack's client was in this run. Where the two are as good as each
// other nothing is claimed; the own client's figure is printed only.
import { SocketModeClient } from '@slack/socket-mode';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { APP, BOT, check, quiet, sleep, start } from './sim.mjs';

const OPEN = 'apps.connections.open';
const NEVER = Infinity;
const settings = { retry_2_ms: 3000, retry_3_ms: 9000 };

async function sluice(sim, home) {
  writeFileSync(join(home, 'policy.yaml'), `version: 1
accounts: {main: {token: "file:${home}/do"}}
workspaces: {acme: {slack: T0SIM}}
people: {ana: {acme: U0ANA}}
channels: {ops: {at: acme/C0OPS, may: everything, droplets: any}}
allow: [{name: all, who: ana, may: everything, droplets: any}]
`, { mode: 0o600 });
  for (const [name, text] of Object.entries({ do: 'none', app: APP, bot: BOT })) {
    writeFileSync(join(home, name), text, { mode: 0o600 });
  }
  let said = '';
  const child = spawn(process.env.SLUICE, ['run', '--policy', `${home}/policy.yaml`, '--state', `${home}/state.db`, '--ocean-url',
    'http://127.0.0.1:9', '--slack-api-url', `${sim.base}/api`, '--slack-app-token', `file:${home}/app`, '--slack-bot-token',
    `file:${home}/bot`], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((done) => { child.on('exit', done); });
  child.stderr.on('data', (text) => { said += text; });
  return {
    said: () => said,
    alive: () => child.exitCode === null,
    code: () => child.exitCode,
    stop: async () => { child.kill('SIGTERM'); await ended; },
  };
}

async function own(sim) {
  const client = new SocketModeClient({ appToken: APP, logger: quiet, clientOptions: { slackApiUrl: sim.api, logger: quiet } });
  let handled = 0;
  let failed = '';
  client.on('error', () => {});
  client.on('slack_event', ({ ack }) => { handled += 1; return ack(); });
  client.start().catch((error) => { failed = String(error?.data?.error ?? error); });
  return { handled: () => handled, failed: () => failed, alive: () => true, stop: () => client.disconnect().catch(() => {}) };
}

const until = async (holds, patience_ms) => {
  const began = Date.now();
  while (!await holds()) {
    if (Date.now() - began > patience_ms) {
      return NEVER;
    }
    await sleep(20);
  }
  return Date.now() - began;
};
const hears = async (sim) => (await sim.get('state')).links.some((l) => l.ready && !l.draining && !l.ghost);
const links = async (sim, n) => (await sim.found('link')).length >= n;
// From the end of the old connection, or from now, to the next hello.
const away = async (sim, patience_ms) => {
  if (await until(() => links(sim, 2), patience_ms) === NEVER) {
    return NEVER;
  }
  const [old] = await sim.found('link');
  const fresh = (await sim.found('link'))[1];
  const gone = (await sim.found('gone', (e) => e.link === old.link))[0];
  return gone === undefined ? 0 : Math.max(0, fresh.at_ms - gone.at_ms);
};

// before: what the simulator is told before the bot starts; then: measures. most: what Sluice may need.
const rows = [
  { what: 'never says hello: a new address after', most: 10000, beats: true, patience: 16000,
    before: (sim) => sim.post('link', { no_hello: true }), then: (sim, bot, row) => until(() => hears(sim), row.patience) },
  ...['refresh_requested', 'warning'].map((reason) => ({ what: `${reason}: off the air for`, most: 0, beats: true, patience: 15000,
    then: async (sim, bot, row) => {
      await sleep(10600); // Slack refreshes no younger ones
      await sim.post('disconnect', { reason, close_ms: 10000 });
      return away(sim, row.patience);
    } })),
  { what: 'too_many_websockets always: dials in 20 s', most: 3, beats: true, patience: 0, unit: 'dials',
    before: (sim) => sim.post('link', { too_many: true, times: -1 }),
    then: async (sim, bot) => {
      await sleep(20000);
      if (bot.said) {
        check(bot.said().includes('Slack lets this app have no further connection'), 'too many: a person is told');
      }
      return (await sim.found('link')).length;
    } },
  { what: 'never completes the close: off the air for', most: 0, beats: true, patience: 20000,
    then: async (sim, bot, row) => {
      await sleep(10600);
      await sim.post('quirk', { no_close: true, never_fin: true });
      await sim.post('disconnect', { reason: 'warning', close_ms: 10000 });
      return away(sim, row.patience);
    } },
  { what: 'half-open, nothing comes or goes: left and back after', most: 11000, beats: true, patience: 25000,
    then: async (sim, bot, row) => {
      await sim.post('quirk', { black_hole: true });
      return until(() => links(sim, 2), row.patience);
    } },
  { what: 'swallows pings, and is else quiet: left and back after', most: 11000, beats: true, patience: 25000,
    then: async (sim, bot, row) => {
      await sim.post('quirk', { no_pong: true, no_ping: true });
      return until(() => links(sim, 2), row.patience);
    } },
  { what: '408 at the upgrade: a new address after', most: 1500, patience: 10000,
    before: (sim) => sim.post('link', { status: 408 }), then: (sim, bot, row) => until(() => hears(sim), row.patience) },
  { what: '429 with Retry-After 2: again after', most: 3300, least: 1900, patience: 10000,
    before: (sim) => sim.post('fault', { on: 'api', method: OPEN, kind: 'http', status: 429, retry_after_s: 2 }),
    then: (sim, bot, row) => until(() => hears(sim), row.patience) },
  { what: '503 of the address: again after', most: 1500, patience: 10000,
    before: (sim) => sim.post('fault', { on: 'api', method: OPEN, kind: 'http', status: 503 }),
    then: (sim, bot, row) => until(() => hears(sim), row.patience) },
  { what: 'internal_error of the address: again after', most: 2300, patience: 10000,
    before: (sim) => sim.post('fault', { on: 'api', method: OPEN, kind: 'error', error: 'internal_error' }),
    then: (sim, bot, row) => until(() => hears(sim), row.patience) },
  { what: 'invalid_auth: addresses asked for in 8 s', most: 1, patience: 0, unit: 'calls',
    before: (sim) => sim.post('token', { token: APP, kind: 'app', scopes: 'connections:write', state: 'invalid_auth' }),
    then: async (sim, bot) => {
      await sleep(8000);
      check(bot.failed ? bot.failed() !== '' : bot.said().includes('Slack does not know the token'), 'invalid_auth is said');
      check(!bot.code || bot.code() === 78, 'and Sluice ended');
      return Math.max(1, (await sim.found('open')).length);
    } },
  { what: 'the same envelope twice: runs', most: 1, beats: true, patience: 0, unit: 'times',
    then: async (sim, bot) => {
      await sim.post('say', { user: 'U0ANA', text: '<@U0SLUICE> whoami', copies: 2, same_envelope: true });
      await sim.wait('ack');
      await sleep(1500);
      // the mention also comes as a message, so its own client hears four; two of one kind are one command
      return bot.handled ? bot.handled() / 2 : (await sim.found('post', (e) => e.text.includes('ana'))).length;
    } },
  { what: 'app_rate_limited, a payload without an event: acked after', most: 3000, patience: 4000,
    then: async (sim, bot, row) => {
      await sim.post('event', { type: 'events_api', payload: { type: 'app_rate_limited', team_id: 'T0SIM', minute_rate_limited: 1, api_app_id: 'A0SIM' } });
      return until(async () => (await sim.found('ack')).length > 0, row.patience);
    } },
  { what: '200 kB in frames of 4 KiB with pings between: acked after', most: 3000, patience: 6000,
    then: async (sim, bot, row) => {
      await sim.post('quirk', { fragment: 4096, ping_between: true });
      await sim.post('event', { event: { type: 'message', channel: 'C0OPS', user: 'U0ANA', text: 'x'.repeat(200000), ts: '1.000001', event_ts: '1.000001', channel_type: 'channel' } });
      return until(async () => (await sim.found('ack')).length > 0, row.patience);
    } },
];

async function measure(row, begin, number, who) {
  const sim = await start(settings);
  const home = mkdtempSync(join(tmpdir(), 'sluice-table-'));
  await row.before?.(sim);
  const bot = await begin(sim, home);
  if (!row.before) {
    await until(() => hears(sim), 20000);
  }
  try {
    return await row.then(sim, bot, row);
  } catch (error) {
    throw new Error(`row "${row.what}", ${who}: ${error.message}\n${bot.said?.() ?? ''}`);
  } finally {
    await bot.stop();
    await sim.stop();
    rmSync(home, { recursive: true });
  }
}

const shown = (figure, row) => (figure === NEVER ? 'never' : `${Math.round(figure)} ${row.unit ?? 'ms'}`);

export async function run() {
  // Slack's own client dies of a payload without an event (main.mjs lets it live), so its rejections are counted, not thrown
  const results = await Promise.all(rows.map(async (row, i) => {
    const theirs = await measure(row, own, i, "Slack's client");
    const ours = await measure(row, sluice, i, 'Sluice');
    return { row, theirs, ours };
  }));
  const wrong = [];
  const hold = (holds, text) => (holds ? check(true, text) : wrong.push(text));
  for (const { row, theirs, ours } of results) {
    console.log(`${row.what}: sluice=${shown(ours, row)} own-client=${shown(theirs, row)} at most ${row.most}`);
    hold(ours <= row.most && ours >= (row.least ?? 0), `${row.what}: ${shown(ours, row)}`);
    hold(!row.beats || ours < theirs, `${row.what}: ${shown(ours, row)} is not better than ${shown(theirs, row)}`);
  }
  check(wrong.length === 0, wrong.join('\n'));
}
