#define _GNU_SOURCE
#include "shim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static int answer(int result) { return result < 0 ? -errno : result; }

struct start {
    void (*body)(void *);
    void *context;
    char name[16];
};

static void *thread_main(void *argument) {
    struct start start = *(struct start *)argument;
    free(argument);
    pthread_setname_np(pthread_self(), start.name);
    start.body(start.context);
    return NULL;
}

// A new thread takes no signals: they belong to the program's own handlers, and a write to a closed pipe
// answers EPIPE here instead of ending the process.
int ag_thread_start(const char *name, void (*body)(void *), void *context) {
    struct start *start = malloc(sizeof *start);
    if (!start) return -ENOMEM;
    start->body = body;
    start->context = context;
    snprintf(start->name, sizeof start->name, "%s", name);
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_t attributes;
    pthread_t thread;
    int failed = pthread_attr_init(&attributes);
    if (failed) {
        free(start);
        return -failed;
    }
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&thread, &attributes, thread_main, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (failed) free(start);
    return -failed;
}

int ag_limit_arenas(int count) { return mallopt(M_ARENA_MAX, count) == 1 ? 0 : -EINVAL; }
void ag_release_free_memory(void) { malloc_trim(0); }

int ag_eventfd(void) { return answer(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

int ag_eventfd_signal(int fd) {
    uint64_t one = 1;
    return write(fd, &one, sizeof one) < 0 && errno != EAGAIN ? -errno : 0;
}

int ag_poll(struct pollfd *entries, size_t count, int timeout_ms) {
    return answer(poll(entries, count, timeout_ms));
}

int ag_open(const char *path, int flags, unsigned mode) {
    return answer(open(path, flags | O_CLOEXEC, mode));
}
int ag_open_read(const char *path) { return ag_open(path, O_RDONLY, 0); }
int ag_open_append(const char *path) { return ag_open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, 0600); }

int ag_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct { uint64_t flags, mode, resolve; } how = { flags | O_CLOEXEC, mode, resolve };
    return answer((int)syscall(SYS_openat2, directory, path, &how, sizeof how));
}

int ag_pipe(int ends[2]) { return answer(pipe2(ends, O_CLOEXEC)); }

int ag_set_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -errno : answer(fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

ssize_t ag_read(int fd, void *bytes, size_t count) {
    ssize_t done;
    do done = read(fd, bytes, count); while (done < 0 && errno == EINTR);
    return done < 0 ? -errno : done;
}

ssize_t ag_write(int fd, const void *bytes, size_t count) {
    ssize_t done;
    do done = write(fd, bytes, count); while (done < 0 && errno == EINTR);
    return done < 0 ? -errno : done;
}

// Takes what a non-blocking descriptor holds, at most 1 MiB, and says how much that was.
ssize_t ag_drain(int fd) {
    char bytes[8192];
    ssize_t total = 0;
    for (int round = 0; round < 128; round++) {
        ssize_t done = ag_read(fd, bytes, sizeof bytes);
        if (done == 0 || done == -EAGAIN) break;
        if (done < 0) return done;
        total += done;
    }
    return total;
}

int ag_close(int fd) { return answer(close(fd)); }

int ag_lock_exclusively(int fd) { return answer(flock(fd, LOCK_EX | LOCK_NB)); }
int ag_unlock(int fd) { return answer(flock(fd, LOCK_UN)); }
int ag_open_lock_file(const char *path) {
    return ag_open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY, 0600);
}

ssize_t ag_replace_content(int fd, const void *bytes, size_t count) {
    if (ftruncate(fd, 0) < 0) return -errno;
    ssize_t done = pwrite(fd, bytes, count, 0);
    return done < 0 ? -errno : done;
}

int ag_inotify(void) { return answer(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)); }

int ag_inotify_add(int fd, const char *path) {
    return answer(inotify_add_watch(
        fd, path,
        IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVE | IN_DELETE_SELF | IN_MOVE_SELF));
}

// The command name may hold spaces and parentheses, so the fields are counted from the last parenthesis.
int ag_process_state(pid_t pid, struct ag_process_state *state) {
    char path[32], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = ag_open_read(path);
    if (fd < 0) return fd == -ENOENT ? -ESRCH : fd;
    ssize_t length = ag_read(fd, text, sizeof text - 1);
    close(fd);
    if (length < 0) return (int)length;
    text[length] = 0;
    char *rest = strrchr(text, ')');
    unsigned long long start = 0;
    int parent, group, session;
    if (!rest
        || sscanf(
               rest + 1,
               " %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
               &state->state, &parent, &group, &session, &start) != 5)
        return -EBADMSG;
    state->parent = parent;
    state->group = group;
    state->session = session;
    state->start_time = start;
    return 0;
}

int ag_processes(pid_t *pids, size_t capacity) {
    DIR *directory = opendir("/proc");
    if (!directory) return -errno;
    size_t count = 0;
    for (struct dirent *entry; count < capacity && (entry = readdir(directory));) {
        char *end;
        long pid = strtol(entry->d_name, &end, 10);
        if (*end == 0 && pid > 0) pids[count++] = (pid_t)pid;
    }
    closedir(directory);
    return (int)count;
}

int ag_pidfd_open(pid_t pid) { return answer((int)syscall(SYS_pidfd_open, pid, 0)); }

int ag_pidfd_signal(int pidfd, int signal) {
    return answer((int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

int ag_kill_group(pid_t group, int signal) { return group > 1 ? answer(kill(-group, signal)) : -EINVAL; }

// 1: the child has ended; 0: it runs; -ECHILD: it is nobody's child here.
int ag_exit_of_child(int pidfd, int reap, struct ag_exit *result) {
    siginfo_t info = { 0 };
    int options = WEXITED | WNOHANG | (reap ? 0 : WNOWAIT);
    if (waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, options) < 0) return -errno;
    if (info.si_pid == 0) return 0;
    result->was_signalled = info.si_code != CLD_EXITED;
    result->value = info.si_status;
    return 1;
}

pid_t ag_own_pid(void) { return getpid(); }

static pid_t spawn_with(
    posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, const char *executable,
    char *const *argv, char *const *envp, const char *directory, const int sources[3]) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int failed = directory ? posix_spawn_file_actions_addchdir_np(actions, directory) : 0;
    for (int target = 0; target < 3 && !failed; target++)
        failed = posix_spawn_file_actions_adddup2(actions, sources[target], target);
    if (!failed) failed = posix_spawn_file_actions_addclosefrom_np(actions, 3);
    pid_t pid = 0;
    if (!failed) failed = posix_spawn(&pid, executable, actions, attributes, argv, envp);
    return failed ? -failed : pid;
}

// Starts a process as the leader of a session of its own, with default signals and no descriptor but its
// three.
pid_t ag_spawn_session(
    const char *executable, char *const *argv, char *const *envp, const char *directory, int in, int out,
    int err) {
    // Copies above 2: a source of 0, 1 or 2 could be overwritten by an earlier target.
    int given[3] = { in, out, err }, sources[3] = { -1, -1, -1 };
    pid_t result = 0;
    for (int index = 0; index < 3 && result == 0; index++) {
        sources[index] = fcntl(given[index], F_DUPFD_CLOEXEC, 3);
        if (sources[index] < 0) result = -errno;
    }
    if (result == 0) {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
        result = spawn_with(&actions, &attributes, executable, argv, envp, directory, sources);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
    }
    for (int index = 0; index < 3; index++)
        if (sources[index] >= 0) close(sources[index]);
    return result;
}
