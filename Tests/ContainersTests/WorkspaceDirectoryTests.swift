import Containers
import Domain
import Foundation
import Testing

@Suite struct WorkspaceDirectoryTests {
    @Test func `bytes are read in slices and written as they are`() throws {
        try HostileTree.with { tree in
            let path = try WorkspacePath("data.bin", from: WorkspacePath("repo"))
            let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            try tree.directory.write(path, bytes)
            let all = try tree.directory.read(path, limit: 1 << 20)
            #expect(all.bytes == bytes && all.size == 100_000 && all.isAtEnd)
            let part = try tree.directory.read(path, offset: 99_990, limit: 5)
            #expect(part.bytes == Array(bytes[99_990..<99_995]) && !part.isAtEnd)
            let last = try tree.directory.read(path, offset: 99_995, limit: 50)
            #expect(last.bytes == Array(bytes.suffix(5)) && last.isAtEnd)
            let beyond = try tree.directory.read(path, offset: 200_000, limit: 50)
            #expect(beyond.bytes == [] && beyond.isAtEnd && beyond.size == 100_000)
            #expect(throws: Failure.self) { try tree.directory.read(path, offset: -1, limit: 5) }
        }
    }

    @Test func `paths mean the same however they are written`() throws {
        let repo = try WorkspacePath("repo")
        for text in ["a/b", "./a/b", "a//b", "a/./b/", "c/../a/b", "/workspace/repo/a/b", "../repo/a/b"] {
            #expect(try WorkspacePath(text, from: repo).text == "repo/a/b", "\(text)")
        }
        #expect(try WorkspacePath("../context/brief.md", from: repo).inside == "/workspace/context/brief.md")
        #expect(try WorkspacePath("/workspace") == .root && WorkspacePath.root.text == ".")
        #expect(try WorkspacePath("..", from: repo) == .root)
        #expect(try WorkspacePath("…/x y/\u{1F600}").parts == ["…", "x y", "\u{1F600}"])
    }

    @Test func `a link that stays in the workspace is read through and not written through`() throws {
        try HostileTree.with { tree in
            #expect(try tree.directory.read(WorkspacePath("to-file"), limit: 9).bytes == Array("file".utf8))
            #expect(
                try tree.directory.read(WorkspacePath("to-repo/file"), limit: 9).bytes == Array("file".utf8)
            )
            let refused = #expect(throws: Failure.self) {
                try tree.directory.write(WorkspacePath("to-file"), [1])
            }
            #expect(refused?.reason == "symbolic_link")
            try tree.directory.write(WorkspacePath("to-repo/other"), Array("new".utf8))
            #expect(try tree.directory.read(WorkspacePath("repo/other"), limit: 9).bytes == Array("new".utf8))
            try tree.directory.remove(WorkspacePath("to-repo"), recursively: true)
            #expect(try tree.directory.stat(WorkspacePath("repo/file")).size == 4)
        }
    }

    @Test func `a write replaces whole files, keeps permissions and leaves no part behind`() throws {
        try HostileTree.with { tree in
            let path = try WorkspacePath("made/in/between/run.sh")
            #expect(throws: Failure.self) { try tree.directory.write(path, [1], createParents: false) }
            try tree.directory.write(path, Array("one".utf8), mode: 0o4755)
            #expect(try tree.directory.stat(path).isExecutable)
            let onDisk = tree.workspace + "/made/in/between/run.sh"
            #expect(
                try FileManager.default.attributesOfItem(atPath: onDisk)[.posixPermissions] as? Int == 0o755
            )
            let reader = try #require(FileHandle(forReadingAtPath: onDisk))
            try tree.directory.write(path, Array("two, longer".utf8))
            #expect(try reader.readToEnd() == Data("one".utf8))
            #expect(
                try FileManager.default.attributesOfItem(atPath: onDisk)[.posixPermissions] as? Int == 0o755
            )
            #expect(try tree.directory.read(path, limit: 99).bytes == Array("two, longer".utf8))
            let names = try tree.directory.list(WorkspacePath("made"), depth: 9, limit: 99).entries.map(
                \.path
            )
            #expect(names == ["made/in", "made/in/between", "made/in/between/run.sh"])
        }
    }

    @Test func `new files and folders belong to the sandbox's user`() throws {
        let owner = Fixture.isRoot ? FileOwner(userID: 64_399, groupID: 64_399) : nil
        if !Fixture.isRoot { print("NOTE: not root: files stay ours") }
        try HostileTree.with { tree in
            let directory = try WorkspaceDirectory(opening: tree.workspace, owner: owner)
            try directory.write(WorkspacePath("repo/new/folder/file"), [1])
            try directory.write(WorkspacePath("repo/file"), [2])
            try directory.makeFolder(WorkspacePath("repo/more"))
            for path in ["repo/new", "repo/new/folder", "repo/new/folder/file", "repo/file", "repo/more"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: tree.workspace + "/" + path)
                #expect(attributes[.ownerAccountID] as? UInt32 == owner?.userID ?? geteuid(), "\(path)")
            }
        }
    }

    @Test func `a listing is sorted, bounded and says when it is not whole`() throws {
        try HostileTree.with { tree in
            for name in ["b", "a", "c", ".git"] {
                try tree.directory.makeFolder(WorkspacePath("list/\(name)/x"))
            }
            let path = try WorkspacePath("list")
            #expect(
                try tree.directory.list(path, limit: 9).entries.map(\.path)
                    == [".git", "a", "b", "c"].map { "list/\($0)" }
            )
            let deep = try tree.directory.list(path, depth: 2, limit: 99, skipping: [".git"])
            #expect(deep.isComplete)
            #expect(
                deep.entries.map(\.path) == [".git", "a", "a/x", "b", "b/x", "c", "c/x"].map { "list/\($0)" }
            )
            let cut = try tree.directory.list(path, depth: 2, limit: 3)
            #expect(cut.entries.count == 3 && !cut.isComplete)
            let link = try tree.directory.list(.root, limit: 99).entries.first { $0.path == "to-passwd" }
            #expect(link?.kind == .link && link?.target == "/etc/passwd")
            let refused = #expect(throws: Failure.self) {
                try tree.directory.list(WorkspacePath("repo/file"), limit: 9)
            }
            #expect(refused?.reason == "not_a_folder")
        }
    }

    @Test func `folders are removed when empty or when asked to go with their content`() throws {
        try HostileTree.with { tree in
            try tree.directory.write(WorkspacePath("full/a/b/c"), [1])
            let full = try WorkspacePath("full")
            let refused = #expect(throws: Failure.self) { try tree.directory.remove(full) }
            #expect(refused?.reason == "folder_not_empty")
            try tree.directory.remove(full, recursively: true)
            #expect(throws: Failure.self) { try tree.directory.stat(full) }
            let root = #expect(throws: Failure.self) { try tree.directory.remove(.root, recursively: true) }
            #expect(root?.reason == "workspace_root")
        }
    }

    @Test func `a workspace opened for reading refuses every change`() throws {
        try HostileTree.with { tree in
            let directory = try WorkspaceDirectory(opening: tree.workspace, isReadOnly: true)
            let path = try WorkspacePath("repo/file")
            for change in [
                { try directory.write(path, [1]) }, { try directory.remove(path) },
                { try directory.makeFolder(WorkspacePath("new")) },
            ] {
                let refused = #expect(throws: Failure.self) { try change() }
                #expect(refused?.reason == "read_only_workspace")
            }
            #expect(try directory.read(path, limit: 9).bytes == Array("file".utf8))
        }
    }

    @Test func `a workspace that is missing or a file is not opened`() throws {
        try HostileTree.with { tree in
            #expect(throws: Failure.self) { try WorkspaceDirectory(opening: tree.folder + "/none") }
            #expect(throws: Failure.self) { try WorkspaceDirectory(opening: tree.workspace + "/repo/file") }
        }
    }
}
