internal import Containers
internal import Domain

extension Tool {
    /// Commits changes on the branch of the run.
    static let gitCommit = Tool(
        name: "git_commit",
        summary: "Commits all changes of the repository, or those of the given paths, with a message.",
        schema: objectSchema(
            [
                "message": textSchema("What is changed, and why.", maxLength: 10_000, minLength: 1),
                "paths": [
                    "type": "array", "description": "Only these paths, relative to the repository.",
                    "items": ["type": "string", "minLength": 1], "maxItems": 1000,
                ],
            ],
            required: ["message"]
        ),
        effect: .write,
        owner: .sandbox,
        timeout: .seconds(90),
        outputLimit: 8 << 10
    ) { input, context in
        guard let workspace = context.contract.workspace, workspace.spec.type == .git else {
            throw ToolRefusal("This task has no git workspace")
        }
        let paths = try (input["paths"]?.array ?? []).compactMap(\.string).map {
            try repositoryPath($0).shown
        }
        let author = workspace.author
        let script = """
            head=$(git symbolic-ref -q --short HEAD)
            [ "$head" = "$BRANCH" ] || { echo "HEAD is not on $BRANCH: git checkout $BRANCH" >&2; exit 3; }
            [ $# = 0 ] || set -- -- "$@"
            git add -A "$@" || exit 1
            git diff --cached --quiet "$@" && { echo "There is nothing to commit" >&2; exit 3; }
            git commit --quiet --no-gpg-sign -F - "$@" || exit 1
            git log -1 --format='%H %s' --shortstat
            """
        let result = try await context.workbench.run(
            ExecRequest(
                ["/bin/sh", "-c", script, "sh"] + paths,
                environment: [
                    "BRANCH": workspace.branch, "GIT_AUTHOR_NAME": author.name,
                    "GIT_AUTHOR_EMAIL": author.email,
                    "GIT_COMMITTER_NAME": author.name, "GIT_COMMITTER_EMAIL": author.email,
                ],
                standardInput: Array((input["message"]?.string ?? "").utf8),
                timeout: .seconds(60),
                outputLimit: 8 << 10
            )
        )
        guard result.succeeded else { throw ToolRefusal(result.refusal) }
        return ToolOutput("Committed \(result.standardOutput.text)")
    }
}

extension Contract.Workspace {
    /// Who commits.
    var author: (name: String, email: String) {
        (spec.identity?.name ?? "Agirunner", spec.identity?.email ?? "agirunner@localhost")
    }
}

extension ExecResult {
    /// What went wrong, in the command's own words.
    fileprivate var refusal: String {
        let words = standardError.text + standardOutput.text
        return words.isEmpty
            ? "git failed with code \(exitCode)\(timedOut ? ": the time was over" : "")" : words
    }
}
