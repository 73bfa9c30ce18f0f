/* The system's libpq, as Swift sees it. */
#ifndef WAMP_SIDECAR_CLIBPQ_H
#define WAMP_SIDECAR_CLIBPQ_H

#include <libpq-fe.h>

/* PG_DIAG_* are character constants behind macros, which Swift imports with the wrong type. */
static inline const char *wamp_sidecar_result_field(const PGresult *result, char field) {
    return PQresultErrorField(result, field);
}

#endif
