package import Domain
package import Workflows

/// One commit as Catalog read it.
package struct LoadedRevision: Sendable {
    package var commit: CommitID
    package var author: String
    package var message: String
    package var declared: [Declared]
    package var diagnostics: [Diagnostic]
    /// The first diagnostic of each object an error holds back.
    package var heldBack: [ObjectKey: Diagnostic]
    /// In what it differs from the commit that was loaded before it; nil when that is not known.
    package var changes: LoadedChanges?

    /// A revision of its parts.
    package init(
        commit: CommitID,
        author: String,
        message: String,
        declared: [Declared],
        diagnostics: [Diagnostic],
        heldBack: [ObjectKey: Diagnostic],
        changes: LoadedChanges? = nil
    ) {
        self.commit = commit
        self.author = author
        self.message = message
        self.declared = declared
        self.diagnostics = diagnostics
        self.heldBack = heldBack
        self.changes = changes
    }
}

/// In what one commit differs from another; nothing is wrong with either.
package struct LoadedChanges: Sendable {
    package var base: CommitID
    /// Objects that are new or not the same.
    package var put: [Declared]
    /// Keys of objects that are declared no more.
    package var removed: [ObjectKey]

    /// Changes of their parts.
    package init(base: CommitID, put: [Declared], removed: [ObjectKey]) {
        self.base = base
        self.put = put
        self.removed = removed
    }
}

/// What the controllers need of the declared objects.
package struct ObjectPorts: Sendable {
    package var stored: @Sendable (ObjectKey) async throws -> Stored?
    /// Those of some objects that exist.
    package var storedAmong: @Sendable ([ObjectKey]) async throws -> [Stored]
    /// The objects of a source without their specs, and without a status where they are ready.
    package var ofSource: @Sendable (_ source: String) async throws -> [Stored]
    /// The commit of the source's newest revision, when that was wholly applied.
    package var newestApplied: @Sendable (_ source: String) async throws -> CommitID?
    /// The objects of a kind, in one namespace or in all.
    package var ofKind: @Sendable (_ kind: String, _ namespace: String?) async throws -> [Stored]
    package var apply: @Sendable (RevisionWrite, ClaimedKey) async throws -> Void
    /// Computes a status inside the transaction; an equal status is not written.
    package var setStatus:
        @Sendable (ObjectKey, ClaimedKey?, PlainEvent?, @escaping @Sendable (Stored, Timestamp) -> Value?)
            async throws
            -> Void
    /// Writes an event that goes with no status.
    package var record: @Sendable (PlainEvent) async throws -> Void
    /// The clocks of a time zone from some time ago until now.
    package var clock: @Sendable (_ timeZone: String, _ back: Duration) async throws -> ZoneClock
    /// Has an object looked at as soon as may be, for a person.
    package var mark: @Sendable (ObjectKey) async throws -> Void
    /// Those of some objects that unfinished runs use, each with the name of one such run.
    package var inUse: @Sendable ([ObjectKey]) async throws -> [ObjectKey: String]
    /// Those of some objects that runs have and nobody declares, each with the name of its run.
    package var live: @Sendable ([ObjectKey]) async throws -> [ObjectKey: String]
    package var digest: @Sendable ([UInt8]) -> Digest

    /// Ports of their closures.
    package init(
        stored: @escaping @Sendable (ObjectKey) async throws -> Stored?,
        storedAmong: @escaping @Sendable ([ObjectKey]) async throws -> [Stored],
        ofSource: @escaping @Sendable (String) async throws -> [Stored],
        newestApplied: @escaping @Sendable (String) async throws -> CommitID?,
        ofKind: @escaping @Sendable (String, String?) async throws -> [Stored],
        apply: @escaping @Sendable (RevisionWrite, ClaimedKey) async throws -> Void,
        setStatus:
            @escaping @Sendable (
                ObjectKey, ClaimedKey?, PlainEvent?, @escaping @Sendable (Stored, Timestamp) -> Value?
            ) async throws -> Void,
        record: @escaping @Sendable (PlainEvent) async throws -> Void,
        clock: @escaping @Sendable (String, Duration) async throws -> ZoneClock,
        mark: @escaping @Sendable (ObjectKey) async throws -> Void,
        inUse: @escaping @Sendable ([ObjectKey]) async throws -> [ObjectKey: String],
        live: @escaping @Sendable ([ObjectKey]) async throws -> [ObjectKey: String],
        digest: @escaping @Sendable ([UInt8]) -> Digest
    ) {
        self.stored = stored
        self.storedAmong = storedAmong
        self.ofSource = ofSource
        self.newestApplied = newestApplied
        self.ofKind = ofKind
        self.apply = apply
        self.setStatus = setStatus
        self.record = record
        self.clock = clock
        self.mark = mark
        self.inUse = inUse
        self.live = live
        self.digest = digest
    }
}

/// What the source controller needs of git and of the file format.
package struct SourcePorts: Sendable {
    /// The commit the source's ref points at, or nil when there is no such ref.
    package var tip: @Sendable (_ name: String, GitSourceSpec) async throws -> CommitID?
    package var load: @Sendable (_ name: String, GitSourceSpec, CommitID) async throws -> LoadedRevision
    /// Whether a commit that was loaded follows an earlier one.
    package var follows: @Sendable (_ name: String, CommitID, _ earlier: CommitID) async throws -> Bool
    /// Judges the signatures that a commit needs by the source's policy; the base is what is in force.
    package var verify:
        @Sendable (_ name: String, GitSourceSpec, CommitID, _ base: CommitID?) async throws
            -> SourceVerification

    /// Ports of their closures.
    package init(
        tip: @escaping @Sendable (String, GitSourceSpec) async throws -> CommitID?,
        load: @escaping @Sendable (String, GitSourceSpec, CommitID) async throws -> LoadedRevision,
        follows: @escaping @Sendable (String, CommitID, CommitID) async throws -> Bool,
        verify:
            @escaping @Sendable (String, GitSourceSpec, CommitID, CommitID?) async throws
            -> SourceVerification
    ) {
        self.tip = tip
        self.load = load
        self.follows = follows
        self.verify = verify
    }
}

/// Who put a file into a repository, by the signature of the commit that did.
package enum Introducer: Sendable, Hashable {
    /// Somebody whom the source accepts: the fingerprint of their key, and their name.
    case signer(fingerprint: String, name: String)
    /// Nobody who counts, and why, to go on from "because".
    case nobody(why: String)
}

/// Who brought the file of that path into a source, looking back from a commit.
package typealias FindIntroducer =
    @Sendable (_ source: String, GitSourceSpec, _ path: String, CommitID) async throws -> Introducer

/// A rule's judgement inside a transaction that holds the run.
package typealias RunBody = @Sendable (Run, Pins, RuleContext) throws -> RunChange?

/// What the controllers need of the runs.
package struct RunPorts: Sendable {
    package var run: @Sendable (UID) async throws -> (run: Run, pins: Pins)?
    /// The run that a workflow, gate, task or escalation belongs to.
    package var owner: @Sendable (ObjectKey) async throws -> UID?
    /// Begins the run of a Workflow; the body is pure and may be called again.
    package var begin:
        @Sendable (UID, Pins, ClaimedKey, @escaping @Sendable (RuleContext) throws -> RunChange) async throws
            -> Void
    package var transact:
        @Sendable (_ workflow: UID, _ actor: String, _ decision: ObjectKey?, ClaimedKey?, @escaping RunBody)
            async throws
            -> Void
    package var digest: @Sendable ([UInt8]) -> Digest

    /// Ports of their closures.
    package init(
        run: @escaping @Sendable (UID) async throws -> (run: Run, pins: Pins)?,
        owner: @escaping @Sendable (ObjectKey) async throws -> UID?,
        begin:
            @escaping @Sendable (
                UID, Pins, ClaimedKey, @escaping @Sendable (RuleContext) throws -> RunChange
            ) async throws -> Void,
        transact:
            @escaping @Sendable (UID, String, ObjectKey?, ClaimedKey?, @escaping RunBody) async throws
            -> Void,
        digest: @escaping @Sendable ([UInt8]) -> Digest
    ) {
        self.run = run
        self.owner = owner
        self.begin = begin
        self.transact = transact
        self.digest = digest
    }
}

/// What the loop needs of the key queue.
package struct QueuePorts: Sendable {
    package var claim: @Sendable () async throws -> ClaimedKey?
    /// How long until a key can be claimed without anything being committed; nil when there is none.
    package var nextDue: @Sendable () async throws -> Duration?
    package var renew: @Sendable (ClaimedKey) async throws -> Void
    /// Waits for a fraction of the lease; false when it was cancelled.
    package var pauseBeforeRenewal: @Sendable () async -> Bool
    /// Waits until a key is marked again by somebody who must not wait; false when it was cancelled.
    ///
    /// What fails is asked again at once, so it waits before it asks the store.
    package var waitUntilOvertaken: @Sendable (ClaimedKey) async throws -> Bool
    package var finish: @Sendable (ClaimedKey) async throws -> Void
    package var release: @Sendable (ClaimedKey, _ after: Duration, _ end: LookEnd) async throws -> Void
    /// A ticket to take before looking, so that nothing is missed between looking and waiting.
    package var ticket: @Sendable () -> UInt64
    /// Waits until something was committed after the ticket was taken, or for the given time.
    package var wait: @Sendable (_ ticket: UInt64, Duration) async -> Void

    /// Ports of their closures.
    package init(
        claim: @escaping @Sendable () async throws -> ClaimedKey?,
        nextDue: @escaping @Sendable () async throws -> Duration?,
        renew: @escaping @Sendable (ClaimedKey) async throws -> Void,
        pauseBeforeRenewal: @escaping @Sendable () async -> Bool,
        waitUntilOvertaken: @escaping @Sendable (ClaimedKey) async throws -> Bool,
        finish: @escaping @Sendable (ClaimedKey) async throws -> Void,
        release: @escaping @Sendable (ClaimedKey, Duration, LookEnd) async throws -> Void,
        ticket: @escaping @Sendable () -> UInt64,
        wait: @escaping @Sendable (UInt64, Duration) async -> Void
    ) {
        self.claim = claim
        self.nextDue = nextDue
        self.renew = renew
        self.pauseBeforeRenewal = pauseBeforeRenewal
        self.waitUntilOvertaken = waitUntilOvertaken
        self.finish = finish
        self.release = release
        self.ticket = ticket
        self.wait = wait
    }
}
