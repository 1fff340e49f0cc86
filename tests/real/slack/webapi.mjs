// webapi.mjs - the Web API by its own client: every method, refusals, limits, pages and files
import { WebClient } from '@slack/web-api';
import { APP, BOT, check, quiet, start } from './sim.mjs';

async function refusal(call) {
  try {
    await call;
  } catch (error) {
    return error.data ?? error;
  }
  return {};
}

async function refused(call, error) {
  const data = await refusal(call);
  check(data.error === error, `refused with ${error}, not ${data.error ?? data}`);
  return data;
}

const section = (text) => ({ type: 'section', text: { type: 'mrkdwn', text } });

async function talk(web) {
  const { ts, channel } = await web.chat.postMessage({ channel: 'C0OPS', text: '&lt;!channel&gt; is escaped' });
  check((await web.chat.update({ channel, ts, text: 'edited' })).text === 'edited', 'chat.update');
  check((await web.chat.getPermalink({ channel, message_ts: ts })).permalink.includes(channel), 'chat.getPermalink');
  check((await web.chat.postEphemeral({ channel, user: 'U0ANA', text: 'psst' })).message_ts, 'chat.postEphemeral');
  check((await web.reactions.add({ channel, timestamp: ts, name: 'eyes' })).ok, 'reactions.add');
  await refused(web.reactions.add({ channel, timestamp: ts, name: 'eyes' }), 'already_reacted');
  check((await web.reactions.remove({ channel, timestamp: ts, name: 'eyes' })).ok, 'reactions.remove');
  check((await web.chat.delete({ channel, ts })).ts === ts, 'chat.delete');
  await refused(web.chat.update({ channel, ts, text: 'gone' }), 'message_not_found');
  await refused(web.chat.postMessage({ channel: 'C0NOWHERE', text: 'x' }), 'channel_not_found');
  await refused(web.chat.postMessage({ channel, text: '' }), 'no_text');
  await refused(web.chat.postEphemeral({ channel, user: 'U0NOBODY', text: 'x' }), 'user_not_in_channel');
}

async function measure(web) {
  const channel = 'C0OPS';
  check((await web.chat.postMessage({ channel, text: 'ü'.repeat(40000) })).ok, '40,000 characters are taken');
  await refused(web.chat.postMessage({ channel, text: 'ü'.repeat(40001) }), 'msg_too_long');
  const many = (n) => Array.from({ length: n }, () => ({ type: 'divider' }));
  check((await web.chat.postMessage({ channel, text: 'x', blocks: many(50) })).ok, '50 blocks are taken');
  const plain = (text) => ({ type: 'plain_text', text });
  const table = (rows, columns, text = 'x') => ({
    type: 'table', rows: Array.from({ length: rows }, () => Array.from({ length: columns }, () => ({ type: 'raw_text', text }))),
  });
  check((await web.chat.postMessage({ channel, text: 'x', blocks: [table(100, 20, 'x'.repeat(5))] })).ok, '100 rows of 20 cells are taken');
  await refused(web.chat.postMessage({ channel, text: 'x', blocks: [table(1, 1), table(1, 1)] }), 'only_one_table_allowed');
  const wrong = [
    [many(51), '/blocks'], [[section('x'.repeat(3001))], '/blocks/0/text/text'], [[{ type: 'nonsense' }], '/blocks/0/type'],
    [[{ ...section('x'), colour: 'red' }], 'colour'], [[{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }], '/blocks/0/text/type'],
    [[{ type: 'actions', elements: [{ type: 'button', action_id: 'a', text: { type: 'plain_text', text: 'x'.repeat(76) } }] }], '/text/text'],
    [[table(101, 1)], '/rows'], [[table(2, 21)], '/rows/0'], [[table(2, 2, '')], '/rows/0/0'], [[table(2, 2, ' ')], '/rows/0/0'],
    [[table(100, 1, 'x'.repeat(101))], '/rows/99/0'], [[{ ...table(1, 1), column_settings: [{ align: 'up' }] }], '/column_settings/0/align'],
    [[{ type: 'section', fields: Array.from({ length: 11 }, () => plain('x')) }], '/fields'],
    [[{ type: 'section', fields: [plain('x'.repeat(2001))] }], '/fields/0/text'],
  ];
  for (const [blocks, place] of wrong) {
    const data = await refused(web.chat.postMessage({ channel, text: 'x', blocks }), 'invalid_blocks');
    check(data.response_metadata.messages[0].includes(place), `the complaint names ${place}: ${data.response_metadata.messages[0]}`);
  }
}

async function look(web) {
  check((await web.auth.test()).user_id === 'U0SLUICE', 'auth.test');
  check((await web.users.info({ user: 'U0ANA' })).user.name === 'ana', 'users.info');
  await refused(web.users.info({ user: 'U0NOBODY' }), 'user_not_found');
  const names = [];
  for await (const page of web.paginate('users.list', { limit: 2 })) {
    names.push(...page.members.map((member) => member.name));
  }
  check(names.join() === 'ana,bob,chen,dora,sluice', `users.list in pages: ${names}`);
  check((await web.conversations.list({ types: 'public_channel,private_channel' })).channels.length === 3, 'conversations.list');
  check((await web.conversations.info({ channel: 'C0OPS' })).channel.name === 'ops', 'conversations.info');
  check((await web.conversations.members({ channel: 'C0OPS' })).members.includes('U0BOB'), 'conversations.members');
  const im = (await web.conversations.open({ users: 'U0ANA' })).channel.id;
  check((await web.conversations.open({ users: 'U0ANA' })).already_open && im.startsWith('D'), 'conversations.open');
  check((await web.chat.postMessage({ channel: 'U0ANA', text: 'x' })).channel === im, "a person's id is their conversation");
  check((await web.usergroups.list()).usergroups[0].handle === 'oncall', 'usergroups.list');
  check((await web.usergroups.users.list({ usergroup: 'S0ONCALL' })).users.join() === 'U0ANA,U0BOB', 'usergroups.users.list');
  check((await web.bots.info({ bot: 'B0SLUICE' })).bot.user_id === 'U0SLUICE', 'bots.info');
  check((await web.team.info()).team.id === 'T0SIM', 'team.info');
}

async function tokens(sim) {
  const web = (token) => new WebClient(token, { slackApiUrl: sim.api, retryConfig: { retries: 0 }, logger: quiet });
  await refused(web('xoxb-other').auth.test(), 'invalid_auth');
  await refused(web().auth.test(), 'not_authed');
  await refused(web(BOT).apps.connections.open(), 'not_allowed_token_type');
  await refused(web(APP).chat.postMessage({ channel: 'C0OPS', text: 'x' }), 'not_allowed_token_type');
  await sim.post('token', { token: 'xoxb-poor', kind: 'bot', scopes: 'users:read', state: '' });
  const data = await refused(web('xoxb-poor').chat.postMessage({ channel: 'C0OPS', text: 'x' }), 'missing_scope');
  check(data.needed === 'chat:write' && data.provided === 'users:read', 'which scope is needed and which are there');
  check(data.response_metadata.scopes.join() === 'users:read', 'x-oauth-scopes is read');
  await sim.post('token', { token: 'xoxb-dead', kind: 'bot', scopes: '', state: 'token_revoked' });
  await refused(web('xoxb-dead').auth.test(), 'token_revoked');
}

async function faults(sim, web) {
  const plain = new WebClient(BOT, { slackApiUrl: sim.api, retryConfig: { retries: 0 }, logger: quiet });
  await sim.post('fault', { on: 'api', method: 'chat.postMessage', kind: 'error', error: 'fatal_error' });
  await refused(plain.chat.postMessage({ channel: 'C0OPS', text: 'x' }), 'fatal_error');
  const count = async () => (await sim.found('post', (e) => e.text === 'once')).length;
  await sim.post('fault', { on: 'api', method: 'chat.postMessage', kind: 'http', status: 503 });
  await refusal(plain.chat.postMessage({ channel: 'C0OPS', text: 'once' }));
  check(await count() === 0, 'a 503 posts nothing');
  await sim.post('fault', { on: 'api', method: 'chat.postMessage', kind: 'reset', commit: true });
  const error = await refusal(plain.chat.postMessage({ channel: 'C0OPS', text: 'once' }));
  check(error instanceof Error && await count() === 1, 'a reset after the act: the client fails, the message stands');
  await sim.post('fault', { on: 'api', method: 'chat.postMessage', kind: 'slow', ms: 300 });
  const before = Date.now();
  await web.chat.postMessage({ channel: 'C0OPS', text: 'x' });
  check(Date.now() - before >= 290, 'a slow answer is slow');
}

async function limits(sim) {
  let waits = 0;
  const web = new WebClient(BOT, { slackApiUrl: sim.api, logger: quiet });
  web.on('rate_limited', (seconds) => { waits += seconds; });
  await sim.post('settings', { limits: 1 });
  await Promise.all(['C0OPS', 'C0DEV', 'C0OPS'].map((channel) => web.chat.postMessage({ channel, text: 'paced' })));
  check(waits === 1, `one post a second a channel: told to wait ${waits} s once`);
  check((await sim.found('post', (e) => e.text === 'paced')).length === 3, 'and all three stand in the end');
  await sim.post('settings', { limits: 0 });
}

/* A file of no channel, shown by an image block once it is ready. */
async function picture(sim, web) {
  await sim.post('token', { token: BOT, kind: 'bot', scopes: 'files:write,chat:write', state: '' });
  await sim.post('settings', { file_ready_ms: 300 });
  const upload = await web.files.uploadV2({ filename: 'charts.png', file: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0]) });
  const { id } = upload.files[0].files[0];
  const image = (name) => [{ type: 'image', slack_file: { id: name }, alt_text: 'charts' }];
  const { response_metadata: more } = await refused(web.chat.postMessage({ channel: 'C0OPS', text: 'x', blocks: image(id) }), 'invalid_blocks');
  check(more.messages[0].includes('/blocks/0/slack_file'), `not ready yet: ${more.messages[0]}`);
  await new Promise((done) => setTimeout(done, 400));
  const { ts, channel } = await web.chat.postMessage({ channel: 'C0OPS', text: 'x', blocks: image(id) });
  check((await web.chat.update({ channel, ts, text: 'y', blocks: image(id) })).ok, 'an edit shows it by the same id');
  await refused(web.chat.postMessage({ channel, text: 'x', blocks: image('F0NOWHERE00') }), 'invalid_blocks');
}

export async function run() {
  const sim = await start({ echo: 0 });
  const web = new WebClient(BOT, { slackApiUrl: sim.api, logger: quiet });
  await look(web);
  await talk(web);
  check((await sim.found('post'))[1].notifies.length === 0, 'escaped text calls nobody');
  await web.chat.postMessage({ channel: 'C0OPS', text: 'x', blocks: [section('<!here> and <@U0ANA|ana>')] });
  check((await sim.found('post')).pop().notifies.join() === '<!here>,<@U0ANA|ana>', 'what is not escaped calls people');
  await measure(web);
  await tokens(sim);
  await faults(sim, web);
  await limits(sim);
  await sim.post('token', { token: BOT, kind: 'bot', scopes: 'files:write', state: '' });
  const upload = await web.files.uploadV2({ channel_id: 'C0OPS', filename: 'audit.csv', content: 'a,b\n', initial_comment: 'here' });
  check(upload.ok && (await sim.wait('file')).bytes.includes('a,b\n'), 'a file in two steps');
  await picture(sim, web);
  await sim.stop();
}
