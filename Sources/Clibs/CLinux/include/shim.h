#ifndef AG_CLINUX_SHIM_H
#define AG_CLINUX_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Linux calls that Swift cannot say, or says only with a global errno. Every function that can fail answers
// a value >= 0, or the errno negated.

// Threads.
int ag_thread_start(const char *name, void (*body)(void *), void *context);

// Memory: how many heaps the C library keeps side by side, and giving back what is free in them.
int ag_limit_arenas(int count);
void ag_release_free_memory(void);

// Descriptors.
int ag_eventfd(void);
int ag_eventfd_signal(int fd);
int ag_poll(struct pollfd *entries, size_t count, int timeout_ms);
int ag_open(const char *path, int flags, unsigned mode);
int ag_open_read(const char *path);
int ag_open_append(const char *path);
int ag_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
int ag_pipe(int ends[2]);
int ag_set_nonblocking(int fd);
ssize_t ag_read(int fd, void *bytes, size_t count);
ssize_t ag_write(int fd, const void *bytes, size_t count);
ssize_t ag_drain(int fd);
int ag_close(int fd);

// Locks and watches of files.
int ag_lock_exclusively(int fd);
int ag_unlock(int fd);
int ag_open_lock_file(const char *path);
ssize_t ag_replace_content(int fd, const void *bytes, size_t count);
int ag_inotify(void);
int ag_inotify_add(int fd, const char *path);

// Processes.
struct ag_process_state {
    uint64_t start_time; // clock ticks after boot, field 22 of /proc/PID/stat
    pid_t parent;
    pid_t group;
    pid_t session;
    char state;          // R, S, D, T, Z, X
};
struct ag_exit {
    int was_signalled;
    int value;           // exit code or signal number
};
int ag_process_state(pid_t pid, struct ag_process_state *state);
int ag_processes(pid_t *pids, size_t capacity);
int ag_pidfd_open(pid_t pid);
int ag_pidfd_signal(int pidfd, int signal);
int ag_kill_group(pid_t group, int signal);
int ag_exit_of_child(int pidfd, int reap, struct ag_exit *result);
pid_t ag_own_pid(void);
pid_t ag_spawn_session(
    const char *executable, char *const *argv, char *const *envp, const char *directory, int in, int out,
    int err);

#endif
