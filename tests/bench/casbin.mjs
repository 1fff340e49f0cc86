// casbin.mjs - casbin on the translated policy: one enforcer for the lines, one for the channels' ceilings
import { newEnforcer, newModelFromString, DefaultRoleManager } from 'casbin';
import { fitsText, groupsOf } from './translate.mjs';

const LINES = `
[request_definition]
r = sub, here, act, obj
[policy_definition]
p = sub, line, eft
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = (r.here == p.sub || g(r.sub, p.sub)) && fits(p.line, r.act, r.obj) && !spared(p.line, r.sub)
`;
const CEILINGS = `
[request_definition]
r = chan, act, obj
[policy_definition]
p = chan, line
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.chan == p.chan && fits(p.line, r.act, r.obj)
`;
const LEVELS = 100; // casbin stops following groups after 10 otherwise

function fitsClauses(clauses, droplet) {
  return Object.entries(clauses).every(([key, texts]) =>
    key === 'tag' ? texts.some((t) => droplet.tag.some((tag) => fitsText(t, tag)))
                  : texts.some((t) => fitsText(t, droplet[key])));
}

function fitsDroplets(s, droplet) {
  return s.any || (fitsClauses(s.fits, droplet) && !(s.except && fitsClauses(s.except, droplet)));
}

export async function make(p, verbs) {
  const lines = new Map();
  const known = new Set(verbs);
  const fits = (name, act, obj) => lines.get(name).verbs.has(act) && fitsDroplets(lines.get(name).droplets, obj);
  const groups = groupsOf(p);
  const inGroups = new Map([...p.people, 'stranger'].map((name) => [name, new Set([name, ...groups(name)])]));
  const rules = await newEnforcer(newModelFromString(LINES));
  const ceilings = await newEnforcer(newModelFromString(CEILINGS));

  rules.setRoleManager(new DefaultRoleManager(LEVELS));
  for (const enforcer of [rules, ceilings]) await enforcer.addFunction('fits', fits);
  await rules.addFunction('spared', (name, sub) => lines.get(name).unless.some((who) => inGroups.get(sub).has(who)));
  const policies = [];
  for (const [eft, list] of [['allow', p.allow], ['deny', p.never]]) {
    for (const line of list) {
      lines.set(line.name, line);
      for (const who of line.who) policies.push([who, line.name, eft]);
    }
  }
  await rules.addPolicies(policies);
  const links = [['stranger', 'everyone']];
  for (const name of p.people) links.push([name, 'people'], [name, 'everyone']);
  for (const [group, members] of Object.entries(p.groups)) {
    for (const member of [].concat(members)) links.push([member, group]);
  }
  await rules.addGroupingPolicies(links);
  const tops = [];
  for (const [channel, list] of Object.entries(p.ceilings)) {
    list.forEach((ceiling, i) => {
      lines.set(`ceiling.${channel}.${i}`, ceiling);
      tops.push([channel, `ceiling.${channel}.${i}`]);
    });
  }
  await ceilings.addPolicies(tops);
  return (q) => known.has(q.action) && ceilings.enforceSync(q.channel, q.action, q.droplet) &&
    rules.enforceSync(q.person, `anyone in ${q.channel}`, q.action, q.droplet);
}
