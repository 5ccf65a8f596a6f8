package import Domain

/// The stable code of a diagnostic; its letters are the group, and a number is never used twice.
package enum Code: String, Sendable, CaseIterable {
    case notUTF8 = "BYT001"
    case byteOrderMark = "BYT002"
    case controlCharacter = "BYT003"
    case tooLarge = "BYT004"
    case tooManyFiles = "BYT005"
    case tooManyDiagnostics = "BYT006"

    case syntax = "YML001"
    case notAMapping = "YML002"
    case duplicateKey = "YML003"
    case tag = "YML004"
    case anchor = "YML005"
    case alias = "YML006"
    case mergeKey = "YML007"
    case tooDeep = "YML008"
    case tooManyNodes = "YML009"
    case complexKey = "YML010"
    case severalDocuments = "YML011"

    case apiVersion = "ENV001"
    case unknownKind = "ENV002"
    case liveKind = "ENV003"
    case statusDeclared = "ENV004"
    case namespaceOnCluster = "ENV005"
    case declaredTwice = "ENV006"

    case unknownKey = "SCH001"
    case missingKey = "SCH002"
    case wrongType = "SCH003"
    case outOfRange = "SCH004"
    case malformed = "SCH005"
    case length = "SCH006"
    case unknownWord = "SCH007"
    case tooFew = "SCH008"
    case repeated = "SCH009"
    case notOneOf = "SCH010"

    case ambiguousScalar = "TXT001"

    case danglingReference = "REF001"
    case unknownDisplayName = "REF002"
    case foreignRole = "REF003"
    case notEarlierStage = "REF004"
    case unknownItem = "REF005"
    case cycle = "REF006"
    case heldBack = "REF007"
    case unused = "REF008"
    case sharedDisplayName = "REF009"
    case unknownStage = "REF010"

    case duplicateName = "SEM001"
    case screenplay = "SEM002"
    case ambiguousScene = "SEM003"
    case approver = "SEM004"
    case tooFewApprovers = "SEM005"
    case nowhereToReturn = "SEM006"
    case workspaceFields = "SEM007"
    case nothingToJudge = "SEM008"
    case contradiction = "SEM009"
    case twoDefaults = "SEM010"
    case idleRole = "SEM011"
    case emptyStage = "SEM012"
    case looseLimit = "SEM013"
    case noRework = "SEM014"
    case requiredWithDefault = "SEM015"
    case notActedOn = "SEM016"
    case twoFleets = "SEM017"
    case noSigners = "SEM018"
    case plannedRun = "SEM019"

    case unknownParameter = "RUN001"
    case missingParameter = "RUN002"
    case longParameter = "RUN003"
    case otherVersion = "RUN004"
    case noPrice = "RUN005"
    case looserLimit = "RUN006"

    case credential = "SEC001"
    case credentialInURL = "SEC002"
    case writingAssessor = "SEC003"

    case kindNotGranted = "POL001"
    case namespaceNotGranted = "POL002"
    case sourceAsWorkspace = "POL003"
    case ownershipConflict = "POL004"
    case unchangedVersion = "POL005"
    case unmatchedOverlay = "POL006"
    case policiesDisagree = "POL007"
    case immutable = "POL008"
    case deniedTool = "POL009"
    case imageNotAllowed = "POL010"
    case imageNotPinned = "POL011"
    case domainNotAllowed = "POL012"
    case aboveCap = "POL013"
    case unreadablePolicy = "POL014"
    case widenedRights = "POL015"

    case noManifest = "CAT001"
    case entryWithoutFile = "CAT002"
    case fileWithoutEntry = "CAT003"
    case catalogPath = "CAT004"
    case otherID = "CAT005"
    case category = "CAT006"
    case manifestDrift = "CAT007"
    case otherSlug = "CAT008"
    case frontmatter = "CAT009"
    case noReadme = "CAT010"
    case otherHeading = "CAT011"
    case otherInputs = "CAT012"
    case otherCopy = "CAT013"
    case withoutEffect = "CAT014"
    case reshaped = "CAT015"
}

extension Code {
    /// What a code means, in a few words.
    package var title: String { explained.title }

    /// How bad it is by itself; a warning holds nothing back.
    package var severity: Diagnostic.Severity {
        switch self {
        case .unused, .idleRole, .emptyStage, .looseLimit, .noRework, .requiredWithDefault, .writingAssessor,
            .unchangedVersion, .notActedOn, .noReadme, .otherHeading, .otherInputs, .otherCopy,
            .withoutEffect, .reshaped:
            .warning
        default: .error
        }
    }

    /// Why the rule exists and how to meet it, in whole sentences.
    package var explanation: String { explained.why }

    private var explained: (title: String, why: String) {
        switch rawValue.prefix(3) {
        case "BYT", "YML", "TXT": textExplained
        case "ENV", "SCH": shapeExplained
        case "REF": referenceExplained
        case "RUN", "SEC": runExplained
        case "POL": policyExplained
        case "CAT": catalogExplained
        default: meaningExplained
        }
    }
}

extension Code {
    private var textExplained: (title: String, why: String) {
        switch self {
        case .notUTF8: ("not UTF-8", "Files are UTF-8, so that everyone reads the same characters.")
        case .byteOrderMark:
            ("byte order mark", "A byte order mark is invisible and breaks tools; save the file without it.")
        case .controlCharacter:
            (
                "control character",
                "YAML forbids control characters; most come from copying out of a terminal."
            )
        case .tooLarge: ("file too large", "A file is at most 1 MiB; split it, several documents are fine.")
        case .tooManyFiles:
            ("too many files", "A source has at most 20,000 files; narrow its path, or split it.")
        case .tooManyDiagnostics:
            ("too many mistakes", "Only the first mistakes of a file are listed; mend them and look again.")
        case .syntax: ("not YAML", "The file cannot be read as YAML; a tab or a missing quote is often why.")
        case .duplicateKey:
            ("duplicate key", "Of two equal keys one would win silently; keep the one that is meant.")
        case .tag: ("tag", "Tags change how a value is read; the field's description already says that.")
        case .anchor: ("anchor", "Anchors make a file mean something other than what its lines say.")
        case .alias: ("alias", "Aliases can grow a small file without bound and hide what a line means.")
        case .mergeKey: ("merge key", "Merge keys left YAML in version 1.2; write the keys out.")
        case .tooDeep:
            ("nested too deeply", "No kind needs more than a few levels; the limit stops hostile files.")
        case .tooManyNodes: ("too many values", "The limit stops hostile files; split the file.")
        case .complexKey: ("key is not a text", "Keys of configuration are texts.")
        case .severalDocuments:
            ("several documents", "A file of a catalog is one document; the others would be passed over.")
        case .notAMapping:
            (
                "document is not a mapping",
                "Every document is one object: apiVersion, kind, metadata and spec."
            )
        default:
            (
                "text that YAML reads as something else",
                "YAML reads it as a number, a date, a truth value or null; quotes say that it is text."
            )
        }
    }

    private var shapeExplained: (title: String, why: String) {
        switch self {
        case .apiVersion: ("unknown apiVersion", "Every document starts with apiVersion: agirunner.dev/v1.")
        case .unknownKind: ("unknown kind", "The kind is none of those that can be declared.")
        case .liveKind:
            ("kind is not declared", "Controllers write objects of this kind; they can only be read.")
        case .statusDeclared: ("status is not declared", "Status says what is; a file says what should be.")
        case .namespaceOnCluster:
            ("namespace on a cluster-scoped kind", "Objects of this kind belong to no namespace.")
        case .declaredTwice:
            ("declared twice", "An object is declared in one place, so that one file decides.")
        case .unknownKey: ("unknown key", "A key that is ignored would look as if it worked.")
        case .missingKey: ("missing key", "The field has no default.")
        case .wrongType: ("wrong type", "The value is of another type than the field takes.")
        case .outOfRange:
            ("out of range", "A number, an amount of time or of elements is outside the range of the field.")
        case .malformed: ("malformed text", "The text does not have the form that the field takes.")
        case .length: ("too long or empty", "The text is empty or longer than the field takes.")
        case .unknownWord: ("unknown word", "The field takes one of a few words.")
        case .tooFew: ("too few elements", "The list needs more elements.")
        case .repeated: ("repeated element", "The elements of this list are different from each other.")
        default:
            ("one of several fields", "Exactly one of the fields must be there; they exclude each other.")
        }
    }

    private var referenceExplained: (title: String, why: String) {
        switch self {
        case .danglingReference:
            (
                "reference to nothing",
                "The object that is named is neither declared in the source nor stored already."
            )
        case .unknownDisplayName:
            (
                "no specialist of that name",
                "A catalog's playbook names its roles as the specialists in its specialist_ids are called."
            )
        case .sharedDisplayName:
            (
                "two specialists of one name",
                "Roles of a catalog are told apart by what they are called, so one playbook has each once."
            )
        case .foreignRole:
            (
                "role is not the playbook's",
                "Stages and work items use the roles listed in the playbook's spec.roles: one list tells all."
            )
        case .notEarlierStage:
            ("not an earlier stage", "Work can only be returned to a stage that came before.")
        case .unknownItem: ("unknown work item", "A work item depends on items of its own stage.")
        case .cycle:
            (
                "cycle",
                "What waits for itself can never start, and nothing is a part of itself; take one step away."
            )
        case .unknownStage:
            ("unknown stage", "Work comes into one of the stages of the playbook that its run follows.")
        case .unused:
            (
                "used by nothing",
                "Nothing names it, so it has no effect; a name was mistyped, or it can be removed."
            )
        default:
            (
                "held back",
                "An object this one depends on has an error; its last good version stays in force."
            )
        }
    }

    private var meaningExplained: (title: String, why: String) {
        switch self {
        case .duplicateName: ("name used twice", "Names within a list tell its elements apart.")
        case .screenplay:
            ("screenplay and type", "A scripted provider needs a screenplay and no other has one.")
        case .ambiguousScene:
            (
                "two scenes fit equally",
                "The most specific scene is played, so no two may be equally specific."
            )
        case .approver:
            (
                "malformed approver",
                "An approver is role:<access role> or a subject: user:, group:, key:, unix: or signer:."
            )
        case .tooFewApprovers: ("too few approvers", "More approvals are asked for than people could give.")
        case .nowhereToReturn:
            (
                "nowhere to return to",
                "A gate that returns work needs onChangesRequested.returnTo of its stage."
            )
        case .workspaceFields: ("fields of the workspace", "Each type of workspace has fields it needs.")
        case .nothingToJudge:
            ("nothing to judge", "Assessors judge what an earlier stage or their own delivered.")
        case .twoDefaults: ("two defaults", "A namespace has at most one default route.")
        case .idleRole:
            ("role without a part", "A role that no stage names is never asked for anything.")
        case .emptyStage:
            (
                "empty stage",
                "A stage without roles, assessors, work items and gate is over as soon as it begins."
            )
        case .looseLimit:
            ("limit without effect", "Other limits are tighter, so this one is never reached.")
        case .noRework:
            (
                "rework that is never allowed",
                "A stage may ask for changes, and the limit allows none of them to be worked."
            )
        case .requiredWithDefault:
            (
                "required, with a default",
                "The default stands in for what a run does not give, so the parameter is not required."
            )
        case .notActedOn:
            (
                "nothing acts on it yet",
                "The kind or the field is checked and kept, and so far it has no effect."
            )
        case .twoFleets: ("two fleets", "An installation has one Fleet, whose bounds hold for all.")
        case .noSigners:
            (
                "signatures of nobody",
                "Who verifies commits must say whose signatures count, or every commit would be refused."
            )
        case .plannedRun:
            ("work for a planned run", "Only a run of an ongoing playbook is given work that comes later.")
        default: ("contradiction", "Two fields contradict each other.")
        }
    }

    private var runExplained: (title: String, why: String) {
        switch self {
        case .unknownParameter: ("unknown parameter", "The playbook has no parameter of that name.")
        case .missingParameter:
            ("missing parameter", "The playbook requires the parameter and has no default.")
        case .longParameter: ("parameter too long", "The playbook limits the parameter's length.")
        case .otherVersion: ("other version", "The run names a version that the playbook does not have.")
        case .noPrice:
            (
                "limit in dollars without prices",
                "Spending can only be limited where the route's prices are known."
            )
        case .looserLimit:
            ("looser than the playbook", "A run may tighten the limits of its playbook and not loosen them.")
        case .credential:
            ("looks like a credential", "Secrets never stand in files; refer to them with secretRef.")
        case .credentialInURL:
            ("password in a URL", "Secrets never stand in files; refer to them with secretRef.")
        default:
            (
                "assessor that can commit",
                "Who judges a delivery should not be able to change it; take the git tools away."
            )
        }
    }
}
