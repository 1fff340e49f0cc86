#!/usr/bin/python3
"""Each complaint about clients of DigitalOcean that a chat bot must handle well has a story named after its row.

tests/scenario/stories/ocean_NN_*.scn, whose first line begins "# Row N:". Where the reference is beside the source, the rows
here are held against its section 5.
"""
import os
import re
import sys

from house import ROOT

ROWS = {
    1: 'same names', 2: 'names and ids', 3: 'tag sets', 4: 'preview', 5: 'left over', 6: 'pending event',
    7: 'shutdown stays on', 8: 'status lags', 9: 'ends and errors', 10: 'rate limit', 11: 'HTML and 5xx',
    12: '404 after create', 13: 'destroy to the end', 14: 'missing scope', 15: 'active is not ready', 16: 'snapshot id',
    17: 'droplet limit', 18: 'resize', 19: 'all pages', 20: 'expired token', 21: 'shutdown before destroy',
    22: 'create says try again', 23: 'no end time', 24: 'role policy',
}
STORIES = os.path.join(ROOT, 'tests', 'scenario', 'stories')
SHARED = os.environ.get('SLUICE_SHARED') or os.path.join(ROOT, '..', 'shared')


def main():
    wrong = []
    found = {}
    for name in sorted(os.listdir(STORIES)):
        match = re.fullmatch(r'ocean_(\d\d)_\w+\.scn', name)
        if not match:
            if name.startswith('ocean_'):
                wrong.append('%s: no row in its name' % name)
            continue
        row = int(match.group(1))
        text = open(os.path.join(STORIES, name)).read()
        found.setdefault(row, []).append(name)
        if not text.startswith('# Row %d: ' % row):
            wrong.append('%s: its first line does not begin "# Row %d: "' % (name, row))
        if len(re.findall(r'^EXPECT ', text, re.M)) < 1 or not re.search(r'^CALLS |^NEVER |^AUDIT ', text, re.M):
            wrong.append('%s: expects nothing that could fail' % name)
    for row, what in ROWS.items():
        if row not in found:
            wrong.append('row %d (%s) has no story ocean_%02d_*.scn' % (row, what, row))
        else:
            print('row %2d  %-24s %s' % (row, what, ' '.join(found[row])))
    for row in sorted(set(found) - set(ROWS)):
        wrong.append('%s: there is no row %d' % (found[row][0], row))
    reference = os.path.join(SHARED, 'reference', 'digitalocean.md')
    if os.path.exists(reference):
        section = open(reference).read().split('\n## 5. ')[1].split('\n## ')[0]
        numbers = [int(n) for n in re.findall(r'^\| (\d+) \|', section, re.M)]
        if numbers != list(ROWS):
            wrong.append('the rows of the reference are %s' % numbers)
    else:
        print('no ../shared beside the source: not held against the reference')
    for line in wrong:
        print(line, file=sys.stderr)
    print('%d rows, %d stories' % (len(found), sum(len(names) for names in found.values())))
    return 1 if wrong else 0


sys.exit(main())
