import Domain
import Testing
import Threads

@testable import Embedded

@Suite(.timeLimit(.minutes(3))) struct RepositoriesTests {
    @Test func `an example folder becomes repositories, once`() async throws {
        try await TemporaryState.with { state in
            let example = try makeExample(state)
            let source = try await repositories(state).source(folder: example)
            #expect(source == state.installation.configurationRepository)
            let config = state.installation.configurationRepository
            #expect(try await git(config, "rev-parse", "--abbrev-ref", "HEAD") == "main")
            #expect(try await git(config, "status", "--porcelain") == "")
            #expect(try await git(config, "ls-files") == "playbooks/fix.yaml")
            #expect(FileSystem.text(config + "/playbooks/fix.yaml") == "kind: Playbook\n")
            let bare = state.installation.workspaceRepositories + "/calculator.git"
            #expect(try await git(bare, "rev-parse", "--is-bare-repository") == "true")
            #expect(
                try await git(bare, "ls-tree", "-r", "--name-only", "main") == ".gitignore\nadd.py\nbuilt.o"
            )
            #expect(FileSystem.entry(bare + "/index") == nil)
            #expect(FileSystem.entry(example + "/config/.git") == nil)

            let head = try await git(config, "rev-parse", "HEAD")
            try FileSystem.write(
                Array("changed\n".utf8),
                to: example + "/config/playbooks/fix.yaml",
                mode: 0o644
            )
            #expect(try await repositories(state).source(folder: example) == config)
            #expect(try await git(config, "rev-parse", "HEAD") == head)
            #expect(try await repositories(state).source(folder: nil) == config)
        }
    }

    @Test func `somebody without an identity can commit there, and somebody with one keeps it`() async throws
    {
        try await TemporaryState.with { state in
            let example = try makeExample(state)
            _ = try await repositories(state).source(folder: example)
            let config = state.installation.configurationRepository
            #expect(try await git(config, "config", "user.email") == "operator@localhost")
            try FileSystem.makeFolder(state.folder + "/home", mode: 0o755)
            let identity = "[user]\n\tname = Ada\n\temail = ada@example.org\n"
            try FileSystem.write(Array(identity.utf8), to: state.folder + "/home/.gitconfig", mode: 0o644)
            try FileSystem.move(config, to: config + ".old")
            _ = try await Repositories(
                installation: state.installation,
                environment: ["HOME": state.folder + "/home"],
                progress: { _ in }
            ).source(folder: example)
            await #expect(throws: (any Error).self) {
                try await git(config, "config", "--local", "user.email")
            }
        }
    }

    @Test func `what was interrupted is made again`() async throws {
        try await TemporaryState.with { state in
            let example = try makeExample(state)
            try FileSystem.makeFolder(
                state.installation.configurationRepository + ".partial/.git",
                mode: 0o755
            )
            _ = try await repositories(state).source(folder: example)
            let config = state.installation.configurationRepository
            #expect(try await git(config, "log", "--format=%s") == "Begin")
            #expect(FileSystem.entry(config + ".partial") == nil)
        }
    }

    @Test func `a git repository is taken as it is, also a bare one`() async throws {
        try await TemporaryState.with { state in
            for (name, option) in [("tree", "--quiet"), ("bare.git", "--bare")] {
                let folder = "\(state.folder)/\(name)"
                _ = try await git(state.folder, "init", option, folder)
                #expect(try await repositories(state).source(folder: folder) == folder)
            }
            #expect(FileSystem.entry(state.installation.configurationRepository) == nil)
        }
    }

    @Test func `a folder that is neither is refused with what to do`() async throws {
        try await TemporaryState.with { state in
            let folder = state.folder + "/empty"
            try FileSystem.makeFolder(folder, mode: 0o755)
            let failure = await #expect(throws: Failure.self) {
                try await repositories(state).source(folder: folder)
            }
            #expect(
                failure?.message
                    == "\(folder) is empty; give a git repository, or a folder with config/ and workspaces/ "
                    + "such as examples/first-light"
            )
            try FileSystem.write([], to: folder + "/notes.txt")
            let other = await #expect(throws: Failure.self) {
                try await repositories(state).source(folder: folder)
            }
            #expect(other?.message.contains("is no git repository and has no config/") == true)
            let none = await #expect(throws: Failure.self) {
                try await repositories(state).source(folder: state.folder + "/none")
            }
            #expect(none?.code == .notFound)
            #expect(try await repositories(state).source(folder: nil) == nil)
        }
    }

    private func makeExample(_ state: TemporaryState) throws -> String {
        let example = state.folder + "/example"
        for (path, content) in [
            ("config/playbooks/fix.yaml", "kind: Playbook\n"), ("workspaces/calculator/add.py", "print(1)\n"),
            ("workspaces/calculator/.gitignore", "*.o\n"), ("workspaces/calculator/built.o", "o"),
        ] {
            let file = "\(example)/\(path)"
            try FileSystem.makeFolder(
                String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)]),
                mode: 0o755
            )
            try FileSystem.write(Array(content.utf8), to: file, mode: 0o644)
        }
        // The folders that Repositories writes to are those of an opened state folder.
        try FileSystem.makeFolder(state.installation.workspaceRepositories, mode: 0o755)
        return example
    }

    private func repositories(_ state: TemporaryState) -> Repositories {
        Repositories(installation: state.installation, environment: [:], progress: { _ in })
    }

    private func git(_ folder: String, _ arguments: String...) async throws -> String {
        let command = Command(
            executable: "/usr/bin/git",
            arguments: ["-C", folder] + arguments,
            environment: ["HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"]
        )
        let output = try await ChildProcess(command).run(until: .after(.seconds(30)))
        guard output.succeeded else { throw Failure(.internal, lastLines(of: output.standardError)) }
        return String(decoding: output.standardOutput.dropLast(), as: UTF8.self)
    }
}
