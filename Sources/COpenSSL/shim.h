/* The system's OpenSSL, as Swift sees it. Macros that Swift cannot import become static inline functions here. */
#ifndef WAMP_SIDECAR_COPENSSL_H
#define WAMP_SIDECAR_COPENSSL_H

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "tls.h"

#endif
