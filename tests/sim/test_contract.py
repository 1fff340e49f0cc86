#!/usr/bin/python3
"""Holds sluice-sim against DigitalOcean's API description, and its faults against what faults.h says.

Drives every endpoint over a socket, refusals and faults included; check_response.py then checks every line of the
simulator's own log. Needs ../shared/digitalocean (or SLUICE_SHARED) and Debian's python3-jsonschema for that part.
"""
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

BUILD = os.environ.get('BUILD_DIR', 'build/dev')
SHARED = os.environ.get('SLUICE_SHARED') or os.path.join(os.environ.get('SOURCE_DIR', '.'), '..', 'shared')
CHECKER = os.path.join(SHARED, 'digitalocean', 'check_response.py')
SPEC = os.path.join(SHARED, 'digitalocean', 'openapi-droplets.json')
WEB_1, WEB_2, Z_DB_1, GPU = 440212003, 440212017, 418830207, 452013377
ALL, READ = 'sim-token-all', 'sim-token-read'


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


class Sim:
    def __init__(self, *flags):
        self.process = subprocess.Popen([os.path.join(BUILD, 'sluice-sim'), '--listen', '127.0.0.1:0',
                                         '--exit-with-stdin', *flags],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline().decode()
        expect(line.startswith('listening on '), 'first line: %r' % line)
        self.url = line.split()[2]
        self.port = int(self.url.rsplit(':', 1)[1])

    def ask(self, method, path, body=None, token=ALL, timeout=20, context=None):
        """status, headers, bytes"""
        headers = {'Authorization': 'Bearer ' + token} if token else {}
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout, context=context) as reply:
                return reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def get(self, path, **more):
        status, _, body = self.ask('GET', path, **more)
        return status, json.loads(body)

    def act(self, droplet, kind, **more):
        status, _, body = self.ask('POST', '/v2/droplets/%d/actions' % droplet, {'type': kind}, **more)
        return status, json.loads(body)

    def control(self, method, word, body=None):
        status, _, text = self.ask(method, '/_sim/' + word, body, token=None)
        return status, text.decode()

    def fault(self, line):
        status, text = self.control('POST', 'fault', line)
        expect(status == 200, text)

    def end(self):
        """Closes its standard input; it must end by itself, clean."""
        self.process.stdin.close()
        expect(self.process.wait(timeout=10) == 0, 'exit status %r' % self.process.returncode)
        self.process.stdout.close()


def drive_endpoints(sim):
    status, headers, body = sim.ask('GET', '/v2/account')
    expect(status == 200 and json.loads(body)['account']['team']['name'] == 'Acme', body)
    expect(headers['ratelimit-limit'] == '5000' and headers['x-request-id'], str(headers))
    seen, path = [], '/v2/droplets?page=1&per_page=4'
    while path:
        _, page = sim.get(path)
        seen += [d['id'] for d in page['droplets']]
        following = page['links'].get('pages', {}).get('next')
        expect(following is None or following.startswith('https://api.digitalocean.com/v2/'), following)
        path = following and following[len('https://api.digitalocean.com'):]
    expect(len(seen) == len(set(seen)) == 14 == page['meta']['total'], 'pages: %r' % seen)
    for path in ('/v2/droplets', '/v2/droplets?per_page=200', '/v2/droplets?tag_name=client:zenith',
                 '/v2/droplets?tag_name=PROD&page=2&per_page=5', '/v2/droplets?name=web-2', '/v2/droplets?type=gpus',
                 '/v2/droplets/%d' % WEB_1, '/v2/droplets/%d' % GPU, '/v2/droplets/%d/actions' % WEB_1,
                 '/v2/tags', '/v2/tags?page=2&per_page=3', '/v2/projects', '/v2/actions/2400000003',
                 '/v2/actions?per_page=200&page=1', '/v2/actions?per_page=5&page=2',
                 '/v2/droplets/402117731/actions/2400000001'):
        status, _ = sim.get(path)
        expect(status == 200, path)
    for path in ('/v2/sizes', '/v2/sizes?per_page=3&page=2', '/v2/regions', '/v2/images', '/v2/images?type=distribution',
                 '/v2/images?type=application', '/v2/images/182435301', '/v2/account/keys',
                 '/v2/snapshots?resource_type=droplet', '/v2/snapshots', '/v2/droplets/402117732/snapshots',
                 '/v2/droplets/402117732/backups', '/v2/droplets/402117732/backups/policy',
                 '/v2/droplets/%d/backups/policy' % WEB_1, '/v2/customers/my/balance'):
        expect(sim.get(path)[0] == 200, path)
    expect(sim.get('/v2/images/1')[0] == 404, 'an unknown image')
    for project in sim.get('/v2/projects')[1]['projects']:
        expect(sim.get('/v2/projects/%s/resources' % project['id'])[0] == 200, project)


def drive_actions(sim):
    status, reply = sim.act(WEB_1, 'reboot')
    expect(status == 201 and reply['action']['status'] == 'in-progress', reply)
    action = '/v2/actions/%d' % reply['action']['id']
    status, refusal = sim.act(WEB_1, 'power_off')
    expect(status == 422 and refusal['message'] == 'Droplet already has a pending event.', refusal)
    expect(sim.get('/v2/droplets/%d' % WEB_1)[1]['droplet']['locked'] is True, 'not locked')
    expect(sim.get(action)[1]['action']['completed_at'] is None, 'completed at once')
    sim.control('POST', 'advance', '20s')
    expect(sim.get(action)[1]['action']['status'] == 'completed', 'not completed')
    expect(sim.get('/v2/droplets/%d/actions/%d' % (WEB_1, reply['action']['id']))[0] == 200, 'action by droplet')
    for kind, status_after in (('shutdown', 'off'), ('power_on', 'active'), ('power_off', 'off'),
                               ('power_on', 'active'), ('power_cycle', 'active')):
        expect(sim.act(WEB_1, kind)[0] == 201, kind)
        sim.control('POST', 'advance', '15s')
        expect(sim.get('/v2/droplets/%d' % WEB_1)[1]['droplet']['status'] == status_after, kind)
    expect(sim.act(Z_DB_1, 'reboot')[0] == 422, 'reboot of a droplet that is off')


def drive_arguments(sim):
    """Every action with arguments: refused when they make no sense, and its effect at its end."""
    def act(kind, status=201, **args):
        got, _, body = sim.ask('POST', '/v2/droplets/%d/actions' % WEB_2, dict(args, type=kind))
        expect(got == status, (kind, args, got, body))
        sim.control('POST', 'advance', '60s')
        return sim.get('/v2/droplets/%d' % WEB_2)[1]['droplet']
    act('resize', 422, size='s-2vcpu-4gb')
    expect(act('power_off')['status'] == 'off', 'off')
    small = act('resize', size='s-2vcpu-4gb')
    expect((small['size_slug'], small['vcpus'], small['memory'], small['disk']) == ('s-2vcpu-4gb', 2, 4096, 60), small)
    expect(act('resize', size='s-2vcpu-4gb', disk=True)['disk'] == 80, 'the disk grew')
    act('resize', 422, size='s-2vcpu-2gb')
    expect(act('rename', name='web-9')['name'] == 'web-9', 'rename')
    act('rename', 422, name='web 9')
    saved = act('snapshot', name='before')['snapshot_ids']
    expect(len(saved) == 1, saved)
    expect(act('rebuild', image='ubuntu-24-04-x64')['image']['slug'] == 'ubuntu-24-04-x64', 'rebuild')
    expect(act('restore', image=saved[0])['image']['id'] == saved[0], 'restore')
    act('restore', 422, image=1)
    act('rebuild', 422, image='plan-9')
    act('change_backup_policy', 422, backup_policy={'plan': 'daily', 'hour': 4})
    expect('backups' in act('enable_backups', backup_policy={'plan': 'weekly', 'weekday': 'SAT', 'hour': 20})['features'],
           'backups')
    expect(act('change_backup_policy', backup_policy={'plan': 'daily', 'hour': 4})['next_backup_window'], 'a window')
    act('change_backup_policy', 422, backup_policy={'plan': 'daily', 'hour': 5})
    expect(act('disable_backups')['next_backup_window'] is None, 'no window')
    act('enable_ipv6', 422)
    sim.control('POST', 'droplet', 'v4-1 id=79 ipv6=no')
    expect(sim.get('/v2/droplets/79')[1]['droplet']['networks']['v6'] == [], 'no ipv6')
    expect(sim.ask('POST', '/v2/droplets/79/actions', {'type': 'enable_ipv6'})[0] == 201, 'enable_ipv6')
    act('password_reset')
    expect(sim.get('/v2/droplets/79')[1]['droplet']['networks']['v6'], 'ipv6')
    sim.control('POST', 'token', 'meek droplet:update')
    for body in ({'type': 'rebuild', 'image': 1}, {'type': 'restore', 'image': 1}, {'type': 'resize', 'size': 'x'},
                 {'type': 'password_reset'}, {'type': 'snapshot'}):
        expect(sim.ask('POST', '/v2/droplets/%d/actions' % WEB_2, body, token='meek')[0] == 403, body)


def drive_life(sim):
    """Droplets are created and destroyed, alone and with what belongs to them."""
    want = {'size': 's-1vcpu-2gb', 'image': 'debian-12-x64', 'region': 'fra1', 'tags': ['web', 'request:7f3a'],
            'ssh_keys': [512189], 'user_data': '#!/bin/sh\n', 'ipv6': True, 'monitoring': True, 'backups': True,
            'backup_policy': {'plan': 'weekly', 'weekday': 'MON', 'hour': 8}, 'volumes': []}

    def create(status=202, **more):
        got, _, body = sim.ask('POST', '/v2/droplets', dict(want, **more))
        expect(got == status, (more, got, body))
        return json.loads(body)
    made = create(name='new-1')
    one = made['droplet']['id']
    expect(made['droplet']['status'] == 'new' and made['links']['actions'][0]['rel'] == 'create', made)
    three = [d['id'] for d in create(names=['new-2', 'new-3', 'new-4'])['droplets']]
    expect(sim.get('/v2/droplets?tag_name=request:7f3a')[1]['meta']['total'] == 4, 'by the tag of the request')
    for wrong in ({'name': 'a b'}, {'name': 'x', 'size': 's-9'}, {'name': 'x', 'image': 'plan-9'},
                  {'name': 'x', 'region': 'mars'}, {'name': 'x', 'ssh_keys': [1]}, {'name': 'x', 'tags': ['a b']},
                  {'name': 'x', 'volumes': ['506f78a4-e098-11e5-ad9f-000000000000']}, {'names': []},
                  {'names': ['x%d' % n for n in range(11)]}):
        create(422, **wrong)
    sim.control('POST', 'advance', '31s')
    expect(sim.get('/v2/droplets/%d' % one)[1]['droplet']['networks']['v4'], 'no address')

    def remove(path, status, body=None, token=ALL):
        got = sim.ask('DELETE', path, body, token)
        expect(got[0] == status, (path, got))
    remove('/v2/droplets/%d' % one, 403, token=READ)
    remove('/v2/droplets/%d' % one, 204)
    remove('/v2/droplets/%d' % one, 422)
    sim.control('POST', 'advance', '5s')
    remove('/v2/droplets/%d' % one, 404)
    sim.control('POST', 'droplet', 'old-1 id=81 volume=old ip=203.0.113.9 snapshot=last')
    path = '/v2/droplets/81/destroy_with_associated_resources'
    belongs = sim.get(path)[1]
    expect([len(belongs[kind]) for kind in ('reserved_ips', 'volumes', 'snapshots')] == [1, 1, 1], belongs)
    remove(path + '/dangerous', 400)
    remove(path + '/selective', 202, {'volumes': [belongs['volumes'][0]['id']]})
    expect('completed_at' not in sim.get(path + '/status')[1], 'over at once')
    expect(sim.ask('POST', path + '/retry')[0] == 409, 'a second purge')
    sim.control('POST', 'advance', '5s')
    over = sim.get(path + '/status')[1]
    expect(over['failures'] == 0 and over['droplet']['destroyed_at'], over)
    expect(all(v['name'] != 'old' for v in sim.get('/v2/volumes')[1]['volumes']), 'the volume stayed')
    expect(sim.ask('POST', path + '/retry')[0] == 404, 'nothing to try again')
    remove('/v2/snapshots/%s' % belongs['snapshots'][0]['id'], 204)
    remove('/v2/snapshots/%s' % belongs['snapshots'][0]['id'], 404)
    sim.control('POST', 'droplet', 'old-2 id=84 volume=old-2')
    path = '/v2/droplets/84/destroy_with_associated_resources'
    sim.fault('nth=1 method=DELETE path=*/84/*selective kind=action-errors')
    remove(path + '/selective', 202, {'volumes': [sim.get(path)[1]['volumes'][0]['id']]})
    sim.control('POST', 'advance', '5s')
    expect(sim.get(path + '/status')[1]['failures'] > 0, 'a purge that failed')
    expect(sim.ask('POST', path + '/retry')[0] == 202, 'another try')
    sim.control('POST', 'advance', '5s')
    sim.control('DELETE', 'fault')
    expect(sim.ask('DELETE', '/v2/droplets?tag_name=web')[0] == 404, 'destroying by tag')
    for droplet in three:
        remove('/v2/droplets/%d' % droplet, 204)
    sim.control('POST', 'advance', '5s')


def drive_around(sim):
    """Tags, volumes, addresses, firewalls, projects, metrics."""
    def ask(method, path, status, body=None):
        got, _, text = sim.ask(method, path, body)
        expect(got == status, (method, path, got, text))
        return json.loads(text) if text else None
    for path in ('/v2/volumes', '/v2/reserved_ips', '/v2/firewalls', '/v2/load_balancers', '/v2/domains', '/v2/vpcs',
                 '/v2/droplets/%d/neighbors' % WEB_1, '/v2/tags?per_page=200'):
        ask('GET', path, 200)
    web = {'resources': [{'resource_id': str(WEB_1), 'resource_type': 'droplet'}]}
    ask('POST', '/v2/tags/fresh/resources', 404, web)
    ask('POST', '/v2/tags', 201, {'name': 'fresh'})
    ask('POST', '/v2/tags/fresh/resources', 204, web)
    expect('fresh' in ask('GET', '/v2/droplets/%d' % WEB_1, 200)['droplet']['tags'], 'tagged')
    ask('DELETE', '/v2/tags/fresh/resources', 204, web)
    sim.control('POST', 'droplet', 'vol-1 id=82 volume=v82 ip=203.0.113.10 firewall=f82\nvol-2 id=83')
    volume = next(v['id'] for v in ask('GET', '/v2/volumes', 200)['volumes'] if v['name'] == 'v82')
    path = '/v2/volumes/%s/actions' % volume
    ask('POST', path, 422, {'type': 'attach', 'droplet_id': 83})
    ask('POST', path, 202, {'type': 'detach', 'droplet_id': 82})
    sim.control('POST', 'advance', '11s')
    action = ask('POST', path, 202, {'type': 'attach', 'droplet_id': 83})['action']['id']
    ask('GET', '/v2/actions/%d' % action, 200)
    path = '/v2/reserved_ips/203.0.113.10/actions'
    ask('POST', path, 201, {'type': 'assign', 'droplet_id': 83})
    ask('POST', path, 422, {'type': 'unassign'})
    sim.control('POST', 'advance', '11s')
    ask('POST', path, 201, {'type': 'unassign'})
    sim.control('POST', 'advance', '11s')
    ask('GET', '/v2/reserved_ips', 200)
    firewall = next(f['id'] for f in ask('GET', '/v2/firewalls', 200)['firewalls'] if f['name'] == 'f82')
    ask('POST', '/v2/firewalls/%s/droplets' % firewall, 204, {'droplet_ids': [83]})
    ask('DELETE', '/v2/firewalls/%s/droplets' % firewall, 204, {'droplet_ids': [82]})
    project = ask('GET', '/v2/projects', 200)['projects'][0]['id']
    moved = ask('POST', '/v2/projects/%s/resources' % project, 200, {'resources': ['do:droplet:83', 'do:droplet:1']})
    expect([r['status'] for r in moved['resources']] == ['already_assigned', 'not_found'], moved)
    span = '?host_id=%d&start=1768269600&end=1768273200'
    for metric in ('cpu', 'memory_free', 'memory_available', 'memory_total', 'filesystem_free', 'filesystem_size',
                   'load_1', 'load_5', 'load_15'):
        lines = ask('GET', '/v2/monitoring/metrics/droplet/' + metric + span % WEB_1, 200)['data']['result']
        expect(lines and len(lines[0]['values']) == 13, (metric, lines))
    ask('GET', '/v2/monitoring/metrics/droplet/bandwidth' + span % WEB_1 + '&interface=public&direction=inbound', 200)
    bare = ask('GET', '/v2/monitoring/metrics/droplet/load_1' + span % 451788125, 200)
    expect(bare['data']['result'] == [], 'without the agent')


def drive_refusals(sim):
    for path in ('/v2/droplets/1', '/v2/actions/1', '/v2/droplets/1/actions', '/v2/droplets/%d/actions/1' % WEB_1):
        status, reply = sim.get(path)
        expect(status == 404 and reply['id'] == 'not_found' and reply['request_id'], path)
    expect(sim.get('/v2/droplets', token='wrong')[0] == 401, 'a wrong token')
    expect(sim.get('/v2/droplets', token=None)[0] == 401, 'no token')
    expect(sim.act(WEB_1, 'reboot', token=READ)[0] == 403, 'a token that only reads')
    expect(sim.control('POST', 'token', 'blind droplet:read')[0] == 200, 'a new token')
    expect(sim.get('/v2/droplets/%d' % WEB_1, token='blind')[1]['droplet']['tags'] == [], 'tags without tag:read')
    expect(sim.get('/v2/tags', token='blind')[0] == 403, 'tags without tag:read')
    while True:
        status, headers, _ = sim.ask('GET', '/v2/account', token=READ)
        if status != 200:
            break
    expect(status == 429 and 0 < int(headers['retry-after']) <= 60, 'the 251st request of a minute')
    expect(int(headers['ratelimit-remaining']) > 4000, 'the hour is not over')


def fails(what, *kinds):
    try:
        what()
    except kinds:
        return True
    return False


def drive_faults(sim):
    lost = (ConnectionResetError, urllib.error.URLError, http.client.RemoteDisconnected, http.client.IncompleteRead)
    slow = (TimeoutError, socket.timeout, urllib.error.URLError)
    before = sim.get('/v2/droplets/%d/actions' % WEB_2)[1]['meta']['total']

    sim.fault('nth=1 method=POST path=/v2/droplets/*/actions kind=timeout-before')
    expect(fails(lambda: sim.act(WEB_2, 'reboot', timeout=0.4), *slow), 'timeout-before answered')
    expect(sim.get('/v2/droplets/%d/actions' % WEB_2)[1]['meta']['total'] == before, 'timeout-before committed')
    sim.fault('nth=1 method=POST path=/v2/droplets/*/actions kind=timeout-after-send')
    expect(fails(lambda: sim.act(WEB_2, 'reboot', timeout=0.4), *slow), 'timeout-after-send answered')
    expect(sim.get('/v2/droplets/%d/actions' % WEB_2)[1]['meta']['total'] == before + 1, 'did not commit')
    sim.control('POST', 'advance', '1m')

    for kind in ('reset', 'refused', 'reset-mid-body'):
        sim.control('DELETE', 'fault')
        sim.fault('kind=%s path=/v2/*' % kind)
        expect(fails(lambda: sim.ask('GET', '/v2/account'), *lost), kind)
    sim.control('DELETE', 'fault')

    sim.fault('nth=1 kind=html-502 path=/v2/account')
    status, headers, body = sim.ask('GET', '/v2/account')
    expect(status == 502 and headers['content-type'].startswith('text/html') and b'<html' in body, 'html-502')
    sim.fault('nth=1 kind=503 path=/v2/account')
    expect(sim.ask('GET', '/v2/account')[0] == 503, '503')
    sim.fault('nth=1 kind=429 retry-after=3 path=/v2/account')
    expect(sim.ask('GET', '/v2/account')[1]['retry-after'] == '3', '429 with retry-after')
    sim.fault('nth=1 kind=429 path=/v2/account')
    status, headers, _ = sim.ask('GET', '/v2/account')
    expect(status == 429 and headers['retry-after'] is None, '429 without retry-after')
    sim.fault('nth=1 kind=404 path=/v2/droplets/*')
    expect(sim.ask('GET', '/v2/droplets/%d' % WEB_1)[0] == 404, '404')
    sim.fault('nth=1 kind=torn-json path=/v2/account')
    status, headers, body = sim.ask('GET', '/v2/account')
    expect(status == 200 and int(headers['content-length']) == len(body), 'torn-json is whole HTTP')
    expect(fails(lambda: json.loads(body), ValueError), 'torn-json is broken JSON')
    sim.fault('nth=1 kind=slow ms=300 path=/v2/account')
    expect(sim.ask('GET', '/v2/account')[0] == 200, 'slow')  # how slow: sim/door, on virtual time
    sim.fault('kind=failed-page page=2 path=/v2/droplets')
    expect(sim.ask('GET', '/v2/droplets?per_page=5')[0] == 200, 'failed-page: page 1')
    expect(sim.ask('GET', '/v2/droplets?per_page=5&page=2')[0] == 500, 'failed-page: page 2')
    sim.control('DELETE', 'fault')
    sim.fault('nth=1 kind=other-host-link path=/v2/droplets')
    reply = sim.get('/v2/droplets?per_page=5')[1]
    expect(reply['links']['pages']['next'].startswith('https://evil.example/v2/'), 'other-host-link')


def drive_fates(sim):
    def run(line, kind):
        sim.fault('nth=1 method=POST ' + line)
        status, reply = sim.act(WEB_2, kind)
        expect(status == 201, reply)
        sim.control('POST', 'advance', '30s')
        action = sim.get('/v2/actions/%d' % reply['action']['id'])[1]['action']['status']
        return action, sim.get('/v2/droplets/%d' % WEB_2)[1]['droplet']['status']
    expect(run('kind=action-errors', 'power_off') == ('errored', 'active'), 'action-errors')
    expect(run('kind=completed-unchanged', 'shutdown') == ('completed', 'active'), 'completed-unchanged')
    expect(run('kind=action-lags ms=26000', 'power_off') == ('completed', 'active'), 'action-lags')
    sim.control('POST', 'advance', '1s')
    expect(sim.get('/v2/droplets/%d' % WEB_2)[1]['droplet']['status'] == 'off', 'action-lags, later')
    expect(run('kind=action-takes ms=31000', 'power_on') == ('in-progress', 'off'), 'action-takes')
    sim.control('POST', 'advance', '1s')
    expect(run('kind=action-never-ends', 'reboot') == ('in-progress', 'active'), 'action-never-ends')
    state = json.loads(sim.control('GET', 'state')[1])
    row = next(d for d in state['droplets'] if d['id'] == WEB_2)
    expect(row['locked'] and row['event'] == 'reboot', row)


def drive_control(sim):
    expect(sim.control('POST', 'droplet', 'fresh-1 id=77 tags=a,b status=off\nfresh-2 id=78')[0] == 200, 'droplets')
    expect(sim.get('/v2/droplets/77')[1]['droplet']['status'] == 'off', 'a droplet by line')
    for word, body in (('fault', 'kind=nonsense'), ('droplet', 'x region=mars'), ('advance', 'soon'), ('fault', '')):
        status, text = sim.control('POST', word, body)
        expect(status == 400 and 'error' in text, (word, text))
    expect(sim.control('GET', 'nothing')[0] == 404, 'an unknown word')
    lines = sim.control('GET', 'log')[1].splitlines()
    expect(any(json.loads(line)['fault'] == 'html-502' for line in lines), 'no fault in /_sim/log')


def bad_bytes(sim):
    """What is no HTTP, or too much, ends that connection and nothing else."""
    for data in (b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc', b'GET /' + b'a' * 200000,
                 b'POST /v2/account HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n' + b'x' * 3000000,
                 b'GET / HTTP/1.1\r\n' + b'X: y\r\n' * 100000, b'\r\n\r\n\0\0'):
        with socket.create_connection(('127.0.0.1', sim.port), timeout=10) as sock:
            try:
                sock.sendall(data)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):
                    pass
            except OSError:
                pass
    with socket.create_connection(('127.0.0.1', sim.port), timeout=10) as sock:  # one byte at a time
        for byte in b'GET /v2/account HTTP/1.1\r\nHost: x\r\nAuthorization: bearer sim-token-all\r\n\r\n':
            sock.sendall(bytes([byte]))
        expect(sock.recv(65536).startswith(b'HTTP/1.1 200'), 'a slow writer')
    connection = http.client.HTTPConnection('127.0.0.1', sim.port, timeout=10)  # keep-alive
    for _ in range(3):
        connection.request('GET', '/v2/account', headers={'Authorization': 'Bearer ' + ALL})
        expect(connection.getresponse().read(), 'keep-alive')
    connection.close()


def check_flags():
    for flags in (['--speed', '0'], ['--fault', 'kind=x'], ['--listen', 'here'], ['--nonsense'], ['--scopes', 'read'],
                  ['--tls-cert', 'x'], ['--droplet', 'a region=mars'], ['--token', 't', '--scopes', 'all'], ['word']):
        got = subprocess.run([os.path.join(BUILD, 'sluice-sim'), *flags], stdin=subprocess.DEVNULL,
                             capture_output=True, timeout=20)
        expect(got.returncode == 2 and got.stderr.startswith((b'sluice-sim: ', b'/', b'build')), (flags, got))
    sim = Sim('--droplets', '450', '--token', 'mine', '--scopes', 'read', '--rate-hour', '0', '--speed', '1000')
    expect(sim.get('/v2/droplets')[0] == 401, 'the tokens of the demo are gone')
    pages = [sim.get('/v2/droplets?per_page=200&page=%d' % n, token='mine')[1] for n in (1, 2, 3)]
    expect([len(p['droplets']) for p in pages] == [200, 200, 50], 'generated droplets')
    sim.end()
    sim = Sim('--empty', '--droplet', 'web-1 id=11 tags=web', '--speed', '1000')
    status, reply = sim.act(11, 'reboot')
    expect(status == 201, reply)
    time.sleep(0.1)
    expect(sim.get('/v2/actions/%d' % reply['action']['id'])[1]['action']['status'] == 'completed', '--speed')
    expect(sim.control('POST', 'advance', '1s')[0] == 409, 'advance with a real clock')
    sim.process.terminate()
    expect(sim.process.wait(timeout=10) == 0, 'SIGTERM')
    sim.process.stdin.close()
    sim.process.stdout.close()


def check_tls(folder):
    if shutil.which('openssl') is None:
        print('no openssl program: TLS not tried')
        return
    cert, key = os.path.join(folder, 'cert.pem'), os.path.join(folder, 'key.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
                    '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2', '-keyout', key,
                    '-out', cert], check=True, capture_output=True)
    sim = Sim('--tls-cert', cert, '--tls-key', key)
    expect(sim.url.startswith('https://'), sim.url)
    context = ssl.create_default_context(cafile=cert)
    status, _, body = sim.ask('GET', '/v2/droplets?per_page=200', context=context)
    expect(status == 200 and len(json.loads(body)['droplets']) == 14, 'a page over TLS')
    expect(fails(lambda: sim.ask('GET', '/v2/account', context=ssl.create_default_context()), urllib.error.URLError),
           'a certificate that nobody knows')
    expect(sim.ask('GET', '/v2/account', context=context)[0] == 200, 'after a broken handshake')
    sim.end()


def check_log(log):
    """Against the API description: how many lines were checked."""
    got = subprocess.run(['/usr/bin/python3', CHECKER, SPEC, 'log', log], capture_output=True, text=True)
    last = got.stdout.strip().splitlines()[-1] if got.stdout.strip() else got.stderr
    found = re.match(r'(\d+) passed, (\d+) failed, (\d+) skipped', last)
    # a query is text: the checker takes its "true" for no boolean
    wrong = [line for line in got.stdout.strip().splitlines()[:-1] if "private: : 'true' is not of type" not in line]
    expect(found and not wrong and int(found.group(1)) > 0, '\n'.join(wrong)[-2000:] + got.stderr[-2000:])
    expect(int(found.group(3)) > 0, 'no fault is marked in the log')
    print('held against the API description: ' + last)


def main():
    check = os.path.exists(CHECKER) and os.path.exists(SPEC)
    if check and subprocess.run(['/usr/bin/python3', '-W', 'ignore', '-c', 'import jsonschema'],
                                capture_output=True).returncode != 0:
        check, reason = False, "Debian's python3-jsonschema is not installed"
    else:
        reason = "no ../shared/digitalocean beside the source"
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, 'log.jsonl')
        sim = Sim('--clock', 'virtual', '--start', '2026-01-13T03:00:00Z', '--log', log)
        for part in (drive_endpoints, drive_actions, drive_arguments, drive_life, drive_around,
                     drive_refusals, drive_faults, drive_fates, drive_control,
                     bad_bytes):
            part(sim)
        sim.end()
        check_flags()
        check_tls(folder)
        if not check:
            print('skipped: the simulator was driven, its log was not checked: ' + reason)
            sys.exit(77)
        check_log(log)


main()
