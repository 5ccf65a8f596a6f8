import Glibc

/// Lets a person edit a text in their own editor, and answers what it holds then.
///
/// The editor is what `KUBE_EDITOR`, `VISUAL` or `EDITOR` says, else `vi`. It takes the terminal over, so
/// that it stays in this session, other than every process that works for us; there is no deadline either,
/// since a person may think as long as they like.
///
/// - Throws: `CommandFailure` when the editor cannot be run or says that it failed.
func editedText(at path: String) throws -> String {
    let environment = try CommandEnvironment.required()
    let names = ["KUBE_EDITOR", "VISUAL", "EDITOR"]
    let editor = names.compactMap { name in environment.variable(name) }.first { !$0.isEmpty } ?? "vi"
    // Ctrl-C belongs to the editor while it is there.
    let (interrupt, quit) = (signal(SIGINT, SIG_IGN), signal(SIGQUIT, SIG_IGN))
    defer {
        _ = signal(SIGINT, interrupt)
        _ = signal(SIGQUIT, quit)
    }
    // The variable may hold arguments, which only a shell can take apart.
    let words = ["/bin/sh", "-c", "\(editor) \"$1\"", "editor", path]
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe words.map { unsafe strdup($0) } + [nil]
    defer { for index in words.indices { unsafe free(arguments[index]) } }
    var attributes = posix_spawnattr_t()
    var defaults = sigset_t()
    _ = unsafe posix_spawnattr_init(&attributes)
    defer { _ = unsafe posix_spawnattr_destroy(&attributes) }
    _ = unsafe sigemptyset(&defaults)
    _ = unsafe sigaddset(&defaults, SIGINT)
    _ = unsafe sigaddset(&defaults, SIGQUIT)
    _ = unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
    _ = unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    var child: pid_t = 0
    guard unsafe posix_spawn(&child, "/bin/sh", nil, &attributes, &arguments, environ) == 0 else {
        throw CommandFailure("the editor '\(editor)' cannot be started")
    }
    var status: Int32 = 0
    while unsafe waitpid(child, &status, 0) < 0 {
        guard errno == EINTR else { throw CommandFailure("the editor '\(editor)' was lost") }
    }
    guard status == 0 else {
        throw CommandFailure(
            "the editor '\(editor)' failed; name another one with KUBE_EDITOR, VISUAL or EDITOR"
        )
    }
    return String(decoding: try readFile(path), as: UTF8.self)
}

/// Makes an empty file that only this user can read, in the folder for temporary files.
///
/// - Throws: `CommandFailure` when there is no room for one.
func temporaryFile(_ prefix: String, suffix: String) throws -> String {
    let folder = try CommandEnvironment.required().variable("TMPDIR").flatMap { $0.isEmpty ? nil : $0 }
    var template = Array("\(folder ?? "/tmp")/\(prefix)-XXXXXX\(suffix)".utf8CString)
    let descriptor = unsafe mkstemps(&template, Int32(suffix.utf8.count))
    guard descriptor >= 0 else {
        throw CommandFailure("no file can be made in \(folder ?? "/tmp"), the folder for temporary ones")
    }
    close(descriptor)
    return String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
