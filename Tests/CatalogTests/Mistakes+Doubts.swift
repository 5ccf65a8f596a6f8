import Domain

@testable import Catalog

// What holds nothing back.
extension Mistake {
    private static let playbook = "playbooks/bug-fix/playbook.yaml"

    static let doubts: [Mistake] = [
        Mistake(.unused, "skill", "roles/reviewer.yaml", "  skillRefs: [careful-reading]\n", ""),
        Mistake(.idleRole, "reviewer", playbook, "assessedBy: [reviewer]", "roles: [developer]"),
        Mistake(
            .emptyStage,
            "release",
            playbook,
            "      gate:\n        approvers: [\"role:operator\"]\n        onReject: fail\n",
            ""
        ),
        Mistake(
            .looseLimit,
            "tasks",
            playbook,
            "  instructions: |",
            "  limits: {activeTasks: 3, activeTasksPerWorkItem: 1, parallelWorkItems: 2}\n  instructions: |"
        ),
        Mistake(
            .noRework,
            "zero",
            playbook,
            "  instructions: |",
            "  limits:\n    reworkPerTask: 0\n  instructions: |"
        ),
        Mistake(
            .requiredWithDefault,
            "issue",
            playbook,
            "      required: true\n",
            "      required: true\n      default: Nothing works.\n"
        ),
        Mistake(
            .writingAssessor,
            "engineer",
            "roles/reviewer.yaml",
            "shell_exec, submit_handoff",
            "shell_exec, git_commit, submit_handoff"
        ),
        Mistake(.unchangedVersion, "outcome") { configuration in
            let good = configuration.load().objects.filter { $0.object.kind == "Playbook" }
            for playbook in good { configuration.options.inForce[playbook.object.key] = playbook.object.spec }
            configuration.replace("A person lets it out.", "A person lets the fix out.", in: playbook)
        },
    ]
}
