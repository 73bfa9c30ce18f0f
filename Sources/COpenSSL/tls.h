/* What TLS needs of OpenSSL 1.1.1 to 3.x and Swift cannot import: macros, and what differs between the versions. */
#ifndef WAMP_SIDECAR_COPENSSL_TLS_H
#define WAMP_SIDECAR_COPENSSL_TLS_H

#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* --- The error queue ------------------------------------------------------------------------------------------- */

/* Takes the oldest error; 0 if there is none. */
static inline unsigned long wamp_tls_take_error(void) {
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
    return ERR_get_error_all(NULL, NULL, NULL, NULL, NULL);
#else
    return ERR_get_error();
#endif
}

static inline int wamp_tls_error_library(unsigned long code) { return ERR_GET_LIB(code); }

static inline int wamp_tls_error_reason(unsigned long code) { return ERR_GET_REASON(code); }

static inline int wamp_tls_library_ssl(void) { return ERR_LIB_SSL; }

/* Above this an SSL reason is an alert of the peer. */
static inline int wamp_tls_alert_offset(void) { return SSL_AD_REASON_OFFSET; }

/* --- Contexts -------------------------------------------------------------------------------------------------- */

/* What holds for every context: no renegotiation, no compression, no session that outlives its connection. */
static inline void wamp_tls_harden(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

static inline int wamp_tls_set_minimum(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}

static inline int wamp_tls_set_maximum(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_max_proto_version(context, version);
}

/* The hash of a certificate that `tls-server-end-point` (RFC 5929) is: by its signature's hash function, SHA-256 in place of the broken
   ones. 0 if its signature has none of its own, or none that libpq of every version finds. */
static inline unsigned int wamp_tls_end_point(X509 *certificate, unsigned char *hash) {
    int digest = NID_undef, key = NID_undef;
    unsigned int length = 0;
    if (!OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, &key) || digest == NID_undef) return 0;
    if (digest == NID_md5 || digest == NID_sha1) digest = NID_sha256;
    const EVP_MD *algorithm = EVP_get_digestbynid(digest);
    if (algorithm == NULL || !X509_digest(certificate, algorithm, hash, &length)) return 0;
    return length;
}

static inline int wamp_tls_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

/* Only names in subjectAltName count, and a star stands for a whole label; any given certificate is an anchor if asked. */
static inline void wamp_tls_strict_names(SSL *ssl) {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
}

static inline void wamp_tls_trust_any_anchor(SSL_CTX *context) {
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
}

/* --- Connections ----------------------------------------------------------------------------------------------- */

static inline int wamp_tls_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline int wamp_tls_set_owner(SSL *ssl, void *owner) { return SSL_set_app_data(ssl, owner); }

/* What was set as the owner of the connection whose certificates are being verified. */
static inline void *wamp_tls_owner_of_verification(X509_STORE_CTX *store) {
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    return ssl ? SSL_get_app_data(ssl) : NULL;
}

/* --- BIO ------------------------------------------------------------------------------------------------------- */

static inline BIO_METHOD *wamp_tls_new_bio_method(void) {
    return BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wamp-sidecar bytes");
}

static inline void wamp_tls_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }

static inline void wamp_tls_retry_read(BIO *bio) { BIO_set_retry_read(bio); }

static inline long wamp_tls_is_flush(int command) { return command == BIO_CTRL_FLUSH; }

/* --- Certificates ---------------------------------------------------------------------------------------------- */

static inline int wamp_tls_name_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }

/* The octets of a DNS name or an address; NULL for other kinds. */
static inline const unsigned char *wamp_tls_name_at(const GENERAL_NAMES *names, int index, int *length, int *is_address) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    if (name == NULL) return NULL;
    const ASN1_STRING *text;
    if (name->type == GEN_DNS) {
        text = name->d.dNSName;
    } else if (name->type == GEN_IPADD) {
        text = name->d.iPAddress;
    } else {
        return NULL;
    }
    *is_address = name->type == GEN_IPADD;
    *length = ASN1_STRING_length(text);
    return ASN1_STRING_get0_data(text);
}

static inline GENERAL_NAMES *wamp_tls_names(const X509 *certificate) {
    return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}

static inline void wamp_tls_free_names(GENERAL_NAMES *names) { GENERAL_NAMES_free(names); }

/* Writes a name as one line, cut and ended with NUL: CN = x, O = y. Returns its length; 0 if it has none. */
static inline int wamp_tls_name_text(const X509_NAME *name, char *text, int size) {
    int length = 0;
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL) return 0;
    if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE) > 0) {
        length = BIO_read(bio, text, size - 1);
        if (length < 0) length = 0;
    }
    text[length] = 0;
    BIO_free(bio);
    return length;
}

#endif
