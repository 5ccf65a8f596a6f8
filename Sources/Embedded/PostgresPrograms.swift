internal import Domain

/// The programs of one major version of the database server.
struct PostgresPrograms: Sendable, Equatable {
    let major: Int
    /// Where `postgres`, `initdb` and `pg_isready` are.
    let folder: String

    /// The newest version, or the one that made the data folder when there is one already.
    ///
    /// `root` is a folder with one folder for each major version, as Debian lays them out. A link on PATH is
    /// not looked at: it may lead to another version than the one that made the data.
    /// - Throws: `Failure.notFound` when there is no server, `unsupported` when there is none of the data's
    ///   version.
    static func find(root: String, dataFolder: String) throws -> PostgresPrograms {
        let found = FileSystem.names(in: root).compactMap { name -> PostgresPrograms? in
            let folder = "\(root)/\(name)/bin"
            guard let major = Int(name), FileSystem.isExecutable(folder + "/postgres"),
                FileSystem.isExecutable(folder + "/initdb"), FileSystem.isExecutable(folder + "/pg_isready")
            else { return nil }
            return PostgresPrograms(major: major, folder: folder)
        }
        guard let newest = found.max(by: { $0.major < $1.major }) else {
            throw Failure(
                .notFound,
                "There is no PostgreSQL server under \(root); install it (Debian: apt install postgresql)"
            )
        }
        guard let version = FileSystem.text(dataFolder + "/PG_VERSION") else { return newest }
        let major = version.prefix { $0.isNumber }
        if let same = found.first(where: { String($0.major) == major }) { return same }
        throw Failure(
            .unsupported,
            "The data in \(dataFolder) was made by PostgreSQL \(major), but only PostgreSQL "
                + found.map { "\($0.major)" }.joined(separator: ", ")
                + " is installed; install postgresql-\(major), migrate with pg_upgrade, or use another "
                + "--state"
        )
    }
}
