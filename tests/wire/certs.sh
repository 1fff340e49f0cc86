#!/bin/sh
# certs.sh DIR - a certificate authority for the wire tests, made fresh: ca.crt, other-ca.crt, good (localhost,
# 127.0.0.1) and wrong (another name), both signed by ca
set -eu
mkdir -p "$1"
cd "$1"
[ -f done ] && exit 0
ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$1" \
		-keyout "$1.key" -out "$1.crt" 2>/dev/null
}
leaf() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2>/dev/null
	printf 'subjectAltName=%s\n' "$2" >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile "$1.ext" -out "$1.crt" 2>/dev/null
}
ca ca
ca other-ca
leaf good DNS:localhost,IP:127.0.0.1
leaf wrong DNS:wrong.example
touch done
