// shapes.mjs - what the simulator says, written as TypeScript literals of Slack's own types, and compiled
//
// A literal may hold no member that its type does not know, and must hold each that the type wants. Two literals that are wrong
// on purpose show that the compiler looks.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { APP, BOT, check, start } from './sim.mjs';

const typeOf = (method) => `${method.split('.').map((word) => word[0].toUpperCase() + word.slice(1)).join('')}Response`;
const lines = [];
const imported = { '@slack/web-api': new Set(), '@slack/bolt': new Set() };

function literal(from, type, value, wrong = false) {
  imported[from].add(type.replace(/<.*/, ''));
  for (const inner of type.match(/(?<=<)\w+/g) ?? []) {
    imported[from].add(inner);
  }
  let text = JSON.stringify(value);
  if (from === '@slack/web-api') { // its types of blocks and texts are enums, which no literal can be
    text = text.replace(/"type":"(\w+)"/g, '"type":"$1" as any');
  }
  if (type.includes('GenericMessageEvent')) { // wants the member to be there and undefined, which JSON cannot say
    text = text.replace('"event":{', '"event":{"subtype":undefined,');
  }
  text = text.replace(/message":"any"/g, 'message":{} as any');
  lines.push(`${wrong ? '// @ts-expect-error\n' : ''}export const v${lines.length}: ${type} = ${text};`);
}

async function call(sim, method, args, token = BOT) {
  const reply = await fetch(sim.api + method, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(args),
  });
  const json = await reply.json();
  check(json.ok, `${method}: ${JSON.stringify(json)}`);
  literal('@slack/web-api', typeOf(method), json);
  return json;
}

// What Slack's documentation shows and the types do not know: a user's `username` beside `name`, and whose app a message is.
// What is pressed in a modal has no response_url, which the type wants of all. The message inside message_changed is typed as a whole event, which it is not; chat.postMessage's type holds it.
function known(type, payload) {
  const copy = structuredClone(payload);
  if (['ViewSubmitAction', 'ViewClosedAction', 'BlockSuggestion'].includes(type)) {
    delete copy.user.username;
  }
  if (type === 'BlockAction<StaticSelectAction>') {
    copy.response_url = '';
  }
  delete copy.event?.app_id;
  for (const inner of ['message', 'previous_message']) {
    if (copy.event?.[inner]) {
      literal('@slack/web-api', 'ChatPostMessageResponse', { ok: true, message: { ...copy.event[inner], edited: undefined, reactions: undefined } });
      copy.event[inner] = 'any';
    }
  }
  return copy;
}

const blocks = [
  { type: 'section', text: { type: 'mrkdwn', text: 'web-1' } },
  { type: 'actions', elements: [{ type: 'button', action_id: 'go', value: '1', text: { type: 'plain_text', text: 'Go' } }] },
];
const view = {
  type: 'modal', callback_id: 'form', title: { type: 'plain_text', text: 'New' }, submit: { type: 'plain_text', text: 'Go' },
  blocks: [{ type: 'input', block_id: 'n', label: { type: 'plain_text', text: 'N' }, element: { type: 'plain_text_input', action_id: 'n' } },
    { type: 'input', block_id: 'r', dispatch_action: true, label: { type: 'plain_text', text: 'R' }, element: { type: 'static_select', action_id: 'r',
      options: [{ text: { type: 'plain_text', text: 'nyc3' }, value: 'nyc3' }] } }],
};

async function methods(sim) {
  await call(sim, 'apps.connections.open', {}, APP);
  for (const [method, args] of [
    ['auth.test', {}], ['users.info', { user: 'U0ANA' }], ['users.list', {}], ['conversations.list', {}],
    ['conversations.info', { channel: 'C0OPS' }], ['conversations.members', { channel: 'C0OPS' }],
    ['conversations.open', { users: 'U0ANA' }], ['usergroups.list', { include_users: true }],
    ['usergroups.users.list', { usergroup: 'S0ONCALL' }], ['bots.info', { bot: 'B0SLUICE' }], ['team.info', {}],
    ['chat.postEphemeral', { channel: 'C0OPS', user: 'U0ANA', text: 'x' }],
  ]) {
    await call(sim, method, args);
  }
  const { channel, ts } = await call(sim, 'chat.postMessage', { channel: 'C0OPS', text: 'x', blocks });
  await call(sim, 'chat.update', { channel, ts, text: 'y', blocks });
  await call(sim, 'chat.getPermalink', { channel, message_ts: ts });
  await call(sim, 'reactions.add', { channel, timestamp: ts, name: 'eyes' });
  await call(sim, 'reactions.remove', { channel, timestamp: ts, name: 'eyes' });
  return ts;
}

async function files(sim) {
  const { upload_url: url, file_id: id } = await call(sim, 'files.getUploadURLExternal', { filename: 'a.csv', length: 3 });
  await fetch(url, { method: 'POST', body: 'a,b' });
  await call(sim, 'files.completeUploadExternal', { files: [{ id, title: 'a' }], channel_id: 'C0OPS' });
}

async function payloads(sim, ts) {
  const { trigger_id: trigger } = await sim.post('command', { text: 'form' });
  const opened = await call(sim, 'views.open', { trigger_id: trigger, view });
  await call(sim, 'views.update', { view_id: opened.view.id, view });
  await sim.post('click', { ts, action_id: 'go' });
  await sim.post('pick', { view_id: opened.view.id, block_id: 'r', value: 'nyc3' });
  await sim.post('submit', { view_id: opened.view.id, values: { n: { n: { type: 'plain_text_input', value: 'web-9' } } } });
  await sim.post('submit', { view_id: opened.view.id, closed: true });
  await sim.post('suggest', { ts, action_id: 'region', block_id: 'r', value: 'nyc' });
  await sim.post('shortcut', { callback_id: 'new' });
  await sim.post('say', { text: '<@U0SLUICE> hi' });
  await call(sim, 'chat.delete', { channel: 'C0OPS', ts });
  const types = {
    slash_commands: () => 'SlashCommand',
    interactive: ({ type, view: of }) => ({ block_actions: of ? 'BlockAction<StaticSelectAction>' : 'BlockAction<ButtonAction>', view_submission: 'ViewSubmitAction', view_closed: 'ViewClosedAction', block_suggestion: 'BlockSuggestion', shortcut: 'GlobalShortcut' })[type],
    events_api: ({ event }) => `EnvelopedEvent<${event.type === 'app_mention' ? 'AppMentionEvent' : ({ message_changed: 'MessageChangedEvent', message_deleted: 'MessageDeletedEvent' })[event.subtype] ?? 'GenericMessageEvent'}>`,
  };
  // nobody is connected, so every payload stands in the ledger as lost
  const lost = await sim.found('lost', (e) => e.attempt === 0);
  const seen = new Set();
  for (const entry of lost) {
    const type = types[entry.type](entry.payload);
    seen.add(type);
    literal('@slack/bolt', type, known(type, entry.payload));
  }
  check(seen.size === 11, `payloads of eleven types: ${[...seen]}`);
}

export async function run() {
  const sim = await start();
  const ts = await methods(sim);
  await files(sim);
  await payloads(sim, ts);
  await sim.stop();
  literal('@slack/web-api', 'ChatPostMessageResponse', { ok: true, ts: 1.5 }, true);
  literal('@slack/bolt', 'SlashCommand', { command: '/droplet' }, true);
  const bolt = [...imported['@slack/bolt']];
  const events = bolt.filter((name) => /Event$/.test(name) && name !== 'EnvelopedEvent');
  const source = [
    `import type { ${[...imported['@slack/web-api']].join(', ')} } from '@slack/web-api';`,
    `import type { ${bolt.filter((name) => !events.includes(name)).join(', ')} } from '@slack/bolt';`,
    `import type { ${events.join(', ')} } from '@slack/types';`,
    ...lines, ''].join('\n');
  writeFileSync('shapes.ts', source);
  const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit', '--skipLibCheck', '--strict', '--strictNullChecks', 'false',
    '--target', 'es2022', '--module', 'nodenext', 'shapes.ts'], { encoding: 'utf8' });
  if (tsc.status !== 0) {
    throw new Error(`these are not Slack's shapes:\n${tsc.stdout.slice(0, 6000)}`);
  }
  lines.forEach((line) => check(line, 'a shape'));
}
