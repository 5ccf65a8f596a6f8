package import ArgumentParser

/// The verbs of the command line, for the program's root command.
package let commandVerbs: [any ParsableCommand.Type] = [
    Get.self, Describe.self, Events.self, Logs.self, Timeline.self, Wait.self, Validate.self, PlanVerb.self,
    Diff.self, Drift.self, History.self, Rollback.self, Rollout.self, Tree.self, Trace.self, Apply.self,
    Create.self,
    Delete.self, Edit.self, Patch.self, Label.self, Annotate.self, TransferVerb.self, Suspend.self,
    Approve.self, Reject.self, Secret.self,
    RequestChanges.self, Pause.self, Resume.self, Cancel.self, Retry.self, Answer.self, Init.self,
    Explain.self, APIResources.self, Schema.self, Reconcile.self,
]
