#include "CEpoll.h"

/* Package.swift takes it from the environment of the build. */
#ifndef WAMP_SIDECAR_COMMIT
#define WAMP_SIDECAR_COMMIT unknown
#endif

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

const char *wamp_sidecar_commit(void) {
    return TEXT(WAMP_SIDECAR_COMMIT);
}
