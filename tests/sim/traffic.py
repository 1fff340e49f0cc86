#!/usr/bin/python3
"""Holds every message between any test and a simulated DigitalOcean against the API description.

    traffic.py begin FOLDER            an empty folder, before the first test
    traffic.py hold FOLDER FLOORS      after the last: every request and every reply below it (tests/sim/traffic.h)

FOLDER/KIND.NAME/*.jsonl is what the test KIND/NAME caused. A message that has the form of one that was held already is counted with
it. What a fault made of a reply is left out; the request is not. FLOORS has a line for each kind: how many of its tests speak to a
simulator, and how many messages they caused when it was written. A kind that ran whole must still cause as many; of a run of a few
tests those are held that there are.
Needs ../shared/digitalocean (or SLUICE_SHARED) and Debian's python3-jsonschema.
"""
import collections
import glob
import importlib.util
import json
import os
import re
import shutil
import sys

SOURCE = os.environ.get('SOURCE_DIR', '.')
SHARED = os.environ.get('SLUICE_SHARED') or os.path.join(SOURCE, '..', 'shared')
CHECKER = os.path.join(SHARED, 'digitalocean', 'check_response.py')
SPEC = os.path.join(SHARED, 'digitalocean', 'openapi-droplets.json')
OTHER_HOSTS = ('/v1/oauth/', '/metadata/')  # not in the description
NEVER = {('DELETE', '/v2/droplets'), ('POST', '/v2/droplets/actions'), ('DELETE', '/v2/volumes')}  # by tag, by name: never
BY_HAND = 'sim.'  # the simulator's own tests ask for what makes no sense, and for paths that there are not
UUID = re.compile('[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}')
NUMBERS = re.compile('[-.T:][0-9]+|[0-9]{5,}')  # in names and times, and long ones
LONG = re.compile(r'\d{5,}')
WRONG_MOST = 20


def checker():
    sys.argv = [CHECKER, SPEC]
    spec = importlib.util.spec_from_file_location('check_response', CHECKER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def form(value):
    """What two values have in common that are right or wrong together: all but ids, times and the numbers in names."""
    return NUMBERS.sub('0', json.dumps(value, sort_keys=True))


def body_form(value):
    """An account's droplets are alike: of a list at the top, which forms there are in it."""
    if not isinstance(value, dict):
        return form(value)
    return tuple(sorted((name, frozenset(map(form, of)) if isinstance(of, list) else form(of)) for name, of in value.items()))


class Held:
    def __init__(self):
        self.check = checker()
        self.forms, self.elements, self.found, self.queries = set(), set(), {}, {}
        self.done = collections.Counter()  # (method, template)
        self.actions = set()
        self.wrong = []

    def new_ones(self, where, body):
        """Without the elements of its lists that were held before."""
        if not isinstance(body, dict):
            return body
        out = {}
        for name, value in body.items():
            if isinstance(value, list) and len(value) > 1:
                new = {}
                for element in value:
                    new.setdefault((where, name, form(element)), element)
                value = [element for key, element in new.items() if key not in self.elements] or value[:1]
                self.elements.update(new)
            out[name] = value
        return out

    def operation(self, method, path):
        bare = re.sub('[0-9]+', '0', UUID.sub('0', path.split('?')[0]))
        if (method, bare) not in self.found:
            best = self.check.find(method, path)
            self.found[method, bare] = best[1] if best else None
        return self.found[method, bare]

    def query(self, method, path):
        """A query is text: the checker takes its "true" for no boolean."""
        key = method, LONG.sub('0', path)
        if key not in self.queries:
            self.queries[key] = [line for line in self.check.query(method, path)
                                 if "private: : 'true' is not of type" not in line]
        return self.queries[key]

    def hold(self, test, call):
        """'held', or why it was not."""
        method, path, status = call['method'], call['path'], int(call['status'])
        if path.startswith(OTHER_HOSTS):
            return 'other'
        template = self.operation(method, path)
        if template is None and status == 404 and test.startswith(BY_HAND):
            return 'other'
        injected, refused = bool(call.get('injected')), status in (400, 422)
        if status < 300 and not injected:
            self.done[method, template] += 1
            if template == '/v2/droplets/{droplet_id}/actions' and method == 'POST':
                self.actions.add((call.get('req') or {}).get('type'))
        key = (method, template, None if injected else status, injected, call.get('refusal_expected'),
               LONG.sub('0', path.partition('?')[2]), form(call.get('req')), None if injected else body_form(call.get('resp')))
        if key in self.forms:
            return 'held'
        self.forms.add(key)
        out = [] if template else ['not in the description']
        if (method, template) in NEVER and not test.startswith(BY_HAND):
            out.append('is never to be asked for')
        if template and not (refused and test.startswith(BY_HAND)):
            out += self.query(method, path)
            if call.get('req') is not None:
                out += self.check.check('req', method, path, None, call['req'])[1]
        if template and not injected:
            if refused and not call.get('refusal_expected'):
                out.append('refused, and the log does not say that this was expected')
            body = self.new_ones((method, template, status), call.get('resp'))
            out += self.check.check('resp', method, path, status, body)[1]
        if out:
            self.wrong.append('%s: %s %s %d: %s' % (test, method, path, status, '; '.join(out[:3])))
        return 'held'


def read(held, folder):
    """How many messages each test caused."""
    counts = collections.defaultdict(collections.Counter)
    for name in sorted(glob.glob(os.path.join(folder, '*', '*.jsonl'))):
        test = os.path.basename(os.path.dirname(name))
        for line in open(name, encoding='utf-8', errors='replace'):
            try:
                call = json.loads(line)
            except ValueError:  # its process was killed as it wrote
                call = {'torn': 1}
            if 'path' in call:
                counts[test][held.hold(test, call)] += 1
            counts[test]['held'] += call.get('same', 0)
            if 'cut' in call:
                held.wrong.append(test + ': more messages than are kept')
    return counts


def rows_not_asked(held):
    """Calls of the table, and droplet actions, that were never answered well."""
    rows = open(os.path.join(SOURCE, 'bot', 'ocean', 'endpoint_rows.c')).read()
    acts = re.findall(r'"([a-z_0-9]+)", VERB_', open(os.path.join(SOURCE, 'bot', 'ocean', 'acts.c')).read())
    calls = re.findall(r'\[(OCEAN_\w+)\]\s*=\s*\{\s*\.method = "(\w+)",\s*\.path =\s*"([^"]+)"', rows)
    if len(calls) <= 40 or len(acts) <= 10:
        return ['the tables were not read: %d calls, %d actions' % (len(calls), len(acts))], 0
    missing = []
    for verb, method, path in calls:
        pattern = re.sub(r'\\\{\w+\\\}', '[^/]+', re.escape(path.split('?')[0].replace('{filter}', '')))
        if not any(m == method and re.fullmatch(pattern, template or '') for m, template in held.done):
            missing.append('never asked for, so never held: ' + verb)
    missing += ['never asked for, so never held: action ' + act for act in acts if act not in held.actions]
    return missing, len(calls) + len(acts)


def hold(folder, floors):
    if not (os.path.exists(CHECKER) and os.path.exists(SPEC)):
        print('skipped: no ../shared/digitalocean beside the source')
        return 77
    try:
        held = Held()
    except ImportError:
        print("skipped: Debian's python3-jsonschema is not installed")
        return 77
    counts = read(held, folder)
    kinds = collections.Counter()
    for test, count in counts.items():
        kinds[test.split('.')[0]] += count['held']
    tests = collections.Counter(test.split('.')[0] for test in counts)
    wrong, whole = list(held.wrong), set()
    rows = [line.split() for line in open(floors) if line.strip() and not line.startswith('#')]
    for kind, n_tests, floor in rows:
        if tests[kind] >= int(n_tests):
            whole.add(kind)
            if kinds[kind] < int(floor):
                wrong.append('%s: only %d messages, %s before' % (kind, kinds[kind], floor))
    all_ran = len(whole) == len(rows)
    with open(os.path.join(folder, 'counts'), 'w') as out:  # for the floors
        out.writelines('%s %d\n' % (test.replace('.', '/', 1), counts[test]['held']) for test in sorted(counts))
    for kind in sorted(kinds):
        print('%-9s %7d messages of %d tests' % (kind, kinds[kind], tests[kind]))
    other = sum(count['other'] for count in counts.values())
    if {'scenario', 'sim'} <= whole:
        missing, n = rows_not_asked(held)
        wrong += missing
        print('each of %d calls and droplet actions was among them' % n)
    print('held against the API description: %d messages of %d forms, %d wrong; %d were to other hosts or to no path%s' % (
        sum(kinds.values()), len(held.forms), len(held.wrong), other,
        '' if all_ran else '; not all tests ran'))
    for line in wrong[:WRONG_MOST]:
        print(line)
    return 1 if wrong else 0


def main():
    what, folder = sys.argv[1], sys.argv[2]
    if os.environ.get('SIM_TRAFFIC_DIR'):  # a run of tests inside a test: the outer one holds all
        print('held by the tests around it')
        return 0
    if what == 'begin':
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        return 0
    return hold(folder, sys.argv[3])


if __name__ == '__main__':
    sys.exit(main())
