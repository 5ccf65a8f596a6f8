internal import CGit2
internal import Domain
internal import Threads

/// The ref of a mirror that points at what was fetched last.
///
/// It keeps the commit reachable and tells the remote next time what is here already. One name for all, so
/// that branches `a` and `a/b` cannot be in each other's way.
let fetchedReference = "refs/agirunner/source"

/// Does what the fetch child is asked; blocks on the network for as long as the remote likes.
func fetchReply(to request: FetchRequest) -> FetchReply {
    do {
        if case .key(_, let lines) = request.credential {
            try KnownHosts(lines: lines, besideMirror: request.directory).becomeHome()
        }
        try requireKey(request)
        try initialise()
        let commit =
            switch request.operation {
            case .tip: try remoteTip(request)
            case .fetch: try fetch(request)
            }
        return .commit(commit)
    } catch {
        let failure = error as? Failure ?? Failure(.internal, "The fetch failed: \(error)")
        return .failure(
            Failure(
                failure.code,
                request.redacting(failure.message),
                outside: failure.outside,
                reason: failure.reason
            )
        )
    }
}

/// Without a key nothing can be had over SSH, and libgit2 would say so in words that help nobody.
private func requireKey(_ request: FetchRequest) throws {
    if case .key = request.credential { return }
    guard request.url.transport == .ssh else { return }
    throw Failure(
        .unauthenticated,
        "\(request.url): an ssh URL needs secretRef, whose secret holds a private key and the known hosts"
    )
}

private func remoteTip(_ request: FetchRequest) throws -> CommitID {
    let remote = try RemoteHandle(url: request.url, credential: request.credential)
    try connect(remote, request)
    return CommitID(try advertisedTip(of: remote, request))
}

private func fetch(_ request: FetchRequest) throws -> CommitID {
    let folder = MirrorFolder(path: request.directory)
    let lock = try folder.lock()
    defer { withExtendedLifetime(lock) {} }
    if request.startsAnew { try folder.remove() }
    folder.removeLeftovers()
    do {
        return try fetch(request, into: folder.openOrMake())
    } catch let failure as Failure where failure.code == .corrupted && !request.startsAnew {
        // The mirror is only a cache: damage is met by fetching everything once more.
        try folder.remove()
        return try fetch(request, into: folder.openOrMake())
    }
}

private func fetch(_ request: FetchRequest, into mirror: borrowing RepositoryHandle) throws -> CommitID {
    guard let name = try request.reference.fullName() else { return try fetchCommit(request, into: mirror) }
    let refspec = "+\(name):\(fetchedReference)"
    let remote = try RemoteHandle(
        url: request.url,
        credential: request.credential,
        refspec: refspec,
        into: mirror
    )
    try connect(remote, request)
    let advertised = try advertisedTip(of: remote, request)
    try explaining(request) { () throws(Failure) in try remote.download(allTags: false) }
    return try keep(CommitID(advertised), request, in: mirror)
}

/// Not every server sends a commit by its id, so all branches and tags are fetched until the commit is here.
private func fetchCommit(_ request: FetchRequest, into mirror: borrowing RepositoryHandle) throws -> CommitID
{
    guard case .commit(let id) = request.reference else { throw Failure(.internal, "no commit is asked for") }
    if try !mirror.has(id) {
        let remote = try RemoteHandle(
            url: request.url,
            credential: request.credential,
            refspec: "+refs/heads/*:\(fetchedReference)/*",
            into: mirror
        )
        try connect(remote, request)
        try explaining(request) { () throws(Failure) in try remote.download(allTags: true) }
    }
    guard try mirror.has(id) else { throw request.reference.missing(in: "\(request.url)", among: []) }
    return try keep(id, request, in: mirror)
}

private func connect(_ remote: borrowing RemoteHandle, _ request: FetchRequest) throws(Failure) {
    try explaining(request) { () throws(Failure) in try remote.connect() }
}

/// The id of what is wanted: for an annotated tag the commit, where the remote says it.
private func advertisedTip(
    of remote: borrowing RemoteHandle,
    _ request: FetchRequest
) throws(Failure) -> String {
    let advertised = try remote.advertised()
    guard let name = try request.reference.fullName(), let id = advertised["\(name)^{}"] ?? advertised[name]
    else {
        throw request.reference.missing(in: "\(request.url)", among: advertised.keys)
    }
    return id
}

/// Makes sure that the mirror has the commit and will keep it.
private func keep(
    _ id: CommitID,
    _ request: FetchRequest,
    in mirror: borrowing RepositoryHandle
) throws(Failure) -> CommitID {
    guard try mirror.has(id) else {
        throw Failure(.invalid, "\(request.reference) of \(request.url) must lead to a commit")
    }
    try mirror.setReference(fetchedReference, to: git_oid(text: id.text))
    return id
}

/// Runs a call on the remote; its failure says which remote it was and what to do.
private func explaining(_ request: FetchRequest, _ call: () throws(Failure) -> Void) throws(Failure) {
    do {
        try call()
    } catch {
        // What was refused here has its advice already.
        if let reason = error.reason {
            throw Failure(error.code, "\(request.url): \(error.message)", reason: reason)
        }
        let advice =
            switch error.code {
            case .unauthenticated where request.credential != nil: "the credentials were not accepted"
            case .unauthenticated: "the remote wants credentials or its certificate is not trusted"
            case .forbidden: "the credentials do not allow reading this repository"
            case .notFound: "there is no such repository, or it is not shown without credentials"
            case .unavailable: "the remote cannot be reached; it will be tried again"
            case .corrupted: "what it sent, or the mirror of it, is damaged"
            default: "it cannot be fetched"
            }
        throw Failure(
            error.code,
            "\(request.url): \(advice) (\(error.message))",
            outside: error.outside,
            reason: error.code == .notFound ? "repository_missing" : nil
        )
    }
}
