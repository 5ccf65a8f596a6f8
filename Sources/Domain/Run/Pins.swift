/// The specs a run was started with; it follows them to its end, whatever is committed later.
package struct Pins: Sendable, Hashable, Codable {
    package var playbookName: String
    package var playbook: PlaybookSpec
    package var roles: [String: RoleSpec]
    package var skills: [String: SkillSpec]
    package var toolProfiles: [String: ToolProfileSpec]
    package var runtimeProfiles: [String: RuntimeProfileSpec]
    package var modelRoutes: [String: ModelRouteSpec]
    package var modelProviders: [String: ModelProviderSpec]
    /// The name of the route that roles without one use.
    package var defaultRoute: String?
    package var workspaceName: String?
    package var workspace: WorkspaceSpec?
    package var workflow: WorkflowSpec

    /// Pins of their parts.
    package init(
        playbookName: String,
        playbook: PlaybookSpec,
        roles: [String: RoleSpec],
        skills: [String: SkillSpec],
        toolProfiles: [String: ToolProfileSpec],
        runtimeProfiles: [String: RuntimeProfileSpec],
        modelRoutes: [String: ModelRouteSpec],
        modelProviders: [String: ModelProviderSpec],
        defaultRoute: String?,
        workspaceName: String?,
        workspace: WorkspaceSpec?,
        workflow: WorkflowSpec
    ) {
        self.playbookName = playbookName
        self.playbook = playbook
        self.roles = roles
        self.skills = skills
        self.toolProfiles = toolProfiles
        self.runtimeProfiles = runtimeProfiles
        self.modelRoutes = modelRoutes
        self.modelProviders = modelProviders
        self.defaultRoute = defaultRoute
        self.workspaceName = workspaceName
        self.workspace = workspace
        self.workflow = workflow
    }

    /// Everything the run follows, which stays while it has not ended; as `Kind/name`, sorted.
    package var uses: [String] {
        let kinds: [(String, [String])] = [
            ("Playbook", [playbookName]), ("Workspace", [workspaceName].compactMap(\.self)),
            ("SecretStore", [workspace?.secretRef?.store].compactMap(\.self)),
            ("Role", Array(roles.keys)), ("Skill", Array(skills.keys)),
            ("ToolProfile", Array(toolProfiles.keys)), ("RuntimeProfile", Array(runtimeProfiles.keys)),
            ("ModelRoute", Array(modelRoutes.keys)), ("ModelProvider", Array(modelProviders.keys)),
        ]
        return kinds.flatMap { kind, names in names.map { "\(kind)/\($0)" } }.sorted()
    }
}
