/* What Cryptography needs of libcrypto and Swift cannot import, or only some versions (1.1.1 to 3.x) have. */
#ifndef WAMP_SIDECAR_COPENSSL_CRYPTOGRAPHY_H
#define WAMP_SIDECAR_COPENSSL_CRYPTOGRAPHY_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/opensslv.h>
#include <openssl/pem.h>

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
#include <openssl/kdf.h>
#include <openssl/params.h>
#endif

/* The number of a key's algorithm: a macro in some versions, a function in others. */
static inline int wamp_sidecar_key_algorithm(const EVP_PKEY *key) {
    return EVP_PKEY_base_id(key);
}

/* Its name, as "EC" or "rsaEncryption"; NULL if libcrypto has none. */
static inline const char *wamp_sidecar_key_algorithm_name(const EVP_PKEY *key) {
    return OBJ_nid2sn(EVP_PKEY_base_id(key));
}

/*
 * Argon2id (RFC 9106), version 1.3, one lane. Asks at run time whether libcrypto has it (from 3.2 on), so that a program
 * which was built with an older one makes use of it. Returns 1 if `key` holds the result, 0 on failure, -1 if there is no
 * Argon2id.
 */
static inline int wamp_sidecar_argon2id(
    const void *password, size_t password_count, const void *salt, size_t salt_count, uint32_t iterations,
    uint32_t memory, uint8_t *key, size_t key_count) {
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
    uint32_t lanes = 1;
    EVP_KDF *method = EVP_KDF_fetch(NULL, "ARGON2ID", NULL);
    if (method == NULL) {
        ERR_clear_error();
        return -1;
    }
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(method);
    EVP_KDF_free(method);
    if (context == NULL) {
        return 0;
    }
    /* Written out: the headers of 3.0 and 3.1 do not know the names. */
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string("pass", (void *)password, password_count),
        OSSL_PARAM_construct_octet_string("salt", (void *)salt, salt_count),
        OSSL_PARAM_construct_uint32("iter", &iterations),
        OSSL_PARAM_construct_uint32("memcost", &memory),
        OSSL_PARAM_construct_uint32("lanes", &lanes),
        OSSL_PARAM_construct_end(),
    };
    int isDone = EVP_KDF_derive(context, key, key_count, parameters) == 1;
    EVP_KDF_CTX_free(context);
    if (!isDone) {
        ERR_clear_error();
    }
    return isDone;
#else
    (void)password, (void)password_count, (void)salt, (void)salt_count, (void)iterations, (void)memory, (void)key;
    (void)key_count;
    return -1;
#endif
}

/* Whether libcrypto has Argon2id. */
static inline int wamp_sidecar_has_argon2id(void) {
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
    EVP_KDF *method = EVP_KDF_fetch(NULL, "ARGON2ID", NULL);
    ERR_clear_error();
    EVP_KDF_free(method);
    return method != NULL;
#else
    return 0;
#endif
}

#endif
