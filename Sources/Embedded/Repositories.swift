internal import Domain
internal import Threads

/// The repositories of an installation, made once from an example folder.
struct Repositories: Sendable {
    let installation: Installation
    /// The environment of the person, whose own git identity is kept if there is one.
    let environment: [String: String]
    let progress: @Sendable (String) -> Void

    /// Where the configuration comes from: the folder itself when it is a git repository, else the repository
    /// made from its `config/`; nil when there is neither a folder nor a repository made earlier.
    ///
    /// - Throws: `Failure.invalid` for a folder that is neither, with what to do; `notFound` for none.
    func source(folder: String?) async throws -> String? {
        let made = FileSystem.entry(installation.configurationRepository) != nil
        guard let folder = folder.map(FileSystem.absolute) else {
            return made ? installation.configurationRepository : nil
        }
        guard FileSystem.entry(folder)?.isFolder == true else {
            throw Failure(.notFound, "There is no folder \(folder)")
        }
        if isRepository(folder) { return folder }
        guard FileSystem.entry(folder + "/config")?.isFolder == true else {
            let what =
                FileSystem.names(in: folder).isEmpty ? "is empty" : "is no git repository and has no config/"
            throw Failure(
                .invalid,
                "\(folder) \(what); give a git repository, or a folder with config/ and workspaces/ "
                    + "such as examples/first-light"
            )
        }
        try await make(from: folder)
        return installation.configurationRepository
    }

    private func isRepository(_ folder: String) -> Bool {
        if FileSystem.entry(folder + "/.git") != nil { return true }
        return FileSystem.entry(folder + "/HEAD") != nil
            && FileSystem.entry(folder + "/objects")?.isFolder == true
            && FileSystem.entry(folder + "/refs")?.isFolder == true
    }

    // The configuration comes last: when it is there, everything it refers to is there too.
    private func make(from folder: String) async throws {
        let workspaces = folder + "/workspaces"
        for name in FileSystem.names(in: workspaces)
        where FileSystem.entry("\(workspaces)/\(name)")?.isFolder == true {
            let bare = "\(installation.workspaceRepositories)/\(name).git"
            if FileSystem.entry(bare) != nil { continue }
            try await makeBare(bare, from: "\(workspaces)/\(name)")
            progress("made \(bare)")
        }
        let repository = installation.configurationRepository
        if FileSystem.entry(repository) != nil {
            progress("\(repository) is there already; \(folder) is not read again")
            return
        }
        try await makeWithWorkTree(repository, from: folder + "/config")
        progress("made \(repository): edit and commit there")
    }

    // Made beside its place and moved there as a whole, so that an interrupted one is never used.
    private func makeBare(_ path: String, from content: String) async throws {
        let partial = path + ".partial"
        try await remove(partial)
        try await git(["init", "--quiet", "--bare", "-b", "main", partial])
        try await commit(content, gitFolder: partial)
        try FileSystem.removeFile(partial + "/index")  // a bare repository has none
        try FileSystem.move(partial, to: path)
    }

    private func makeWithWorkTree(_ path: String, from content: String) async throws {
        let partial = path + ".partial"
        try await remove(partial)
        try await git(["init", "--quiet", "-b", "main", partial])
        try await commit(content, gitFolder: partial + "/.git")
        try await git(["-C", partial, "reset", "--quiet", "--hard", "main"])
        try await giveIdentity(partial)
        try FileSystem.move(partial, to: path)
    }

    private func commit(_ content: String, gitFolder: String) async throws {
        let place = ["--git-dir", gitFolder, "--work-tree", content]
        try await git(place + ["add", "--all", "--force", "."])
        try await git(
            place + ["commit", "--quiet", "--allow-empty", "--no-verify", "--no-gpg-sign", "-m", "Begin"]
        )
    }

    /// Lets somebody without a git identity commit; whoever has one commits under their own name.
    private func giveIdentity(_ repository: String) async throws {
        let question = Command(
            executable: "/usr/bin/git",
            arguments: ["-C", repository, "config", "user.email"],
            environment: environment.filter { ["HOME", "XDG_CONFIG_HOME"].contains($0.key) }
        )
        if try await ChildProcess(question).run(until: .after(.seconds(10))).succeeded { return }
        try await git(["-C", repository, "config", "user.name", "Agirunner operator"])
        try await git(["-C", repository, "config", "user.email", "operator@localhost"])
    }

    private func remove(_ path: String) async throws {
        try await run("/usr/bin/rm", ["-rf", path])
    }

    private func git(_ arguments: [String]) async throws {
        try await run(
            "/usr/bin/git",
            [
                "-c", "user.name=Agirunner", "-c", "user.email=agirunner@localhost", "-c",
                "core.hooksPath=/dev/null",
            ]
                + arguments
        )
    }

    // The person's own configuration is not read: templates, hooks and filters do not belong in here.
    private func run(_ executable: String, _ arguments: [String]) async throws {
        let command = Command(
            executable: executable,
            arguments: arguments,
            environment: [
                "PATH": "/usr/bin:/bin", "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_GLOBAL": "/dev/null",
                "HOME": "/nonexistent", "GIT_TERMINAL_PROMPT": "0",
            ],
            directory: "/"
        )
        let output = try await ChildProcess(command).run(until: .after(.seconds(120)))
        guard output.succeeded else {
            throw Failure(
                .internal,
                "\(([executable] + arguments).joined(separator: " ")) failed: "
                    + lastLines(of: output.standardError),
                outside: "\(output.status)"
            )
        }
    }
}
