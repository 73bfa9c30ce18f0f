/* What Swift's Glibc module lacks: of epoll(7) the flags as plain integers and the packed union of its event, and some functions. */
#ifndef WAMP_SIDECAR_CEPOLL_H
#define WAMP_SIDECAR_CEPOLL_H

#include <stddef.h>
#include <stdint.h>

/* An epoll instance that children do not inherit; a negative errno on failure. */
int wamp_sidecar_epoll_create(void);

/* Arms `descriptor` for one report; `token` comes back with it. Returns 0, or the errno of the failure. */
int wamp_sidecar_epoll_add(int epoll, int descriptor, int writable, uint64_t token);
int wamp_sidecar_epoll_rearm(int epoll, int descriptor, int writable, uint64_t token);
int wamp_sidecar_epoll_remove(int epoll, int descriptor);

/* Waits without a time limit. Fills `tokens`, returns their count; a negative errno on failure. */
int wamp_sidecar_epoll_wait(int epoll, uint64_t *tokens, int capacity);

/* The system's words for an errno, thread-safe. Returns 0 if `text` holds them. */
int wamp_sidecar_error_text(int error, char *text, size_t capacity);

/* Names the calling thread, as seen in ps and top. */
void wamp_sidecar_name_thread(const char *name);

/* Memory in pieces of `size` octets and more goes back to the system as soon as it is free; of smaller pieces what is free at the end of
   the heap, once it is twice as much. */
void wamp_sidecar_return_memory(int size);

/* Pages of the program's and the libraries' code are no longer this process's, until it runs them the next time. */
void wamp_sidecar_return_code(void);

/* The commit that the binary was built from, "unknown" if the build was given none. */
const char *wamp_sidecar_commit(void);

#endif
