#!/usr/bin/env python3
"""slack_report.py RESULTS.JSONL - the figures of one run as `name sluice=... peer=... ratio=...`, medians over the rounds

A ratio is ours to the peer's in the same run. A figure that one of the two has not is "-". `..._p99_to_p50_us` is our slowest of a
hundred beside the peer's usual. `disk_page_...` is one page written and synced, nothing else: what is on the disk before it is
acknowledged is not acknowledged sooner, whoever does it. Ends with 1 when a reply of either was wrong, lost or acked late.
"""
import json
import os
import statistics
import sys
import time

FIGURES = [
    ('start_to_socket_ms', 'start', 'hello_ms'), ('start_to_answer_ms', 'start', 'first_reply_ms'),
    ('start_tls_to_socket_ms', 'tls-start', 'hello_ms'), ('start_tls_to_answer_ms', 'tls-start', 'first_reply_ms'),
    ('idle_rss_kib', 'idle', 'rss_kb'), ('idle_cpu_pct', 'idle', 'cpu_pct'), ('idle_wakeups_per_s', 'idle', 'wakeups_per_s'),
    ('list_20_per_s_ack_p50_us', 'rate20', 'ack_p50_us'), ('list_20_per_s_reply_p50_us', 'rate20', 'reply_p50_us'),
    ('list_20_per_s_reply_p99_us', 'rate20', 'reply_p99_us'), ('list_20_per_s_cpu_us', 'rate20', 'cpu_us_per_cmd'),
    *[(f'{command}_{n}_{what}_{p}_us', f'{phase}-{command}', f'{what}_{p}_us')
      for command in ('list', 'reboot') for n, phase in ((1, 'lat'), (64, 'thr')) for what in ('ack', 'reply') for p in ('p50', 'p99')],
    *[(f'{command}_{n}_{name}', f'{phase}-{command}', key) for command in ('list', 'reboot') for n, phase in ((1, 'lat'), (64, 'thr'))
      for name, key in (('per_s', 'throughput'), ('cpu_us', 'cpu_us_per_cmd'))],
    ('rss_under_load_kib', 'load-reboot', 'rss_kb'), ('burst_200_reply_p99_us', 'burst200', 'reply_p99_us'),
    ('rss_after_load_kib', 'after', 'rss_kb'), ('list_of_2000_p50_us', 'big', 'reply_p50_us'),
    ('refresh_next_socket_ms', 'refresh', 'reconnect_p50_ms'), # the old one may still serve meanwhile
    ('drop_off_air_ms', 'drop', 'reconnect_p50_ms'),
    ('stop_ms', 'stop', 'stop_ms'),
]

SLOWEST = [(f'{command}_{n}_{what}_p99_to_p50_us', f'{phase}-{command}', what)
           for command in ('list', 'reboot') for n, phase in ((1, 'lat'), (64, 'thr')) for what in ('ack', 'reply')]
PAGE = 4096
SYNCS = 2000


def read(path):
    rows = {}
    with open(path, encoding='utf-8') as file:
        for line in file:
            record = json.loads(line)
            label, of_tls, _ = record['label'].partition('-tls') # the part of that name
            rows.setdefault((label, ('tls-' if of_tls else '') + record['phase']), []).append(record)
    return rows


def median(rows, label, phase, key):
    values = [record[key] for record in rows.get((label, phase), []) if record.get(key) is not None]
    return statistics.median(values) if values else None


def text(value):
    return '-' if value is None else '%.4g' % value if abs(value) < 1000 else '%.0f' % value


def show(name, ours, theirs):
    if ours is None and theirs is None:
        return # of another part
    ratio = None if ours is None or not theirs else ours / theirs
    print('%s sluice=%s peer=%s ratio=%s' % (name, text(ours), text(theirs), text(ratio)))


def sync_times(folder):
    """Microseconds, sorted; the file is on the disk before, so that nothing but the page is written."""
    path = os.path.join(folder, 'disk.tmp')
    times = []
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(fd, bytes(PAGE * 100))
        os.fsync(fd)
        for i in range(SYNCS):
            began = time.perf_counter()
            os.pwrite(fd, b'x' * PAGE, i % 100 * PAGE)
            os.fdatasync(fd)
            times.append((time.perf_counter() - began) * 1e6)
    finally:
        os.close(fd)
        os.unlink(path)
    return sorted(times)


def main():
    rows = read(sys.argv[1])
    peer = sys.argv[2]
    for name, phase, key in FIGURES:
        show(name, median(rows, 'sluice', phase, key), median(rows, peer, phase, key))
    for name, phase, what in SLOWEST:
        show(name, median(rows, 'sluice', phase, what + '_p99_us'), median(rows, peer, phase, what + '_p50_us'))
    if ('sluice', 'lat-reboot') in rows:
        times = sync_times(os.path.dirname(os.path.abspath(sys.argv[1])))
        show('disk_page_synced_p50_us', times[SYNCS // 2], None)
        show('disk_page_synced_p99_us', times[SYNCS * 99 // 100], None)
    bad = 0
    for label in ('sluice', peer):
        counts = {key: sum(record.get(key) or 0 for (who, _), all_ in rows.items() if who == label for record in all_)
                  for key in ('errors', 'lost', 'late_acks')}
        print('%s: %d wrong, %d lost, %d acked late' % (label, counts['errors'], counts['lost'], counts['late_acks']))
        bad += sum(counts.values()) + (not any(who == label for who, _ in rows))
    return 1 if bad else 0


sys.exit(main())
