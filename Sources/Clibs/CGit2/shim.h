#ifndef AG_CGIT2_SHIM_H
#define AG_CGIT2_SHIM_H

#include <git2.h>

// git_libgit2_opts is variadic, which Swift cannot call: one function for each option that is used.

static inline int ag_git_set_search_path(int level, const char *path) {
    return git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, path);
}

static inline int ag_git_set_owner_validation(int enabled) {
    return git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, enabled);
}

static inline int ag_git_set_fsync(int enabled) {
    return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, enabled);
}

static inline int ag_git_set_authorities(const char *file) {
    return git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, file, (const char *)NULL);
}

// Both change how git writes a repository, not how its refs and objects are read.
static inline int ag_git_accept_extensions(void) {
    const char *names[] = { "preciousobjects", "worktreeconfig" };
    return git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, names, (size_t)2);
}

#endif
