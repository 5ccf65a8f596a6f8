import Domain

@testable import Catalog

// What a piece of work asks of a run that cannot give it, and of the work that it is a part of.
extension Mistake {
    private static let playbook = "playbooks/bug-fix/playbook.yaml"

    private static let item = """
        apiVersion: agirunner.dev/v1
        kind: WorkItem
        metadata:
          name: small
        spec:
          workflowRef: fix-division
          stage: implement
          title: A piece of work
          goal: It is done.
          acceptance: One sees it.
          role: developer
          parentRef: large

        """

    private static let trigger = """
        apiVersion: agirunner.dev/v1
        kind: Trigger
        metadata:
          name: each-morning
        spec:
          source:
            schedule: {cron: 0 6 * * *}
          action:
            createWorkItem:
              workflowRef: fix-division
              stage: implement
              title: Look around
              goal: Everything was looked at.
              acceptance: There is a list.

        """

    /// The good configuration, whose playbook goes on for ever, with a piece of work, or what makes one, in
    /// which a text is replaced; what that is a part of is stored.
    private static func intake(
        _ code: Code,
        _ name: String,
        _ old: String,
        _ new: String,
        of object: String = item,
        _ change: @escaping @Sendable (inout Configuration) -> Void = { _ in }
    ) -> Mistake {
        Mistake(code, name) { configuration in
            configuration.replace("  outcome:", "  lifecycle: ongoing\n  outcome:", in: playbook)
            configuration.existing("WorkItem", "default", "large")
            configuration.append(object, to: "work.yaml")
            configuration.replace(old, new, in: "work.yaml")
            change(&configuration)
        }
    }

    static let intake: [Mistake] = [
        intake(.danglingReference, "work-run", "workflowRef: fix-division", "workflowRef: fix-divison"),
        intake(.danglingReference, "work-parent", "parentRef: large", "parentRef: larg"),
        intake(.unknownStage, "work", "stage: implement", "stage: implment"),
        intake(.unknownStage, "trigger", "stage: implement", "stage: build", of: trigger),
        intake(.foreignRole, "work", "role: developer", "role: develper"),
        intake(.plannedRun, "work", "title: A piece", "title: Another piece") {
            $0.replace("lifecycle: ongoing", "lifecycle: planned", in: playbook)
        },
        intake(.plannedRun, "trigger", "title: Look around", "title: Look out", of: trigger) {
            $0.replace("  lifecycle: ongoing\n", "", in: playbook)
        },
        intake(.cycle, "work-itself", "parentRef: large", "parentRef: small"),
        intake(.cycle, "stored", "title: A piece", "title: Another piece") {
            let stored: Value = ["parentRef": "small"]
            $0.options.existing[ObjectKey("WorkItem", namespace: "default", name: "large")] = stored
        },
    ]
}
