import Containers
import Domain
import Foundation
import Testing

@testable import Runtime

/// The tools on a real workspace, one call after another.
@Suite struct ToolTests {
    /// Opens a bench over a small repository, calls the body with a caller of tools, and closes it.
    private func withTools(
        _ change: (inout Value) -> Void = { _ in },
        _ body: (_ call: (String, Value) async throws -> ToolAnswer, _ folder: AttemptFolder) async throws ->
            Void
    ) async throws {
        try await Fixture.with { fixture in
            let contract = try fixture.contract(change)
            let folder = try AttemptFolder(below: fixture.attempts, attempt: contract.identity.attemptUID)
            let files = try WorkspaceDirectory(opening: folder.path)
            try files.write(try WorkspacePath("home/.gitconfig"), Array("[safe]\n\tdirectory = *\n".utf8))
            let workspace = try #require(contract.workspace)
            let mirror = try GitMirror(folder: folder, workspace: workspace, clock: .system)
            _ = try await mirror.fetchStart()
            try await mirror.checkOut()
            let log = TaskLog(clock: .system) { _ in }
            let bench = Workbench(contract: contract, engine: fixture.engine, folder: folder, log: log)
            let dispatcher = ToolDispatcher(
                toolbox: Toolbox(for: contract),
                context: ToolContext(contract: contract, workbench: bench, desk: HandoffDesk()),
                meter: Meter(price: nil),
                log: log,
                clock: .system
            )
            do {
                try await body(
                    {
                        try #require(
                            try await dispatcher.answer([ToolCall(id: "1", name: $0, input: $1)]).first
                        )
                    },
                    folder
                )
            } catch {
                await bench.close()
                throw error
            }
            await bench.close()
            try folder.remove()
        }
    }

    @Test func `file_read numbers lines, and reads on where it stopped`() async throws {
        try await withTools { call, folder in
            func write(_ name: String, _ bytes: [UInt8]) throws {
                try Data(bytes).write(to: URL(fileURLWithPath: folder.repository + "/" + name))
            }
            try write("lines.txt", Array((1...2500).map { "line \($0)\n" }.joined().utf8))
            try write("ends.txt", Array("a\r\nb\nlast".utf8))
            try write("empty.txt", [])
            try write("binary.bin", [1, 0, 2])
            try write("wide.txt", Array(repeating: 120, count: 600_000) + [10] + Array("next\n".utf8))
            let part = try await call("file_read", ["path": "lines.txt", "offset": 2, "limit": 2])
            #expect(
                part.text == "     2\tline 2\n     3\tline 3\n[lines 2 to 3 are shown and there are more: "
                    + "continue with offset 4]"
            )
            let whole = try await call("file_read", ["path": "lines.txt"])
            #expect(
                whole.text.hasSuffix(
                    "  2000\tline 2000\n[lines 1 to 2000 are shown and there are more: "
                        + "continue with offset 2001]"
                )
            )
            let rest = try await call("file_read", ["path": "lines.txt", "offset": 2001])
            #expect(rest.text.hasPrefix("  2001\t") && rest.text.hasSuffix("  2500\tline 2500\n"))
            #expect(
                try await call("file_read", ["path": "ends.txt"]).text
                    == "     1\ta\r\n     2\tb\n     3\tlast\n"
            )
            #expect(try await call("file_read", ["path": "empty.txt"]).text == "[`empty.txt` is empty]")
            #expect(
                try await call("file_read", ["path": "ends.txt", "offset": 9]).text
                    == "[`ends.txt` has only 3 lines]"
            )
            let wide = try await call("file_read", ["path": "wide.txt"])
            #expect(wide.text.utf8.count < 270_000 && wide.text.hasSuffix("continue with offset 2]"))
            for (path, words) in [
                ("binary.bin", "binary file of 3 bytes"), ("absent", "There is no"), (".", "is a folder"),
            ] {
                let answer = try await call("file_read", ["path": .string(path)])
                #expect(answer.isError && answer.text.contains(words), "\(answer.text)")
            }
            #expect(!(try await call("file_read", ["path": "/workspace/repo/calculator.py"])).isError)
        }
    }

    @Test func `no path leads out of the workspace`() async throws {
        try await withTools { call, folder in
            _ = try await call(
                "shell_exec",
                [
                    "command": """
                    ln -s /etc/passwd link; ln -s /etc etc; ln -s ../../../mirror up; mkfifo pipe
                    """
                ]
            )
            for path in [
                "/etc/passwd", "../../../etc/passwd", "link", "etc/passwd", "up/HEAD", "/proc/self/environ",
                "pipe",
                "/workspace/../home/.gitconfig", "a\0b",
            ] {
                for (tool, input) in [
                    ("file_read", ["path": .string(path)] as Value),
                    ("file_edit", ["path": .string(path), "old_text": "root", "new_text": "x"]),
                    ("file_write", ["path": .string(path), "content": "x"]),
                    ("file_list", ["path": .string(path)]),
                ] {
                    let answer = try await call(tool, input)
                    #expect(answer.isError, "\(tool) \(path): \(answer.text)")
                }
            }
            // The folder of the repository itself is swapped for a link.
            _ = try await call("shell_exec", ["command": "cd /workspace && mv repo was && ln -s /etc repo"])
            for (tool, input) in [
                ("file_read", ["path": "passwd"] as Value), ("file_write", ["path": "x", "content": "x"]),
                ("file_list", [:]),
            ] { #expect(try await call(tool, input).isError) }
            #expect(!FileManager.default.fileExists(atPath: "/etc/x"))
        }
    }

    @Test func `file_write makes folders, and keeps to the paths that may be written`() async throws {
        try await withTools { call, folder in
            #expect(
                try await call("file_write", ["path": "a/b/c.txt", "content": "ü"]).text
                    == "Wrote 2 bytes to `a/b/c.txt`."
            )
            let text = try String(contentsOfFile: folder.repository + "/a/b/c.txt", encoding: .utf8)
            #expect(text == "ü")
            // The sandbox's user owns it.
            #expect(!(try await call("shell_exec", ["command": "echo more >> a/b/c.txt"])).isError)
            for path in [".git/config", "/workspace/context/task.md", "."] {
                #expect(try await call("file_write", ["path": .string(path), "content": "x"]).isError)
            }
        }
        try await withTools({ $0["writablePaths"] = ["docs/", "*.md"] }) { call, _ in
            for (path, isAllowed) in [
                ("docs/a.txt", true), ("docs/x/y", true), ("README.md", true), ("docsx", false),
                ("a.py", false),
            ] {
                let answer = try await call("file_write", ["path": .string(path), "content": "x"])
                #expect(answer.isError == !isAllowed, "\(answer.text)")
            }
        }
    }

    @Test func `file_edit changes what stands there exactly once, or nothing`() async throws {
        try await withTools { call, folder in
            func edit(_ old: String, _ new: String, all: Bool = false) async throws -> ToolAnswer {
                try await call(
                    "file_edit",
                    [
                        "path": "x.txt", "old_text": .string(old), "new_text": .string(new),
                        "replace_all": .bool(all),
                    ]
                )
            }
            func content() throws -> String {
                try String(contentsOfFile: folder.repository + "/x.txt", encoding: .utf8)
            }
            _ = try await call("file_write", ["path": "x.txt", "content": "one\r\ntwo\none\n"])
            let twice = try await edit("one", "1")
            #expect(twice.isError && twice.text.contains("stands 2 times"))
            let absent = try await edit("three", "3")
            #expect(absent.isError && absent.text.contains("old_text not found"))
            #expect(try await edit("two", "two").isError)
            #expect(try content() == "one\r\ntwo\none\n")
            #expect(try await edit("one\r\n", "1\r\n").text == "Replaced one place in `x.txt`.")
            #expect(try await edit("o", "0", all: true).text == "Replaced 2 places in `x.txt`.")
            #expect(try content() == "1\r\ntw0\n0ne\n")
        }
    }

    @Test func `file_edit refuses what would fill the memory, and is not held up by what repeats`()
        async throws
    {
        try await withTools { call, folder in
            let text = String(repeating: "a", count: 1 << 20)
            _ = try await call("file_write", ["path": "x.txt", "content": .string(text)])
            func edit(_ old: String, _ new: String) async throws -> ToolAnswer {
                try await call(
                    "file_edit",
                    [
                        "path": "x.txt", "old_text": .string(old), "new_text": .string(new),
                        "replace_all": true,
                    ]
                )
            }
            let grown = try await edit("a", String(repeating: "b", count: 20))
            #expect(grown.isError && grown.text.contains("larger than 16 MiB"), "\(grown.text.prefix(100))")
            // Compared place by place this would take hours.
            let absent = try await edit(String(repeating: "a", count: 500_000) + "b", "x")
            #expect(absent.isError && absent.text.contains("not found"), "\(absent.text.prefix(100))")
            let long = try await edit("a", String(repeating: "b", count: (1 << 20) + 1))
            #expect(long.isError && long.text.contains("at most 1048576 characters"))
            let content = try String(contentsOfFile: folder.repository + "/x.txt", encoding: .utf8)
            #expect(content == text)
        }
    }

    @Test func `file_list shows folders and sizes`() async throws {
        try await withTools { call, _ in
            _ = try await call("shell_exec", ["command": "mkdir -p d/e && echo x > d/e/f && ln -s d/e/f l"])
            let top = try await call("file_list", [:])
            #expect(
                top.text == """
                    .git/
                    calculator.py\t40 bytes
                    d/
                    l -> d/e/f
                    test_calculator.py\t223 bytes
                    """
            )
            let deep = try await call("file_list", ["path": "d", "depth": 2])
            #expect(deep.text == "d/e/\nd/e/f\t2 bytes")
        }
    }

    @Test func `shell_exec answers code and output, shortened in the middle, and ends in time`() async throws
    {
        try await withTools { call, folder in
            let both = try await call("shell_exec", ["command": "echo out; echo err >&2; exit 3"])
            #expect(both.isError && both.text == "exit code: 3\nstdout:\nout\n\nstderr:\nerr\n")
            let long = try await call("shell_exec", ["command": "echo begin; seq 100000; echo end"])
            #expect(long.text.utf8.count < 26_000 && long.text.contains("bytes left out"))
            #expect(long.text.contains("stdout:\nbegin\n1\n") && long.text.hasSuffix("100000\nend\n"))
            let late = try await call("shell_exec", ["command": "sleep 30", "timeout": 1])
            #expect(late.isError && late.text.hasPrefix("killed after 1 s"))
            let clamped = try await call("shell_exec", ["command": "sleep 30", "timeout": 0])
            #expect(clamped.text.hasPrefix("killed after 1 s"))
            let place = try await call(
                "shell_exec",
                ["command": .string("pwd; id -u; ls \(folder.path) 2>&1"), "cwd": ".git"]
            )
            #expect(
                place.text.contains("/workspace/repo/.git\n1000\n") && place.text.contains("No such file")
            )
        }
        // The copy in which an assessor's command runs is gone after it, also when it is killed.
        try await withTools({ $0["identity"]?["purpose"] = "assessment" }) { call, folder in
            let attempt = folder.path.split(separator: "/").last ?? ""
            let temporary = folder.path + "/../../engine/sandboxes/\(attempt)/tmp"
            for command in ["pwd", "chmod 0 .; sleep 30"] {
                _ = try await call("shell_exec", ["command": .string(command), "timeout": 1])
                #expect(try FileManager.default.contentsOfDirectory(atPath: temporary) == ["home"])
            }
        }
        try await withTools({ $0["shell"] = ["allow": [], "deny": ["git push"]] }) { call, _ in
            let refused = try await call("shell_exec", ["command": "true && git push origin"])
            #expect(refused.isError && refused.text.contains("denies `git push`"))
        }
    }

    @Test func `grep finds lines, and a hostile pattern costs its own time alone`() async throws {
        try await withTools { call, _ in
            let found = try await call(
                "grep",
                ["pattern": "DIVIDE\\(", "ignore_case": true, "glob": "c*.py"]
            )
            #expect(found.text == "calculator.py:1:def divide(a, b):")
            #expect(try await call("grep", ["pattern": "nowhere to be found"]).text == "[nothing was found]")
            #expect(try await call("grep", ["pattern": "-e"]).isError == false)
            let broken = try await call("grep", ["pattern": "(("])
            #expect(broken.isError && broken.text.contains("grep"))
            _ = try await call("shell_exec", ["command": "seq 3000 > many.txt"])
            #expect(
                try await call("grep", ["pattern": "[0-9]", "path": "many.txt"]).text.hasSuffix(
                    "[2500 more lines; narrow the search]"
                )
            )
        }
    }

    @Test func `git_commit commits what changed by the workspace's author, and refuses when nothing did`()
        async throws
    {
        try await withTools { call, _ in
            let nothing = try await call("git_commit", ["message": "Nothing"])
            #expect(nothing.isError && nothing.text.contains("nothing to commit"))
            _ = try await call("file_write", ["path": "a.txt", "content": "a"])
            _ = try await call("file_write", ["path": "b.txt", "content": "b"])
            let one = try await call("git_commit", ["message": "Add a\n\nWhy.", "paths": ["a.txt"]])
            #expect(!one.isError && one.text.contains("Add a") && one.text.contains("1 file changed"))
            let status = try await call(
                "shell_exec",
                ["command": "git status --porcelain; git log -1 --format='%an %ae %cn %B'"]
            )
            #expect(status.text.contains("?? b.txt\nAgirunner agirunner@localhost Agirunner Add a\n\nWhy."))
            _ = try await call("file_write", ["path": "c.txt", "content": "c"])
            _ = try await call("shell_exec", ["command": "git add b.txt && git rm -q --cached a.txt"])
            let third = try await call("git_commit", ["message": "Add c", "paths": ["c.txt"]])
            #expect(!third.isError && third.text.contains("1 file changed"), "\(third.text)")
            let staged = try await call("shell_exec", ["command": "git diff --cached --name-status"])
            #expect(staged.text.contains("D\ta.txt\nA\tb.txt\n"), "\(staged.text)")
            let absent = try await call("git_commit", ["message": "x", "paths": ["absent"]])
            #expect(absent.isError && absent.text.contains("absent"))
            _ = try await call("shell_exec", ["command": "git checkout -q -b other"])
            let elsewhere = try await call("git_commit", ["message": "x"])
            #expect(elsewhere.isError && elsewhere.text.contains("agirunner/fix"))
        }
    }
}
