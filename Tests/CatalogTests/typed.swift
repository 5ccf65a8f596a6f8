import Domain
import Testing

/// A spec that was decoded into the type of its kind and encoded again.
func typed(_ spec: Value, kind: String) throws -> Value {
    switch kind {
    case "AccessBinding": try Value(encoding: spec.decode(AccessBindingSpec.self))
    case "Decision": try Value(encoding: spec.decode(DecisionSpec.self))
    case "Fleet": try Value(encoding: spec.decode(FleetSpec.self))
    case "GitSource": try Value(encoding: spec.decode(GitSourceSpec.self))
    case "McpServer": try Value(encoding: spec.decode(McpServerSpec.self))
    case "ModelProvider": try Value(encoding: spec.decode(ModelProviderSpec.self))
    case "ModelRoute": try Value(encoding: spec.decode(ModelRouteSpec.self))
    case "Notifier": try Value(encoding: spec.decode(NotifierSpec.self))
    case "Playbook": try Value(encoding: spec.decode(PlaybookSpec.self))
    case "Policy": try Value(encoding: spec.decode(PolicySpec.self))
    case "Role": try Value(encoding: spec.decode(RoleSpec.self))
    case "RuntimePool": try Value(encoding: spec.decode(RuntimePoolSpec.self))
    case "RuntimeProfile": try Value(encoding: spec.decode(RuntimeProfileSpec.self))
    case "SecretStore": try Value(encoding: spec.decode(SecretStoreSpec.self))
    case "Skill": try Value(encoding: spec.decode(SkillSpec.self))
    case "ToolProfile": try Value(encoding: spec.decode(ToolProfileSpec.self))
    case "Trigger": try Value(encoding: spec.decode(TriggerSpec.self))
    case "WorkItem": try Value(encoding: spec.decode(WorkItemSpec.self))
    case "Workflow": try Value(encoding: spec.decode(WorkflowSpec.self))
    case "Workspace": try Value(encoding: spec.decode(WorkspaceSpec.self))
    default: try #require(nil as Value?, "\(kind) must have a typed spec")
    }
}
