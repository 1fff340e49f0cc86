#!/usr/bin/python3
"""./dev bench ocean with tiny numbers: it runs, and its one line says what it measured. No figure is judged here."""
import os
import re
import subprocess
import sys

BUILD = os.environ.get('BUILD_DIR', 'build/dev')


class Sim:
    def __init__(self, droplets):
        self.process = subprocess.Popen([os.path.join(BUILD, 'sluice-sim'), '--listen', '127.0.0.1:0', '--exit-with-stdin',
                                         '--rate-hour', '0', '--droplets', str(droplets)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = self.process.stdout.readline().decode().split()[2]

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)
        self.process.stdout.close()


def main():
    small, more = Sim(650), Sim(900)
    try:
        got = subprocess.run([os.path.join(BUILD, 'tests', 'bench_ocean'), small.url, '650', '3', more.url, '900'],
                             capture_output=True, text=True, timeout=120)
    finally:
        small.end()
        more.end()
    if got.returncode != 0:
        print(got.stdout, got.stderr)
        return 1
    fields = dict(re.findall(r'(\w+)=(-?[\d.]+)', got.stdout))
    print(got.stdout.strip())
    wrong = [key for key in ('droplets', 'list_ms', 'requests', 'complete_us', 'more', 'more_kib') if key not in fields]
    if wrong or len(got.stdout.splitlines()) != 1:
        print('it does not say: %s' % ', '.join(wrong))
        return 1
    if int(fields['requests']) != 5 or float(fields['complete_us']) <= 0:  # four pages, and one of GPU droplets
        print('a list took %s requests' % fields['requests'])
        return 1
    return 0


sys.exit(main())
