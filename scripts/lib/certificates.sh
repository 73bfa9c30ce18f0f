#!/usr/bin/env bash
# Makes the certificates that the tests of TLS need, each wrong in one way, into a folder:
#
#   bash scripts/lib/certificates.sh FOLDER
#
# NAME.pem is a certificate, followed by those up to the authority, NAME.key its key. Each run makes all of
# them.
set -euo pipefail

cd "$1"
export OPENSSL_CONF=$PWD/ca.cnf
names="DNS:localhost,DNS:router.test,DNS:*.wild.test,IP:127.0.0.1,IP:::1"

cat >ca.cnf <<END
[req]
distinguished_name = name
prompt = no
[name]
[ca]
default_ca = authority
[authority]
database = $PWD/index
rand_serial = yes
new_certs_dir = $PWD
default_md = sha256
policy = anything
unique_subject = no
x509_extensions = server
[anything]
commonName = optional
organizationName = optional
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = $names
authorityKeyIdentifier = keyid
[client]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
[self-made]
basicConstraints = critical, CA:true
keyUsage = critical, digitalSignature, keyCertSign
subjectAltName = $names
[elsewhere]
subjectAltName = DNS:other.test,IP:192.0.2.1,IP:2001:db8::1,DNS:a.test,DNS:b.test,DNS:c.test,DNS:d.test,\
DNS:e.test,DNS:f.test,DNS:g.test
[nameless]
basicConstraints = critical, CA:false
END
: >index

key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

# request NAME SUBJECT: asks for a certificate with NAME's key, made unless it is there.
request() {
    [[ -f $1.key ]] || key "$1"
    openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
}

# sign NAME ISSUER EXTENSIONS [FROM UNTIL]
sign() {
    openssl ca -batch -notext -in "$1.csr" -out "$1.crt" -cert "$2.crt" -keyfile "$2.key" -extensions "$3" \
        -startdate "${4:-20200101000000Z}" -enddate "${5:-21000101000000Z}" 2>>log
}

# authority NAME SUBJECT [EXTENSIONS]: signs itself.
authority() {
    request "$1" "$2"
    openssl ca -batch -notext -selfsign -in "$1.csr" -out "$1.crt" -keyfile "$1.key" -extensions "${3:-root}" \
        -startdate 20200101000000Z -enddate 21000101000000Z 2>>log
    cp "$1.crt" "$1.pem"
}

# chain NAME ISSUER...: the certificate and those behind it.
chain() {
    local name=$1 part
    shift
    cp "$name.crt" "$name.pem"
    for part in "$@"; do cat "$part.crt" >>"$name.pem"; done
}

authority ca "/CN=Test Root/O=Tests"
authority strangers "/CN=Strangers' Root"
request intermediate "/CN=Test Intermediate/O=Tests"
sign intermediate ca root
chain intermediate
request stale "/CN=Stale Intermediate/O=Tests"
sign stale ca root 20200101000000Z 20200301120000Z
key server

server() {
    local name=$1 subject=$2
    [[ -f $name.key ]] || cp server.key "$name.key"
    request "$name" "$subject"
}

server server "/CN=router"
sign server intermediate server
chain server intermediate
server expired "/CN=router"
sign expired intermediate server 20200101000000Z 20200201123000Z
chain expired intermediate
server future "/CN=router"
sign future intermediate server 20900101000000Z 21000101000000Z
chain future intermediate
server elsewhere "/CN=elsewhere"
sign elsewhere intermediate elsewhere
chain elsewhere intermediate
server nameless "/CN=localhost"
sign nameless intermediate nameless
chain nameless intermediate
server under-stale "/CN=router"
sign under-stale stale server
chain under-stale stale
server strange "/CN=router"
sign strange strangers server
chain strange
server strange-with-root "/CN=router"
sign strange-with-root strangers server
chain strange-with-root strangers
cp server.key incomplete.key
cp server.crt incomplete.pem
server for-clients "/CN=router"
sign for-clients intermediate client
chain for-clients intermediate
authority self-signed "/CN=localhost" self-made

request client "/CN=sidecar"
sign client intermediate client
chain client intermediate
openssl pkcs8 -topk8 -in client.key -out client-encrypted.key -v2 aes-256-cbc -passout pass:key-password
openssl ec -in client.key -aes256 -out client-encrypted-old.key -passout pass:key-password 2>>log
request client-expired "/CN=sidecar"
sign client-expired intermediate client 20200101000000Z 20200201123000Z
chain client-expired intermediate
openssl genrsa -out weak.key 1024 2>>log
request weak "/CN=router"
sign weak intermediate server
chain weak intermediate
openssl x509 -in client.crt -outform DER -out client.der
