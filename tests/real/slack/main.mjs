// main.mjs - all of it, once; prints how many exchanges were checked
import { run as bolt } from './bolt.mjs';
import { run as links } from './links.mjs';
import { run as shapes } from './shapes.mjs';
import { checked } from './sim.mjs';
import { run as table } from './table.mjs';
import { run as webapi } from './webapi.mjs';

const parts = { bolt, webapi, links, shapes, table };
const wanted = process.argv.slice(2);
process.on('unhandledRejection', (error) => {
  // its own client of 3.1.0 reads an event where there is none (table.mjs gives it such a payload)
  if (error instanceof TypeError && String(error.stack).includes('SocketModeClient')) {
    return;
  }
  if (error === undefined) { // socket-mode 3.1.0, of a start() that disconnect() overtakes while it waits to reconnect
    return;
  }
  console.error(error);
  process.exit(1);
});
for (const [name, run] of Object.entries(parts)) {
  if (wanted.length === 0 || wanted.includes(name)) {
    const before = checked;
    await run();
    console.log(`${name}: ${checked - before} exchanges`);
  }
}
console.log(`${process.env.SIM_TLS ? 'wss' : 'ws'}: ${checked} exchanges checked`);
process.exit(checked > 0 ? 0 : 1);
