#define _GNU_SOURCE
#include "CEpoll.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>

enum { batch = 64 };

int wamp_sidecar_epoll_create(void) {
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    return epoll < 0 ? -errno : epoll;
}

static int control(int epoll, int operation, int descriptor, int writable, uint64_t token) {
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT | (writable ? EPOLLOUT : 0),
        .data.u64 = token,
    };
    return epoll_ctl(epoll, operation, descriptor, &event) == 0 ? 0 : errno;
}

int wamp_sidecar_epoll_add(int epoll, int descriptor, int writable, uint64_t token) {
    return control(epoll, EPOLL_CTL_ADD, descriptor, writable, token);
}

int wamp_sidecar_epoll_rearm(int epoll, int descriptor, int writable, uint64_t token) {
    return control(epoll, EPOLL_CTL_MOD, descriptor, writable, token);
}

int wamp_sidecar_epoll_remove(int epoll, int descriptor) {
    return control(epoll, EPOLL_CTL_DEL, descriptor, 0, 0);
}

int wamp_sidecar_epoll_wait(int epoll, uint64_t *tokens, int capacity) {
    struct epoll_event events[batch];
    int count = epoll_wait(epoll, events, capacity < batch ? capacity : batch, -1);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int index = 0; index < count; index++) tokens[index] = events[index].data.u64;
    return count;
}

void wamp_sidecar_name_thread(const char *name) {
    (void)pthread_setname_np(pthread_self(), name);
}

int wamp_sidecar_error_text(int error, char *text, size_t capacity) {
    const char *words = strerror_r(error, text, capacity);
    if (words != text && strlen(words) < capacity) strcpy(text, words);
    return strlen(words) < capacity ? 0 : ERANGE;
}
