// stranger.mjs - without the CA the client must refuse: a wss run proves nothing if anybody's certificate would do
import { WebClient } from '@slack/web-api';
import { BOT, check, quiet, start } from './sim.mjs';

const sim = await start();
const web = new WebClient(BOT, { slackApiUrl: sim.api, retryConfig: { retries: 0 }, logger: quiet });
const error = await web.auth.test().then(() => null, (e) => e);
check(error !== null, 'a certificate that nobody vouches for is refused');
let deepest = error;
while (deepest.cause ?? deepest.original) {
  deepest = deepest.cause ?? deepest.original;
}
check(/CERT|SIGNATURE|certificate/.test(`${deepest.code} ${deepest.message}`), `and that is the reason: ${deepest.code} ${deepest.message}`);
await sim.stop();
