#!/usr/bin/env python3
"""slack_report.py RESULTS.JSONL - the figures of one run as `name sluice=... peer=... ratio=...`, medians over the rounds

A ratio is ours to the peer's in the same run. A figure that one of the two has not is "-". Ends with 1 when a reply of either was
wrong, lost or acked late.
"""
import json
import statistics
import sys

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


def main():
    rows = read(sys.argv[1])
    peer = sys.argv[2]
    for name, phase, key in FIGURES:
        ours, theirs = median(rows, 'sluice', phase, key), median(rows, peer, phase, key)
        if ours is None and theirs is None:
            continue # of another part
        ratio = None if ours is None or not theirs else ours / theirs
        print('%s sluice=%s peer=%s ratio=%s' % (name, text(ours), text(theirs), text(ratio)))
    bad = 0
    for label in ('sluice', peer):
        counts = {key: sum(record.get(key) or 0 for (who, _), all_ in rows.items() if who == label for record in all_)
                  for key in ('errors', 'lost', 'late_acks')}
        print('%s: %d wrong, %d lost, %d acked late' % (label, counts['errors'], counts['lost'], counts['late_acks']))
        bad += sum(counts.values()) + (not any(who == label for who, _ in rows))
    return 1 if bad else 0


sys.exit(main())
