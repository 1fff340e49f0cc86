// cedar.mjs - Cedar on the translated policy: permit, forbid, and a forbid ... unless for each channel's ceiling
//
// Cedar has no "any tag like": a pattern over tags becomes the tags that fit it among those of the droplets that are asked about.
import { createRequire } from 'node:module';
import { fitsText, groupsOf } from './translate.mjs';

const cedar = createRequire(import.meta.url)('@cedar-policy/cedar-wasm/nodejs');
const text = JSON.stringify;

function condition(clauses, tags) {
  return Object.entries(clauses).map(([key, texts]) => {
    if (key === 'tag') {
      const wanted = tags.filter((tag) => texts.some((t) => fitsText(t, tag)));
      return wanted.length ? `resource.tags.containsAny([${wanted.map(text)}])` : 'false';
    }
    return `(${texts.map((t) => (t.includes('*') ? `resource.${key} like ${text(t)}` : `resource.${key} == ${text(t)}`)).join(' || ')})`;
  }).join(' && ');
}

function droplets(s, tags) {
  if (s.any) return 'true';
  return `(${condition(s.fits, tags)})${s.except ? ` && !(${condition(s.except, tags)})` : ''}`;
}

const actions = (verbs) => `action in [${[...verbs].map((v) => `Action::${text(v)}`)}]`;

function who(name, people) {
  if (name.startsWith('anyone in ')) return `context.channel == ${text(name.slice(10))}`;
  return people.has(name) ? `principal == Person::${text(name)}` : `principal in Group::${text(name)}`;
}

function write(p, tags) {
  const people = new Set(p.people);
  const out = [];
  for (const [effect, list] of [['permit', p.allow], ['forbid', p.never]]) {
    for (const line of list) {
      if (line.verbs.size === 0) continue;
      const unless = line.unless.length ? ` unless { ${line.unless.map((name) => who(name, people)).join(' || ')} }` : '';
      for (const name of line.who) {
        // who it is about stands in the head where Cedar sorts policies out soonest
        const [head, rest] = name.startsWith('anyone in ') ? ['principal', `${who(name, people)} && `] : [who(name, people), ''];
        out.push(`${effect} (${head}, ${actions(line.verbs)}, resource) when { ${rest}${droplets(line.droplets, tags)} }${unless};`);
      }
    }
  }
  for (const [channel, list] of Object.entries(p.ceilings)) {
    const lets = list.filter((c) => c.verbs.size > 0).map((c) => `(${actions(c.verbs)} && (${droplets(c.droplets, tags)}))`);
    out.push(`forbid (principal, action, resource) when { context.channel == ${text(channel)} } unless { ${lets.join(' || ') || 'false'} };`);
  }
  out.push('forbid (principal, action, resource) when { context.channel == "not-listed" };');
  return out.join('\n');
}

export async function make(p, verbs, questions) {
  const tags = [...new Set(questions.flatMap((q) => q.droplet.tag))];
  const known = new Set(verbs);
  const groups = groupsOf(p);
  const parents = new Map([...p.people, 'stranger'].map((name) => [name, groups(name).map((id) => ({ type: 'Group', id }))]));
  const parsed = cedar.preparsePolicySet('sluice', { staticPolicies: write(p, tags) });
  if (parsed.type !== 'success') throw new Error(JSON.stringify(parsed.errors).slice(0, 500));
  return (q) => {
    if (!known.has(q.action)) return false;
    const d = q.droplet;
    const answer = cedar.statefulIsAuthorized({
      principal: { type: 'Person', id: q.person }, action: { type: 'Action', id: q.action },
      resource: { type: 'Droplet', id: d.id }, context: { channel: q.channel }, preparsedPolicySetId: 'sluice', validateRequest: false,
      entities: [
        { uid: { type: 'Person', id: q.person }, attrs: {}, parents: parents.get(q.person) },
        { uid: { type: 'Droplet', id: d.id }, attrs: { tags: d.tag, name: d.name, region: d.region, project: d.project }, parents: [] },
      ],
    });
    if (answer.type !== 'success') throw new Error(JSON.stringify(answer.errors).slice(0, 500));
    return answer.response.decision === 'allow';
  };
}
