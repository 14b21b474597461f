/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library to preload (LD_PRELOAD) that makes chosen calls of a program fail.
 *
 *   FAULT_CALL   the call: malloc (with calloc and realloc), read (with pread), write, open, fsync,
 *                name (link, rename, unlink), close, fcntl, ftruncate, fchmod, recv, send,
 *                socket (with socketpair), connect, getrandom, pthread_create, or a function of
 *                libpq: PQconnectdbParams, PQsendQuery, PQsendQueryParams, PQprepare,
 *                PQgetCopyData, PQputCopyData, PQputCopyEnd, PQgetResult
 *   FAULT_AT     the number of the call that fails, counted over all threads from main on
 *   FAULT_PROGRAM  the only program in which calls fail and are counted (default: all)
 *   FAULT_MARK   a file that is created when the fault occurs, and says where
 *   FAULT_COUNT  a file that is written at the end with the number of such calls
 *   FAULT_TRACE  if set, a crash prints where it was (sanitizers do so themselves)
 *   FAULT_HOW    "fail" (default): the call fails with the error below; "short": every read and
 *                write, and their like, does less than it was asked to; "interrupt": every
 *                second call fails with EINTR; the latter two whatever FAULT_AT says
 *
 * Functions of libpq do not fail themselves: their connection is cut, which libpq then notices.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* These may be macros in the headers. */
#undef read
#undef recv

typedef enum How { HOW_FAIL, HOW_SHORT, HOW_INTERRUPT } How;

static const char *chosen_call = "";
static long chosen_number;
static How how;
static const char *mark;
static atomic_bool armed; /* main runs */
static atomic_long count;
static atomic_bool marked;
static _Thread_local bool inside; /* in libpq, whose own calls of libpq do not count */

/* The function of that name without this library. */
#define REAL(name)                                                                                 \
    static __typeof__(name) *real;                                                                 \
    if (real == NULL) {                                                                            \
        real = (__typeof__(real))dlsym(RTLD_NEXT, #name);                                          \
    }

/* Creates a file without calls that are counted. */
static int create_file(const char *path)
{
    return (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static void write_file(const char *path, const char *text)
{
    int fd = create_file(path);

    if (fd >= 0) {
        syscall(SYS_write, fd, text, strlen(text));
        syscall(SYS_close, fd);
    }
}

/* Writes a backtrace. */
static void write_place(int fd)
{
    void *places[32];

    backtrace_symbols_fd(places, backtrace(places, 32), fd);
}

static void strike(void)
{
    bool before = false;
    int fd;

    if (mark == NULL || !atomic_compare_exchange_strong(&marked, &before, true)) {
        return;
    }
    fd = create_file(mark);
    if (fd >= 0) {
        write_place(fd);
        syscall(SYS_close, fd);
    }
}

static bool is_chosen(const char *call)
{
    return atomic_load(&armed) && strcmp(call, chosen_call) == 0;
}

/* Counts a call; true if it is to fail. */
static bool must_fail(const char *call)
{
    if (how != HOW_FAIL || !is_chosen(call) || atomic_fetch_add(&count, 1) + 1 != chosen_number) {
        return false;
    }
    strike();
    return true;
}

static bool must_interrupt(const char *call)
{
    if (how != HOW_INTERRUPT || !is_chosen(call) || atomic_fetch_add(&count, 1) % 2 != 0) {
        return false;
    }
    strike();
    return true;
}

/* How many of `size` bytes the call may process: varying, at least one. */
static size_t allowed(const char *call, size_t size)
{
    if (how != HOW_SHORT || !is_chosen(call) || size < 2) {
        return size;
    }
    strike();
    return 1 + (size_t)(atomic_fetch_add(&count, 1) * 7919) % (size - 1);
}

/* Prints where a crash was: it may be in a library. */
static void tell_crash(int signal_number)
{
    atomic_store(&armed, false);
    write_place(STDERR_FILENO);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

/* The calls of a program count from its main on. */

static int (*real_main)(int, char **, char **);

/* Programs run by the chosen one inherit the library. */
static bool is_chosen_program(void)
{
    const char *program = getenv("FAULT_PROGRAM");

    return program == NULL || strcmp(program, program_invocation_short_name) == 0;
}

static int main_with_faults(int argc, char **argv, char **environment)
{
    const char *number = getenv("FAULT_AT");
    const char *manner = getenv("FAULT_HOW");
    const char *call = getenv("FAULT_CALL");
    int code;

    if (!is_chosen_program()) {
        return real_main(argc, argv, environment);
    }
    mark = getenv("FAULT_MARK");
    chosen_call = call == NULL ? "" : call;
    chosen_number = number == NULL ? 0 : strtol(number, NULL, 10);
    if (manner != NULL && strcmp(manner, "short") == 0) {
        how = HOW_SHORT;
    } else if (manner != NULL && strcmp(manner, "interrupt") == 0) {
        how = HOW_INTERRUPT;
    }
    /* The first call loads a library, which must not happen in a crash. */
    backtrace(&(void *){NULL}, 1);
    if (getenv("FAULT_TRACE") != NULL) {
        signal(SIGSEGV, tell_crash);
        signal(SIGABRT, tell_crash);
    }
    atomic_store(&armed, call != NULL);
    code = real_main(argc, argv, environment);
    atomic_store(&armed, false);
    if (getenv("FAULT_COUNT") != NULL) {
        char text[24];

        snprintf(text, sizeof text, "%ld\n", atomic_load(&count));
        write_file(getenv("FAULT_COUNT"), text);
    }
    return code;
}

int __libc_start_main(int (*function)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void), void (*loader_fini)(void),
                      void *stack_end);

int __libc_start_main(int (*function)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void), void (*loader_fini)(void),
                      void *stack_end)
{
    REAL(__libc_start_main)
    real_main = function;
    return real(main_with_faults, argc, argv, init, fini, loader_fini, stack_end);
}

/* Memory. */

void *malloc(size_t size)
{
    REAL(malloc)
    if (must_fail("malloc")) {
        errno = ENOMEM;
        return NULL;
    }
    return real(size);
}

void *calloc(size_t number, size_t size)
{
    REAL(calloc)
    if (must_fail("malloc")) {
        errno = ENOMEM;
        return NULL;
    }
    return real(number, size);
}

void *realloc(void *memory, size_t size)
{
    REAL(realloc)
    if (must_fail("malloc")) {
        errno = ENOMEM;
        return NULL;
    }
    return real(memory, size);
}

/* Files. */

#define FAIL_OR_GO_ON(call, code)                                                                  \
    do {                                                                                           \
        if (must_fail(call)) {                                                                     \
            errno = (code);                                                                        \
            return -1;                                                                             \
        }                                                                                          \
        if (must_interrupt(call)) {                                                                \
            errno = EINTR;                                                                         \
            return -1;                                                                             \
        }                                                                                          \
    } while (0)

ssize_t read(int fd, void *data, size_t size)
{
    REAL(read)
    FAIL_OR_GO_ON("read", EIO);
    return real(fd, data, allowed("read", size));
}

/* read() if the compiler knows the buffer's size. */
ssize_t __read_chk(int fd, void *data, size_t size, size_t room);

ssize_t __read_chk(int fd, void *data, size_t size, size_t room)
{
    REAL(__read_chk)
    FAIL_OR_GO_ON("read", EIO);
    return real(fd, data, allowed("read", size), room);
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
    REAL(pread)
    FAIL_OR_GO_ON("read", EIO);
    return real(fd, data, allowed("read", size), offset);
}

ssize_t __pread_chk(int fd, void *data, size_t size, off_t offset, size_t room);

ssize_t __pread_chk(int fd, void *data, size_t size, off_t offset, size_t room)
{
    REAL(__pread_chk)
    FAIL_OR_GO_ON("read", EIO);
    return real(fd, data, allowed("read", size), offset, room);
}

ssize_t write(int fd, const void *data, size_t size)
{
    REAL(write)
    FAIL_OR_GO_ON("write", ENOSPC);
    return real(fd, data, allowed("write", size));
}

int open(const char *path, int flags, ...)
{
    REAL(open)
    va_list arguments;
    mode_t mode;

    va_start(arguments, flags);
    mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    FAIL_OR_GO_ON("open", EMFILE);
    return real(path, flags, mode);
}

int fsync(int fd)
{
    REAL(fsync)
    FAIL_OR_GO_ON("fsync", EIO);
    return real(fd);
}

int link(const char *from, const char *to)
{
    REAL(link)
    FAIL_OR_GO_ON("name", EPERM);
    return real(from, to);
}

int rename(const char *from, const char *to)
{
    REAL(rename)
    FAIL_OR_GO_ON("name", ENOSPC);
    return real(from, to);
}

int unlink(const char *path)
{
    REAL(unlink)
    FAIL_OR_GO_ON("name", EIO);
    return real(path);
}

/* Like a full disk that is noticed late: the descriptor is closed nevertheless. */
int close(int fd)
{
    REAL(close)
    int code = real(fd);

    if (must_fail("close")) {
        errno = EIO;
        return -1;
    }
    return code;
}

int fcntl(int fd, int command, ...)
{
    REAL(fcntl)
    va_list arguments;
    void *argument;

    va_start(arguments, command);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    FAIL_OR_GO_ON("fcntl", EINVAL);
    return real(fd, command, argument);
}

int fcntl64(int fd, int command, ...)
{
    REAL(fcntl64)
    va_list arguments;
    void *argument;

    va_start(arguments, command);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    FAIL_OR_GO_ON("fcntl", EINVAL);
    return real(fd, command, argument);
}

int ftruncate(int fd, off_t size)
{
    REAL(ftruncate)
    FAIL_OR_GO_ON("ftruncate", EIO);
    return real(fd, size);
}

int fchmod(int fd, mode_t mode)
{
    REAL(fchmod)
    FAIL_OR_GO_ON("fchmod", EPERM);
    return real(fd, mode);
}

/* The network.  A connection that was reset stays unusable. */

static bool must_reset(const char *call, int fd)
{
    bool reset = must_fail(call);

    if (reset) {
        shutdown(fd, SHUT_RDWR);
        errno = ECONNRESET;
    }
    return reset;
}

ssize_t recv(int fd, void *data, size_t size, int flags)
{
    REAL(recv)
    if (must_reset("recv", fd)) {
        return -1;
    }
    if (must_interrupt("recv")) {
        errno = EINTR;
        return -1;
    }
    return real(fd, data, allowed("recv", size), flags);
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
    REAL(send)
    if (must_reset("send", fd)) {
        return -1;
    }
    if (must_interrupt("send")) {
        errno = EINTR;
        return -1;
    }
    return real(fd, data, allowed("send", size), flags);
}

int socket(int domain, int type, int protocol)
{
    REAL(socket)
    FAIL_OR_GO_ON("socket", EMFILE);
    return real(domain, type, protocol);
}

int socketpair(int domain, int type, int protocol, int fds[2])
{
    REAL(socketpair)
    FAIL_OR_GO_ON("socket", EMFILE);
    return real(domain, type, protocol, fds);
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
    REAL(connect)
    FAIL_OR_GO_ON("connect", ECONNREFUSED);
    return real(fd, address, size);
}

/* Random numbers. */

ssize_t getrandom(void *data, size_t size, unsigned flags)
{
    REAL(getrandom)
    FAIL_OR_GO_ON("getrandom", ENOSYS);
    return real(data, size, flags);
}

/* Threads. */

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
                   void *(*function)(void *), void *restrict argument)
{
    REAL(pthread_create)
    if (must_fail("pthread_create")) {
        return EAGAIN;
    }
    return real(thread, attributes, function, argument);
}

/* libpq. */

/* Cuts the connection if this call is to fail.  Only outermost calls count. */
static bool enter(const char *call, const PGconn *connection)
{
    if (inside) {
        return false;
    }
    inside = true;
    if (must_fail(call) && connection != NULL) {
        shutdown(PQsocket(connection), SHUT_RDWR);
    }
    return true;
}

static void leave(bool entered)
{
    if (entered) {
        inside = false;
    }
}

#define PASS_ON(type, name, connection, arguments)                                                 \
    do {                                                                                           \
        REAL(name)                                                                                 \
        bool entered = enter(#name, connection);                                                   \
        type result = real arguments;                                                              \
        leave(entered);                                                                            \
        return result;                                                                             \
    } while (0)

PGconn *PQconnectdbParams(const char *const *keywords, const char *const *values, int expand)
{
    static const char *const HOST[] = {"host", NULL};
    static const char *const NOWHERE[] = {"/nonexistent", NULL};
    REAL(PQconnectdbParams)
    bool fail = must_fail("PQconnectdbParams");

    return real(fail ? HOST : keywords, fail ? NOWHERE : values, expand);
}

int PQsendQuery(PGconn *connection, const char *sql)
{
    PASS_ON(int, PQsendQuery, connection, (connection, sql));
}

int PQsendQueryParams(PGconn *connection, const char *sql, int number, const Oid *types,
                      const char *const *values, const int *lengths, const int *formats, int format)
{
    PASS_ON(int, PQsendQueryParams, connection,
            (connection, sql, number, types, values, lengths, formats, format));
}

PGresult *PQprepare(PGconn *connection, const char *name, const char *sql, int number,
                    const Oid *types)
{
    PASS_ON(PGresult *, PQprepare, connection, (connection, name, sql, number, types));
}

int PQgetCopyData(PGconn *connection, char **data, int asynchronous)
{
    PASS_ON(int, PQgetCopyData, connection, (connection, data, asynchronous));
}

int PQputCopyData(PGconn *connection, const char *data, int size)
{
    PASS_ON(int, PQputCopyData, connection, (connection, data, size));
}

int PQputCopyEnd(PGconn *connection, const char *message)
{
    PASS_ON(int, PQputCopyEnd, connection, (connection, message));
}

PGresult *PQgetResult(PGconn *connection)
{
    PASS_ON(PGresult *, PQgetResult, connection, (connection));
}
