#ifndef AG_CLINUX_OPENAT2_H
#define AG_CLINUX_OPENAT2_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef O_PATH
#define O_PATH 010000000 // fcntl.h shows it with _GNU_SOURCE alone, which an importer may lack
#endif

// Files beneath an open folder, never through a path of the whole machine. Every function that can fail
// answers a value >= 0, or the errno negated.

static const uint64_t ag_resolve_beneath = RESOLVE_BENEATH;
static const uint64_t ag_resolve_no_magic_links = RESOLVE_NO_MAGICLINKS;
static const uint64_t ag_resolve_no_links = RESOLVE_NO_SYMLINKS;
static const uint64_t ag_resolve_no_mounts = RESOLVE_NO_XDEV;
static const int ag_open_path = O_PATH;

struct ag_file {
    int64_t size; // bytes
    uint64_t links;
    uint32_t mode, user, group; // mode with the type in its high bits
};

static inline int ag_file_from(int result, const struct stat *from, struct ag_file *file) {
    if (result < 0) return -errno;
    *file = (struct ag_file){
        from->st_size, from->st_nlink, from->st_mode, from->st_uid, from->st_gid
    };
    return 0;
}

static inline int ag_stat(int fd, struct ag_file *file) {
    struct stat found;
    return ag_file_from(fstat(fd, &found), &found, file);
}

static inline int ag_stat_at(int directory, const char *name, struct ag_file *file) {
    struct stat found;
    return ag_file_from(fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW), &found, file);
}

static inline int ag_result(ssize_t result) { return result < 0 ? -errno : (int)result; }

static inline int ag_make_directory(int directory, const char *name, uint32_t mode) {
    return ag_result(mkdirat(directory, name, mode));
}

static inline int ag_unlink_at(int directory, const char *name, int is_directory) {
    return ag_result(unlinkat(directory, name, is_directory ? AT_REMOVEDIR : 0));
}

static inline int ag_rename_at(int from, const char *name, int to, const char *new_name) {
    return ag_result(renameat(from, name, to, new_name));
}

static inline int ag_read_link_at(int directory, const char *name, char *target, size_t capacity) {
    return ag_result(readlinkat(directory, name, target, capacity));
}

static inline int ag_set_owner(int fd, uint32_t user, uint32_t group) {
    return ag_result(fchown(fd, user, group));
}

static inline int ag_set_owner_at(int directory, const char *name, uint32_t user, uint32_t group) {
    return ag_result(fchownat(directory, name, user, group, AT_SYMLINK_NOFOLLOW));
}

static inline int ag_set_mode(int fd, uint32_t mode) { return ag_result(fchmod(fd, mode)); }

// Gives a folder's owner back the right to enter it. fchmodat follows links, so the folder is pinned first.
static inline int ag_unlock_directory_at(int directory, const char *name) {
    int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -errno;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int result = ag_result(chmod(path, 0700));
    close(fd);
    return result;
}

// Opens for reading what an O_PATH descriptor has pinned.
static inline int ag_reopen(int fd, int flags) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return ag_result(open(path, flags | O_CLOEXEC));
}

static inline ssize_t ag_read_at(int fd, void *bytes, size_t count, int64_t offset) {
    ssize_t done;
    do done = pread(fd, bytes, count, offset); while (done < 0 && errno == EINTR);
    return done < 0 ? -errno : done;
}

// A listing of its own for an open folder; NULL when it cannot be read. Ends with ag_end_listing.
static inline DIR *ag_list(int directory) {
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return NULL;
    DIR *listing = fdopendir(fd);
    if (!listing) close(fd);
    return listing;
}

// The length of the next name, which never is `.` or `..`; 0 at the end. The name ends with a NUL.
static inline int ag_next_name(DIR *listing, char name[256]) {
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(listing);
        if (!entry) return -errno;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        size_t length = strlen(entry->d_name);
        memcpy(name, entry->d_name, length + 1);
        return (int)length;
    }
}

static inline void ag_end_listing(DIR *listing) { closedir(listing); }

static inline uint32_t ag_effective_user(void) { return geteuid(); }

#endif
