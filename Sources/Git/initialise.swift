internal import CGit2
package import Domain
internal import Glibc

/// Starts libgit2 for this process; call it in `main`, so that a failure is seen at the start.
///
/// Calling it again changes nothing; everything that opens a repository calls it as well. It is never undone:
/// libgit2 must live as long as any handle.
/// - Throws: `Failure` when libgit2 refuses an option.
package func initialise() throws(Failure) {
    try initialised.get()
}

/// Lazy constants are made once, whichever thread comes first, which the global options of libgit2 need.
private let initialised: Result<Void, Failure> = Result { () throws(Failure) in
    try check(git_libgit2_init(), "git_libgit2_init")
    // What a repository means must not depend on who runs the program: no system or user configuration.
    let levels = [
        GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL,
    ]
    for level in levels {
        try check(unsafe ag_git_set_search_path(level.rawValue, ""), "GIT_OPT_SET_SEARCH_PATH")
    }
    // The owner check protects a person who walks into somebody's folder from the hooks and filters that its
    // configuration starts. We read refs and objects only, start nothing, and read only paths that a
    // GitSource names; such a repository often belongs to its author and not to the user of this program.
    try check(ag_git_set_owner_validation(0), "GIT_OPT_SET_OWNER_VALIDATION")
    // A mirror must survive a loss of power once its ref has been written.
    try check(ag_git_set_fsync(1), "GIT_OPT_ENABLE_FSYNC_GITDIR")
    try check(ag_git_accept_extensions(), "GIT_OPT_SET_EXTENSIONS")
    if let authorities = authorityFiles.first(where: { unsafe access($0, R_OK) == 0 }) {
        try check(unsafe ag_git_set_authorities(authorities), "GIT_OPT_SET_SSL_CERT_LOCATIONS")
    }
}

/// Where distributions keep the authorities they trust: Debian and Alpine, Fedora, SUSE.
///
/// libgit2's own TLS library has no default.
private let authorityFiles = [
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
]
