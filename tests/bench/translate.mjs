// translate.mjs - a policy of Sluice (people, groups, roles, channels, allow, never) as plain data for other engines
//
// Texts are in lower case on both sides, as Sluice compares them. Times, steps and limits are not translated: a policy that
// has them is refused, so that no engine is measured on less than it is asked.
import { parse } from 'yaml';

const list = (x) => (x === undefined ? [] : Array.isArray(x) ? x : [x]);
const ATTRIBUTES = ['tag', 'name', 'region', 'project'];

function verbsOf(policy, verbs) {
  const ofRole = (name) => {
    const role = policy.roles[name];
    return [...list(role.includes).flatMap(ofRole), ...list(role.may).flatMap(ofWord)];
  };
  const ofWord = (word) =>
    word === 'everything' ? verbs
    : word === 'nothing' ? []
    : word.endsWith('.*') ? verbs.filter((v) => v.startsWith(word.slice(0, -1)))
    : verbs.includes(word) ? [word]
    : ofRole(word);
  return (may) => new Set(list(may).flatMap(ofWord));
}

function clauses(map) {
  const found = {};
  for (const key of Object.keys(map)) {
    if (key === 'except') continue;
    if (!ATTRIBUTES.includes(key)) throw new Error(`no translation of "${key}"`);
    found[key] = list(map[key]).map((text) => String(text).toLowerCase());
  }
  return found;
}

function selector(droplets) {
  if (droplets === 'any') return { any: true, fits: {}, except: null };
  return { any: false, fits: clauses(droplets), except: droplets.except ? clauses(droplets.except) : null };
}

export function translate(text, verbs) {
  const policy = parse(text, { maxAliasCount: 0, schema: 'failsafe' });
  for (const key of ['require', 'limits', 'hours', 'oncall']) {
    if (policy[key]) throw new Error(`no translation of "${key}"`);
  }
  const may = verbsOf(policy, verbs);
  const person = {};
  const channel = {};
  const network = (workspace) => Object.entries(policy.workspaces[workspace])[0].join('/');
  for (const [name, ids] of Object.entries(policy.people)) {
    for (const [workspace, id] of Object.entries(ids)) {
      if (workspace !== 'code') person[`${network(workspace)}/${id}`] = name;
    }
  }
  for (const [name, c] of Object.entries(policy.channels)) {
    for (const at of list(c.at)) {
      const slash = at.indexOf('/');
      channel[`${network(at.slice(0, slash))}/${at.slice(slash + 1)}`] = name;
    }
  }
  const line = (rule) => ({
    name: rule.name, who: list(rule.who), unless: list(rule.unless), verbs: may(rule.may), droplets: selector(rule.droplets),
  });
  return {
    person, channel, groups: policy.groups, people: Object.keys(policy.people),
    ceilings: Object.fromEntries(Object.entries(policy.channels).map(([name, c]) =>
      [name, (c.ceiling ?? [c]).map((x) => ({ verbs: may(x.may), droplets: selector(x.droplets) }))])),
    allow: list(policy.allow).map(line), never: list(policy.never).map(line),
  };
}

// One question: who and where by their names in the file, the droplet in lower case.
export function question(p, q) {
  const d = q.droplet;
  return {
    id: q.id, action: q.action, person: p.person[q.as] ?? 'stranger', channel: p.channel[q.in] ?? 'not-listed',
    droplet: {
      id: String(d.id), tag: d.tags.map((t) => t.toLowerCase()), name: d.name.toLowerCase(), region: d.region.toLowerCase(),
      project: d.project.toLowerCase(),
    },
  };
}

// The groups that somebody is in, through all nesting, with what the file calls everybody.
export function groupsOf(p) {
  const parents = {};
  for (const [group, members] of Object.entries(p.groups)) {
    for (const member of list(members)) (parents[member] ??= []).push(group);
  }
  return (person) => {
    const seen = new Set();
    const walk = (name) => (parents[name] ?? []).forEach((g) => { if (!seen.has(g)) { seen.add(g); walk(g); } });
    walk(person);
    return [...seen, 'everyone', ...(person === 'stranger' ? [] : ['people'])];
  };
}

const globs = new Map();
function pattern(text) {
  if (!globs.has(text)) {
    const source = text.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*');
    globs.set(text, text.includes('*') ? new RegExp(`^${source}$`, 's') : null);
  }
  return globs.get(text);
}
export const fitsText = (text, value) => (pattern(text) ? pattern(text).test(value) : text === value);
