// bolt.mjs - Bolt, as a team would write its bot: command, button, form, menu, mention, and a refresh
import bolt from '@slack/bolt';
import { APP, BOT, check, start } from './sim.mjs';

const button = {
  type: 'actions',
  elements: [{ type: 'button', action_id: 'reboot', value: 'op-1', text: { type: 'plain_text', text: 'Reboot' } }],
};
const form = {
  type: 'modal',
  callback_id: 'form',
  title: { type: 'plain_text', text: 'New droplet' },
  submit: { type: 'plain_text', text: 'Create' },
  blocks: [{
    type: 'input',
    block_id: 'name',
    label: { type: 'plain_text', text: 'Name' },
    element: { type: 'plain_text_input', action_id: 'name' },
  }],
};

function listen(app, seen) {
  app.command('/droplet', async ({ command, ack, respond, client }) => {
    if (command.text === 'form') {
      await ack();
      seen.view = (await client.views.open({ trigger_id: command.trigger_id, view: form })).view;
      return;
    }
    await ack({ text: 'looking', response_type: 'ephemeral' });
    await respond({ text: 'later', replace_original: false });
    seen.posted = await client.chat.postMessage({ channel: command.channel_id, text: 'web-1?', blocks: [button] });
  });
  app.action('reboot', async ({ ack, body, respond, client }) => {
    await ack();
    seen.click = body;
    await client.chat.update({ channel: body.channel.id, ts: body.message.ts, text: `asked by <@${body.user.id}>` });
    await respond({ text: 'replaced', replace_original: true });
  });
  app.view('form', async ({ ack, view }) => {
    seen.values = view.state.values;
    await ack({ response_action: 'errors', errors: { name: 'taken' } });
  });
  app.options('region', async ({ ack, payload }) => {
    await ack({ options: [{ text: { type: 'plain_text', text: payload.value.toUpperCase() }, value: payload.value }] });
  });
  app.shortcut('new_droplet', async ({ ack, shortcut }) => {
    await ack();
    seen.shortcut = shortcut;
  });
  app.event('app_mention', async ({ event, say }) => {
    seen.mention = event;
    await say({ text: 'you called', thread_ts: event.ts });
  });
  app.event('member_joined_channel', async ({ event }) => { seen.joined = event; });
  app.event('subteam_members_changed', async ({ event }) => { seen.group = event; });
}

export async function run() {
  const sim = await start();
  const app = new bolt.App({
    token: BOT, appToken: APP, socketMode: true, logLevel: bolt.LogLevel.ERROR, clientOptions: { slackApiUrl: sim.api },
  });
  const seen = {};
  listen(app, seen);
  await app.start();
  check((await sim.get('state')).links[0].ready, 'Bolt is connected');

  await sim.post('command', { user: 'U0BOB', text: 'list' });
  const first = await sim.wait('ephemeral', (e) => e.via === 'ack');
  check(first.text === 'looking' && first.user === 'U0BOB', 'the ack of a command carries an answer to Bob alone');
  check((await sim.wait('ack', (e) => e.type === 'slash_commands')).after_ms < 3000, 'the command is acked in time');
  check((await sim.wait('ephemeral', (e) => e.via === 'response_url')).text === 'later', 'respond() arrives');
  const post = await sim.wait('post');
  check(post.channel === 'C0OPS' && post.blocks[0].elements[0].value === 'op-1', 'a message with a button stands');

  await sim.post('click', { user: 'U0ANA', ts: post.ts, action_id: 'reboot' });
  const edit = await sim.wait('edit', (e) => e.via === 'chat.update');
  check(edit.ts === post.ts && edit.notifies[0] === '<@U0ANA>', 'the click edits that message and calls Ana');
  check((await sim.wait('edit', (e) => e.via === 'response_url')).text === 'replaced', 'and respond() replaces it');
  check(seen.click.actions[0].value === 'op-1' && seen.click.user.id === 'U0ANA', 'Bolt read who clicked what');
  check((await sim.get('messages')).C0OPS[post.ts].text === 'replaced', 'the message stands as edited last');

  await sim.post('command', { text: 'form' });
  const view = await sim.wait('view');
  await sim.post('submit', { view_id: view.view_id, values: { name: { name: { type: 'plain_text_input', value: 'web-9' } } } });
  const answer = await sim.wait('ack', (e) => e.payload?.response_action === 'errors');
  check(answer.payload.errors.name === 'taken' && seen.values.name.name.value === 'web-9', 'a form is refused with its field');
  await sim.post('suggest', { view_id: view.view_id, action_id: 'region', block_id: 'r', value: 'nyc' });
  check((await sim.wait('ack', (e) => e.payload?.options)).payload.options[0].text.text === 'NYC', 'a menu is filled by the ack');
  await sim.post('shortcut', { callback_id: 'new_droplet' });
  await sim.wait('ack', (e) => e.type === 'interactive', 4);
  check(seen.shortcut.callback_id === 'new_droplet', 'a shortcut arrives');

  await sim.post('say', { user: 'U0CHEN', text: '<@U0SLUICE> hi' });
  check((await sim.wait('post', (e) => e.text === 'you called')).thread_ts === seen.mention.ts, 'a mention is answered in its thread');
  await sim.post('event', { event: { type: 'member_joined_channel', user: 'U0DORA', channel: 'C0OPS', channel_type: 'C', team: 'T0SIM', event_ts: '1.000001' } });
  await sim.post('event', { event: { type: 'subteam_members_changed', subteam_id: 'S0ONCALL', team_id: 'T0SIM', date_previous_update: 1, date_update: 2, added_users: ['U0CHEN'], added_users_count: 1, removed_users: [], removed_users_count: 0, event_ts: '1.000002' } });
  await sim.wait('ack', (e) => e.type === 'events_api', 4);
  check(seen.joined.user === 'U0DORA' && seen.group.added_users[0] === 'U0CHEN', 'events of every kind arrive');

  await sim.post('disconnect', { reason: 'refresh_requested' });
  await sim.wait('link', () => true, 2, 20000);
  await sim.post('command', { text: 'list' });
  await sim.wait('ephemeral', (e) => e.via === 'ack', 2);
  check(true, 'after a refresh commands arrive again');
  await app.stop();
  await sim.stop();
}
