// engines.mjs - how many questions a second another policy engine decides, and whether it decides them as expected
//
// usage: node engines.mjs casbin|cedar FOLDER VERBS.json    (FOLDER: conformance.policy.yaml, .requests.jsonl, .expected.tsv)
// Prints NAME_per_s=N; exit 1 with a sentence when one answer differs: then the two are no comparison.
import fs from 'node:fs';
import { question, translate } from './translate.mjs';

const [name, folder, verbsFile] = process.argv.slice(2);
const SECONDS = 2;
const CHECKED = 1500; // answers held against the expected ones

const verbs = JSON.parse(fs.readFileSync(verbsFile, 'utf8'));
const policy = translate(fs.readFileSync(`${folder}/conformance.policy.yaml`, 'utf8'), verbs);
const lines = (file) => fs.readFileSync(`${folder}/${file}`, 'utf8').trim().split('\n');
const questions = lines('conformance.requests.jsonl').map((line) => question(policy, JSON.parse(line)));
const expected = new Map(lines('conformance.expected.tsv').map((line) => line.split('\t')).map(([id, verdict]) => [id, verdict]));
const { make } = await import(`./${name}.mjs`);
const decide = await make(policy, verbs, questions);

let allowed = 0;
for (const q of questions.slice(0, CHECKED)) {
  const verdict = decide(q) ? 'allow' : 'deny';
  allowed += verdict === 'allow' ? 1 : 0;
  if (verdict !== expected.get(String(q.id))) {
    console.error(`${name} answers question ${q.id} with ${verdict}, expected is ${expected.get(String(q.id))}`);
    process.exit(1);
  }
}
if (allowed === 0) {
  console.error(`${name} allowed nothing: the translation is broken`);
  process.exit(1);
}
const start = process.hrtime.bigint();
const limit = start + BigInt(SECONDS) * 1000000000n;
let n = 0;
while (process.hrtime.bigint() < limit) {
  decide(questions[n++ % questions.length]);
}
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
console.log(`${name}_per_s=${Math.round(n / seconds)} ${name}_agreed=${Math.min(CHECKED, questions.length)}`);
