/// Everything one attempt needs and nothing else; a runtime gets it with its claim.
package struct Contract: Sendable, Hashable, Codable {
    /// Who the attempt is.
    package struct Identity: Sendable, Hashable, Codable {
        package var namespace: String
        package var workflow: String
        package var workflowUID: UID
        package var workItem: String
        package var stage: String
        package var task: String
        package var taskUID: UID
        package var attempt: String
        package var attemptUID: UID
        package var attemptNumber: Int
        package var role: String
        package var purpose: TaskPurpose
        /// The revision of the task, or of its subject for an assessment.
        package var revision: Int

        /// An identity of its parts.
        package init(task: TaskRecord, attempt: AttemptRecord) {
            namespace = task.namespace
            workflow = task.workflow
            workflowUID = task.workflowUID
            workItem = task.workItem
            stage = task.stage
            self.task = task.name
            taskUID = task.uid
            self.attempt = attempt.name
            attemptUID = attempt.uid
            attemptNumber = attempt.number
            role = task.role
            purpose = task.purpose
            revision = task.subject?.revision ?? attempt.revision
        }
    }

    /// What an earlier agent handed over.
    package struct Predecessor: Sendable, Hashable, Codable {
        package var stage: String
        package var role: String
        package var revision: Int
        package var handoff: Value

        /// A predecessor of its parts.
        package init(stage: String, role: String, revision: Int, handoff: Value) {
            self.stage = stage
            self.role = role
            self.revision = revision
            self.handoff = handoff
        }
    }

    /// A text that lies ready in the workspace.
    package struct Document: Sendable, Hashable, Codable {
        /// Below `/workspace`, such as `context/skills/review.md`.
        package var path: String
        package var text: String

        /// A document of its parts.
        package init(path: String, text: String) {
            self.path = path
            self.text = text
        }
    }

    package struct Model: Sendable, Hashable, Codable {
        package var route: String
        package var model: String
        package var provider: ModelProviderSpec
        package var contextWindow: Int
        package var maxOutput: Int
        package var price: ModelRouteSpec.Price?

        /// A model of its parts.
        package init(
            route: String,
            model: String,
            provider: ModelProviderSpec,
            contextWindow: Int,
            maxOutput: Int,
            price: ModelRouteSpec.Price?
        ) {
            self.route = route
            self.model = model
            self.provider = provider
            self.contextWindow = contextWindow
            self.maxOutput = maxOutput
            self.price = price
        }
    }

    package struct Workspace: Sendable, Hashable, Codable {
        package var name: String
        package var spec: WorkspaceSpec
        /// The branch the run's work goes to: `agirunner/<workflow>`.
        package var branch: String
        /// The run's recorded head, nil before the first push: then work starts at the spec's branch.
        package var head: CommitID?
        /// Commits that lost attempts announced; the remote's branch may stand at one of them.
        package var abandoned: [CommitID]

        /// A workspace of its parts.
        package init(
            name: String,
            spec: WorkspaceSpec,
            branch: String,
            head: CommitID?,
            abandoned: [CommitID]
        ) {
            self.name = name
            self.spec = spec
            self.branch = branch
            self.head = head
            self.abandoned = abandoned
        }
    }

    package struct Limits: Sendable, Hashable, Codable {
        package var iterations: Int
        package var modelRetries: Int
        package var tokens: Int64?
        package var cost: USD?
        package var timeoutMilliseconds: Int64

        /// Limits of their parts.
        package init(
            iterations: Int,
            modelRetries: Int,
            tokens: Int64?,
            cost: USD?,
            timeoutMilliseconds: Int64
        ) {
            self.iterations = iterations
            self.modelRetries = modelRetries
            self.tokens = tokens
            self.cost = cost
            self.timeoutMilliseconds = timeoutMilliseconds
        }
    }

    package var identity: Identity
    /// The system prompt: playbook instructions, role prompt, skills.
    package var instructions: String
    /// The task: goal, guidance, acceptance, parameters, feedback.
    package var brief: String
    package var predecessors: [Predecessor]
    package var documents: [Document]
    /// Names of the tools the role may call; those that write or publish are left out where only reading is
    /// allowed.
    package var tools: [String]
    package var shell: ToolProfileSpec.Shell
    package var writablePaths: [String]
    package var model: Model
    package var limits: Limits
    package var sandbox: RuntimeProfileSpec
    package var workspace: Workspace?
    /// Keys that `role_data` must carry.
    package var requiredHandoff: [String]

    /// A contract of its parts.
    package init(
        identity: Identity,
        instructions: String,
        brief: String,
        predecessors: [Predecessor],
        documents: [Document],
        tools: [String],
        shell: ToolProfileSpec.Shell,
        writablePaths: [String],
        model: Model,
        limits: Limits,
        sandbox: RuntimeProfileSpec,
        workspace: Workspace?,
        requiredHandoff: [String]
    ) {
        self.identity = identity
        self.instructions = instructions
        self.brief = brief
        self.predecessors = predecessors
        self.documents = documents
        self.tools = tools
        self.shell = shell
        self.writablePaths = writablePaths
        self.model = model
        self.limits = limits
        self.sandbox = sandbox
        self.workspace = workspace
        self.requiredHandoff = requiredHandoff
    }

    /// Whether the workspace stays as it is, whatever tools and their shell do: since it is judged, or since
    /// it is declared so.
    package var isReadOnly: Bool { identity.purpose == .assessment || workspace?.spec.readOnly == true }
}
